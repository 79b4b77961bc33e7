#include "config/table.hpp"

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "config/kinds.hpp"

namespace pulse2::config {

namespace {

constexpr int k_max = std::numeric_limits<int>::max();
constexpr std::string_view k_host_expected = "a host name or an address";

OptionRule ours(OptionRule rule) {
  rule.ours = true;
  return rule;
}

/// A running server can't follow a change.
OptionRule at_restart(OptionRule rule) {
  rule.at_restart = true;
  return rule;
}

OptionRule mandatory(OptionRule rule) {
  rule.mandatory = true;
  rule.default_text.clear();
  return rule;
}

OptionRule secret_option(OptionRule rule) {
  rule.secret = true;
  return rule;
}

OptionRule forgiving(OptionRule rule) {
  rule.forgiving = true;
  return rule;
}

OptionRule also(OptionRule rule, Spelling spelling) {
  rule.spellings.push_back(spelling);
  return rule;
}

/// Where the default depends on something else: what the documentation says instead of it.
OptionRule default_is(OptionRule rule, std::string shown) {
  rule.default_text = std::move(shown);
  return rule;
}

/// A value without white space: host names, users, file names.
Kind<std::string> token(std::string_view expected, bool may_be_empty = false) {
  auto kind = text(std::string(expected), may_be_empty);
  kind.read = [may_be_empty](std::string& value, const std::string& written) {
    const std::size_t count = base::split_words(written).size();
    if (count > 1 || (count == 0 && !may_be_empty)) return false;
    value = written;
    return true;
  };
  return kind;
}

/// A section that is always there.
template <class Section>
SectionRule single(std::string_view name, std::string_view meaning, Section Settings::*member,
                   std::vector<OptionRule> options) {
  SectionRule rule;
  rule.name = name;
  rule.meaning = meaning;
  rule.options = std::move(options);
  rule.open = [member](Settings& settings, const std::string&) -> void* {
    return &(settings.*member);
  };
  rule.all = [member, name](const Settings& settings) {
    return std::vector<std::pair<std::string, const void*>>{
        {std::string(name), &(settings.*member)}};
  };
  return rule;
}

/// A section that turns something on by being there.
template <class Section>
SectionRule optional_section(std::string_view name, std::string_view meaning,
                             std::optional<Section> Settings::*member,
                             std::vector<OptionRule> options) {
  SectionRule rule;
  rule.name = name;
  rule.meaning = meaning;
  rule.options = std::move(options);
  rule.open = [member](Settings& settings, const std::string&) -> void* {
    auto& section = settings.*member;
    if (!section) section.emplace();
    return &*section;
  };
  rule.all = [member, name](const Settings& settings) {
    std::vector<std::pair<std::string, const void*>> found;
    if (settings.*member) found.emplace_back(std::string(name), &*(settings.*member));
    return found;
  };
  return rule;
}

/// A section that may be there any number of times, as `name:XX`.
template <class Section>
SectionRule numbered(std::string_view name, std::string_view meaning,
                     std::vector<Section> Settings::*member, std::vector<OptionRule> options) {
  SectionRule rule;
  rule.name = name;
  rule.meaning = meaning;
  rule.numbered = true;
  rule.options = std::move(options);
  rule.open = [member](Settings& settings, const std::string& full_name) -> void* {
    auto& section = (settings.*member).emplace_back();
    section.name = full_name;
    return &section;
  };
  rule.all = [member](const Settings& settings) {
    std::vector<std::pair<std::string, const void*>> found;
    for (const auto& section : settings.*member)
      found.emplace_back(section.name, &section);
    return found;
  };
  return rule;
}

std::vector<OptionRule> listening_options() {
  return {
      at_restart(also(option("host", &Main::host, token(k_host_expected, true),
                             "address to listen on; empty, `0.0.0.0` or `::`: all"),
                      {"bind", true})),
      at_restart(
          option("port", &Main::port, port(),
                 "TCP port; clients of deployed systems use 9990, which the shipped file sets")),
      default_is(option("public_ip", &Main::public_ip, token(k_host_expected, true),
                        "host name or address in the URLs given to clients"),
                 "the value of `host`"),
      option("use_iocp_reactor", &Main::use_iocp_reactor, boolean(),
             "of Windows; accepted without effect elsewhere"),
  };
}

std::vector<OptionRule> detection_options() {
  return {
      option("package_detect_activate", &Main::package_detect_activate, optional_boolean(),
             "look for new and changed packages; when not written, on as soon as a "
             "`tmp_input_dir` is"),
      option("package_detect_loop", &Main::package_detect_loop, number(1, k_max),
             "seconds between two rounds of detection"),
      option("package_detect_smart_method", &Main::package_detect_smart_method, smart_methods(),
             "how a package that is still being copied is told from a complete one"),
      option("package_detect_smart_time", &Main::package_detect_smart_time, number(0, k_max),
             "seconds without modification before `last_time_modification` holds a package for "
             "complete"),
  };
}

std::vector<OptionRule> mirroring_options() {
  const std::string arguments = "arguments, separated by spaces";
  return {
      option("package_mirror_loop", &Main::package_mirror_loop, number(1, k_max),
             "seconds between two rounds of per-package mirroring"),
      option("package_mirror_target", &Main::package_mirror_target,
             words("targets, separated by spaces"), "where packages are mirrored; empty: nowhere"),
      option("package_mirror_status_file", &Main::package_mirror_status_file, path(),
             "where pending synchronisations are kept"),
      option("package_mirror_command", &Main::package_mirror_command, text("a program"),
             "program that synchronises"),
      option("package_mirror_command_options", &Main::package_mirror_command_options,
             words(arguments), "its arguments"),
      option("package_mirror_level0_command_options", &Main::package_mirror_level0_command_options,
             words(arguments), "its arguments for one level, after the deletion of a package"),
      option("package_mirror_command_options_ssh_options",
             &Main::package_mirror_command_options_ssh_options, ssh_options(),
             "options of ssh; when set, `--rsh` is added with `-o` before each"),
      option("package_global_mirror_activate", &Main::package_global_mirror_activate, boolean(),
             "synchronise whole trees from time to time (only with targets)"),
      option("package_global_mirror_loop", &Main::package_global_mirror_loop, number(1, k_max),
             "seconds between two of these"),
      option("package_global_mirror_command_options", &Main::package_global_mirror_command_options,
             words(arguments), "arguments for these"),
      ours(option("package_mirror_hold", &Main::package_mirror_hold, mirror_hold(),
                  "for how many targets a package is held back until they have it")),
      ours(option("package_mirror_hold_warning", &Main::package_mirror_hold_warning,
                  number(0, k_max),
                  "seconds after which a package that is still held back is reported; 0: never")),
      ours(option("package_mirror_processes", &Main::package_mirror_processes, number(0, 1000),
                  "programs that run at the same time; 0: one for each target, at least four")),
      ours(option("package_mirror_idle_limit", &Main::package_mirror_idle_limit, number(0, 86400),
                  "seconds without progress after which a program is ended; 0: never")),
      ours(option("package_mirror_partial_dir", &Main::package_mirror_partial_dir,
                  token("a folder's name", true),
                  "`--partial-dir` of rsync: where it keeps what an interrupted run leaves "
                  "unfinished, to go on from there; empty: it begins such files afresh")),
      ours(option("package_mirror_verify_loop", &Main::package_mirror_verify_loop, number(0, k_max),
                  "seconds between two comparisons of all contents with every target; 0: only on "
                  "SIGUSR2")),
      ours(option("package_mirror_bandwidth", &Main::package_mirror_bandwidth, rates_of_targets(),
                  "`--bwlimit` of rsync: what one run may send; empty: no limit")),
      ours(option("package_mirror_windows", &Main::package_mirror_windows, windows_of_targets(),
                  "when runs may begin, local time; empty: always")),
  };
}

std::vector<OptionRule> package_options() {
  return {
      option("real_package_deletion", &Main::real_package_deletion, boolean(),
             "1: dropPackage removes the folder; 0: it renames conf.xml to conf.xml.rem"),
      forgiving(option("mm_assign_algo", &Main::mm_assign_algo,
                       one_of<MirrorAlgorithm>({{"default", MirrorAlgorithm::standard},
                                                {"multi_site", MirrorAlgorithm::multi_site},
                                                {"terminal_type", MirrorAlgorithm::terminal_type}}),
                       "how machines are given to mirrors; an unknown name is a warning, and "
                       "`default` counts")),
      forgiving(option("up_assign_algo", &Main::up_assign_algo,
                       one_of<UserAlgorithm>({{"default", UserAlgorithm::standard}}),
                       "how users are given to package_api_put mounts; an unknown name is a "
                       "warning, and `default` counts")),
      option("tmp_input_dir", &Main::tmp_input_dir, path(true),
             "for `package_api_put` sections without their own"),
      ours(at_restart(
          option("state_dir", &Main::state_dir, path(), "folder of the server's databases"))),
      ours(at_restart(option("hash_threads", &Main::hash_threads, number(0, 1024),
                             "threads that compute checksums; 0: as many as fit the machine"))),
      ours(option("package_vanish_limit", &Main::package_vanish_limit, number(1, 100),
                  "per cent of a tree (at least 5 packages) that may vanish in one round before "
                  "the tree is taken for unmounted")),
      ours(option("free_space_reserve", &Main::free_space_reserve, reserve(),
                  "free space below which uploads are refused: the smaller of the two figures")),
  };
}

SectionRule main_section() {
  std::vector<OptionRule> options;
  for (auto part :
       {listening_options(), detection_options(), mirroring_options(), package_options()}) {
    options.insert(options.end(), part.begin(), part.end());
  }
  SectionRule rule = single("main", "Common directives. The section must be there.",
                            &Settings::main, std::move(options));
  rule.mandatory = true;
  return rule;
}

SectionRule daemon_section() {
  return single(
      "daemon", "How the server runs as a daemon.", &Settings::daemon,
      {at_restart(option("pidfile", &Daemon::pidfile, path(), "file that holds the process id")),
       at_restart(
           option("user", &Daemon::user, token("a user's name or number"), "user to run as")),
       at_restart(
           option("group", &Daemon::group, token("a group's name or number"), "group to run as")),
       option("umask", &Daemon::umask, octal(), "rights that new files do not get"),
       ours(at_restart(option("core_dumps", &Daemon::core_dumps, boolean(),
                              "1: a crash may leave a core dump, which holds passwords and "
                              "private keys"))),
       ours(option("drain_time", &Daemon::drain_time, number(0, 86400),
                   "seconds that running requests get to finish when the server ends; a second "
                   "signal ends them at once"))});
}

/// The options that [ssl] and [mmc_agent] have in common.
template <class Section>
std::vector<OptionRule> tls_options(std::string_view enable_meaning,
                                    std::string_view verify_meaning) {
  return {option("enablessl", &Section::enablessl, boolean(), enable_meaning),
          option("verifypeer", &Section::verifypeer, boolean(), verify_meaning),
          also(option("cacert", &Section::cacert, path(),
                      "verifypeer = 0: our certificate; 1: certificate of the authority"),
               {"certfile", false}),
          also(option("localcert", &Section::localcert, path(),
                      "verifypeer = 0: our private key; 1: certificate and private key"),
               {"privkey", false})};
}

SectionRule ssl_section() {
  std::vector<OptionRule> options = {
      option("username", &Ssl::username, text("a user's name", true),
             "when set, the APIs ask for HTTP Basic credentials (see `[http] authenticate`)"),
      secret_option(option("password", &Ssl::password, secret(), "plain or `{base64}…`"))};
  auto tls = tls_options<Ssl>("1: HTTPS, 0: HTTP",
                              "1: only clients with a certificate of `cacert` are served");
  tls.front().at_restart = true;
  options.insert(options.end(), tls.begin(), tls.end());
  options.push_back(ours(option("ciphers", &Ssl::ciphers, text("a list as OpenSSL writes it", true),
                                "for TLS 1.2; empty: those with forward secrecy and authenticated "
                                "encryption (TLS 1.3 has no others, older versions are refused)")));
  return single("ssl", "Credentials and encryption.", &Settings::ssl, std::move(options));
}

SectionRule mmc_agent_section() {
  std::vector<OptionRule> options = {
      option("host", &MmcAgent::host, token(k_host_expected), "host of the agent"),
      option("port", &MmcAgent::port, port(), "its port"),
      option("username", &MmcAgent::username, text("a user's name", true), "user at the agent"),
      secret_option(option("password", &MmcAgent::password, secret(), "plain or `{base64}…`"))};
  auto tls = tls_options<MmcAgent>("1: HTTPS, 0: HTTP", "1: the agent's certificate is verified");
  options.insert(options.end(), tls.begin(), tls.end());
  for (auto& limit : {option("connect_timeout", &MmcAgent::connect_timeout, number(1, 3600),
                             "seconds until a connection to the agent stands"),
                      option("answer_timeout", &MmcAgent::answer_timeout, number(1, 86400),
                             "seconds until an answer of the agent is complete"),
                      option("max_connections", &MmcAgent::max_connections, number(1, 1000),
                             "calls to the agent at the same time; more wait for their turn")}) {
    options.push_back(ours(limit));
  }
  for (auto& rule : options)
    rule.at_restart = true;
  return single("mmc_agent", "The MMC agent, which the imaging API calls.", &Settings::mmc_agent,
                std::move(options));
}

SectionRule user_package_api_section() {
  SectionRule rule = optional_section(
      "user_package_api", "Gives users package APIs to edit packages with.",
      &Settings::user_package_api,
      {option("mount_point", &UserPackageApi::mount_point, mount_point(), "URL path of the API")});
  rule.spellings.push_back({"user_packageapi_api", false});
  return rule;
}

std::vector<SectionRule> serving_sections() {
  return {
      optional_section(
          "mirror_api", "Gives machines their mirrors and package APIs.", &Settings::mirror_api,
          {option("mount_point", &MirrorApi::mount_point, mount_point(), "URL path of the API")}),
      user_package_api_section(),
      optional_section(
          "scheduler_api", "Gives machines their scheduler.", &Settings::scheduler_api,
          {option("mount_point", &SchedulerApi::mount_point, mount_point(), "URL path of the API"),
           option("schedulers", &SchedulerApi::schedulers,
                  words("URLs or names, separated by spaces", false), "the schedulers")}),
      numbered("mirror:", "A package tree for download.", &Settings::mirrors,
               {mandatory(option("mount_point", &Mirror::mount_point, mount_point(),
                                 "URL path; the files are at `<mount point>_files`")),
                mandatory(option("src", &Mirror::src, path(), "root of the package tree")),
                option("mirror", &Mirror::mirror, url(),
                       "URL that replaces this server's own in file URLs")}),
      numbered("package_api_get:", "Shows the packages of a tree.", &Settings::package_api_gets,
               {mandatory(option("mount_point", &PackageApiGet::mount_point, mount_point(),
                                 "URL path of the API")),
                mandatory(option("src", &PackageApiGet::src, path(), "root of the package tree"))}),
      numbered(
          "package_api_put:", "Shows and edits the packages of a tree.",
          &Settings::package_api_puts,
          {option("mount_point", &PackageApiPut::mount_point, mount_point(), "URL path of the API"),
           mandatory(option("src", &PackageApiPut::src, path(), "root of the package tree")),
           default_is(option("tmp_input_dir", &PackageApiPut::tmp_input_dir, path(true),
                             "where packages to be taken over are put"),
                      "the value in `[main]`")}),
  };
}

std::vector<OptionRule> imaging_folder_options() {
  const std::string folder = "a folder, absolute or relative to base_folder";
  const auto file_in = [](const std::string& where) { return "a file name in " + where; };
  using Api = ImagingApi;
  return {
      option("base_folder", &Api::base_folder, path(), "base of the relative folders below"),
      option("bootloader_folder", &Api::bootloader_folder, text(folder),
             "boot loader and splash screen"),
      option("cdrom_bootloader", &Api::cdrom_bootloader, text(file_in("bootloader_folder")),
             "boot loader of restoration discs"),
      option("bootsplash_file", &Api::bootsplash_file, text(file_in("bootloader_folder")),
             "background of the menus, XPM"),
      option("bootmenus_folder", &Api::bootmenus_folder, text(folder), "generated boot menus"),
      option("diskless_folder", &Api::diskless_folder, text(folder), "kernel, initrd and tools"),
      option("diskless_kernel", &Api::diskless_kernel, text(file_in("diskless_folder")), "kernel"),
      option("diskless_initrd", &Api::diskless_initrd, text(file_in("diskless_folder")), "initrd"),
      option("diskless_initrdcd", &Api::diskless_initrdcd, text(file_in("diskless_folder")),
             "what is added to the initrd of discs"),
      option("diskless_memtest", &Api::diskless_memtest, text(file_in("diskless_folder")),
             "memory test"),
      option("diskless_dban", &Api::diskless_dban, text(file_in("diskless_folder")), "disk eraser"),
      option("inventories_folder", &Api::inventories_folder, text(folder), "inventories"),
      option("computers_folder", &Api::computers_folder, text(folder), "data of the computers"),
      option("masters_folder", &Api::masters_folder, text(folder), "images"),
      option("postinst_folder", &Api::postinst_folder, text(folder), "post-installation tools"),
      option("archives_folder", &Api::archives_folder, text(folder),
             "data of unregistered computers"),
      option("isos_folder", &Api::isos_folder, text(folder), "generated ISO images"),
      option("isogen_tool", &Api::isogen_tool, text("a program"),
             "ISO generator; when it is absent, `genisoimage` or `xorrisofs` is used"),
  };
}

std::vector<OptionRule> imaging_service_options() {
  using Api = ImagingApi;
  const std::string file = "a file, absolute or relative to base_folder";
  return {
      option("rpc_replay_file", &Api::rpc_replay_file, text(file),
             "calls to the MMC agent that wait to be sent again"),
      option("rpc_loop_timer", &Api::rpc_loop_timer, number(1, k_max),
             "seconds between two rounds of sending again"),
      option("rpc_count", &Api::rpc_count, number(1, k_max), "calls in a round"),
      option("rpc_interval", &Api::rpc_interval, number(0, k_max), "seconds between two calls"),
      option("uuid_cache_file", &Api::uuid_cache_file, text(file), "known MACs and UUIDs"),
      option("uuid_cache_lifetime", &Api::uuid_cache_lifetime, number(0, k_max),
             "seconds that an entry of it is believed"),
      option("pxe_port", &Api::pxe_port, port(), "UDP and TCP port for PXE clients"),
      option("inventory_host", &Api::inventory_host, token(k_host_expected),
             "where inventories of PXE clients are forwarded"),
      option("inventory_port", &Api::inventory_port, port(), "its port"),
      option("inventory_enablessl", &Api::inventory_enablessl, boolean(), "1: HTTPS, 0: HTTP"),
      option("glpi_mode", &Api::glpi_mode, boolean(),
             "send a minimal inventory before a computer is registered"),
      ours(option("pxe_max_calls", &Api::pxe_max_calls, number(16, 1'000'000),
                  "calls of PXE clients under way at the same time, at most half of them from one "
                  "address (IPv6: from one network of 64 bits); further ones are not answered, and "
                  "clients repeat them")),
      ours(option("pxe_max_connections", &Api::pxe_max_connections, number(1, 100'000),
                  "TCP connections of PXE clients; a further one closes the one that has been idle "
                  "for longest")),
      ours(option("pxe_idle_timeout", &Api::pxe_idle_timeout, number(1, 86400),
                  "seconds from the end of a call over TCP to the end of the next one")),
      ours(option("inventory_queue_size", &Api::inventory_queue_size, size(k_kib),
                  "memory for inventories that wait because the inventory server is away; the "
                  "oldest ones are given up")),
  };
}

SectionRule imaging_api_section() {
  std::vector<OptionRule> options = {
      option("mount_point", &ImagingApi::mount_point, mount_point(), "URL path of the API"),
      default_is(option("uuid", &ImagingApi::uuid, uuid(),
                        "this server's UUID; without it there is no imaging"),
                 "")};
  for (auto part : {imaging_folder_options(), imaging_service_options()}) {
    options.insert(options.end(), part.begin(), part.end());
  }
  // The service keeps the folders that it began with; only where it answers can change.
  for (auto rule = options.begin() + 1; rule != options.end(); ++rule)
    rule->at_restart = true;
  return optional_section("imaging_api", "Images of whole computers. Active when `uuid` is set.",
                          &Settings::imaging_api, std::move(options));
}

SectionRule tftp_section() {
  return single(
      "tftp", "The TFTP server for boot files. It serves folders of `[imaging_api]`.",
      &Settings::tftp,
      {at_restart(option("enabled", &Tftp::enabled, boolean(), "turns it on")),
       at_restart(option("port", &Tftp::port, port(), "UDP port")),
       option("timeout", &Tftp::timeout, number(1, 255),
              "seconds until a packet that is not acknowledged is sent again, growing up to 8; a "
              "client may ask for others"),
       option("retries", &Tftp::retries, number(0, 100),
              "how often it is sent again before the client is given up"),
       option("max_block_size", &Tftp::max_block_size, number(8, 65464),
              "bytes in a packet that a client may ask for"),
       option("max_window_size", &Tftp::max_window_size, number(1, 65535),
              "packets that a client may ask for at a time, together at most 1 MiB"),
       option("max_transfers", &Tftp::max_transfers, number(1, k_max),
              "transfers at the same time; further requests are not answered, and clients repeat "
              "them"),
       option("max_transfers_per_address", &Tftp::max_transfers_per_address, number(1, k_max),
              "of these, to one address"),
       at_restart(option("cache_size", &Tftp::cache_size, size(0),
                         "memory that keeps the files in use, shared by all transfers"))});
}

std::vector<SectionRule> own_sections() {
  SectionRule http = single(
      "http", "Limits and rules of the HTTP server.", &Settings::http,
      {at_restart(option("io_threads", &Http::io_threads, number(0, 1024),
                         "threads that serve connections; 0: one for each processor")),
       option("max_connections", &Http::max_connections, number(1, k_max),
              "connections at the same time; further clients get 503 with `Retry-After`"),
       option("max_connections_per_address", &Http::max_connections_per_address, number(1, k_max),
              "of these, from one address (IPv6: from one network of `ipv6_client_prefix` bits)"),
       option(
           "ipv6_client_prefix", &Http::ipv6_client_prefix, number(16, 128),
           "leading bits by which IPv6 clients are told apart: 64 is the network that one client "
           "may have all addresses of; 128 counts each address, as is right when the clients "
           "share a network"),
       option("max_request_head", &Http::max_request_head, size(k_kib), "request line and headers"),
       option("max_request_body", &Http::max_request_body, size(k_kib), "body of a request"),
       option("max_upload_body", &Http::max_upload_body, size(k_kib),
              "body of a request to a mount point with a `package_api_put`"),
       option("idle_timeout", &Http::idle_timeout, number(1, 86400),
              "seconds without any progress after which a connection is closed; four times as many "
              "for answers that a client does not take: a download that moves is never cut"),
       option("head_timeout", &Http::head_timeout, number(1, 86400),
              "seconds from the first byte of a request's head to its last"),
       option("min_upload_rate", &Http::min_upload_rate, rate(),
              "bytes a second that the body of a request must reach on average, after the first "
              "`idle_timeout` seconds"),
       option("max_download_rate", &Http::max_download_rate, rate(),
              "bytes a second of files and long lists, for all clients together"),
       option("max_download_rate_per_address", &Http::max_download_rate_per_address, rate(),
              "bytes a second of files and long lists, for all connections of one address (IPv6: "
              "one network)"),
       option("authenticate", &Http::authenticate,
              one_of<Authenticate>({{"apis", Authenticate::apis},
                                    {"all", Authenticate::all},
                                    {"none", Authenticate::none}}),
              "what asks for the credentials of `[ssl]`: the APIs except mirrors, everything or "
              "nothing"),
       option("write_from", &Http::write_from, networks(),
              "from where packages and images may be changed: other addresses get 403 for the "
              "methods that `package_api_put` adds, and for those of the imaging API that change "
              "something; empty: from everywhere"),
       option("follow_links_to", &Http::follow_links_to, paths(),
              "folders outside of the package trees that symbolic links may lead to")});
  SectionRule log =
      single("log", "Logs beside those of the logging sections.", &Settings::log,
             {option("access_log", &Log::access_log, path(true),
                     "file with a line for each request; empty: none"),
              option("access_format", &Log::access_format,
                     one_of<AccessFormat>(
                         {{"combined", AccessFormat::combined}, {"json", AccessFormat::json}}),
                     "its lines: the combined format of Apache and nginx, or JSON objects"),
              option("json_log", &Log::json_log, path(true),
                     "file with a JSON object for each message; empty: none")});
  std::vector<SectionRule> sections = {std::move(http), std::move(log), tftp_section()};
  for (auto& section : sections) {
    for (auto& rule : section.options)
      rule.ours = true;
  }
  return sections;
}

OptionRule raw(std::string_view name, std::string_view meaning, std::string expected = {}) {
  OptionRule rule;
  rule.name = name;
  rule.meaning = meaning;
  rule.expected = std::move(expected);
  return rule;
}

SectionRule logging_section(std::string_view name, std::string_view meaning,
                            std::vector<OptionRule> options) {
  SectionRule rule;
  rule.name = name;
  rule.meaning = meaning;
  rule.logging = true;
  rule.numbered = name.ends_with('_');
  rule.options = std::move(options);
  rule.all = [](const Settings&) { return std::vector<std::pair<std::string, const void*>>{}; };
  return rule;
}

std::vector<SectionRule> logging_sections() {
  return {
      logging_section("loggers", "Which loggers there are: `root` and `imaging` are used.",
                      {raw("keys", "names, separated by commas")}),
      logging_section("handlers", "Which handlers there are.",
                      {raw("keys", "names, separated by commas")}),
      logging_section("formatters", "Which formatters there are.",
                      {raw("keys", "names, separated by commas")}),
      logging_section("logger_", "What a logger passes to which handlers.",
                      {raw("level", "NOTSET, DEBUG, INFO, WARNING, ERROR or CRITICAL"),
                       raw("handlers", "names, separated by commas"),
                       raw("propagate", "1: the handlers of `root` get the messages too"),
                       raw("qualname", "name of the logger, `imaging`")}),
      logging_section("handler_", "Where messages go.",
                      {raw("class",
                           "StreamHandler, FileHandler, handlers.RotatingFileHandler, "
                           "handlers.TimedRotatingFileHandler, handlers.WatchedFileHandler, "
                           "handlers.SysLogHandler or handlers.NTEventLogHandler"),
                       raw("level", "least level"), raw("formatter", "a name"),
                       raw("args", "arguments of the class, as a Python tuple")}),
      logging_section(
          "formatter_", "What a line looks like.",
          {raw("format", "with the fields asctime, levelname, name, message, process, thread"),
           raw("datefmt", "of asctime, as strftime takes it"),
           raw("class", "accepted without effect")}),
  };
}

std::vector<SectionRule> make_rules() {
  std::vector<SectionRule> rules = {main_section(), daemon_section(), ssl_section()};
  const auto add = [&rules](std::vector<SectionRule> more) {
    for (auto& rule : more)
      rules.push_back(std::move(rule));
  };
  add(serving_sections());
  add({mmc_agent_section(), imaging_api_section()});
  add(own_sections());
  add(logging_sections());
  return rules;
}

}  // namespace

bool SectionRule::matches(std::string_view full_name) const {
  if (numbered) return full_name.size() > name.size() && full_name.starts_with(name);
  return full_name == name ||
         std::any_of(spellings.begin(), spellings.end(),
                     [&](const Spelling& spelling) { return spelling.name == full_name; });
}

const OptionRule* SectionRule::find(std::string_view option, bool* obsolete) const {
  for (const OptionRule& rule : options) {
    if (rule.name == option) return &rule;
    for (const Spelling& spelling : rule.spellings) {
      if (spelling.name != option) continue;
      if (obsolete != nullptr) *obsolete = spelling.obsolete;
      return &rule;
    }
  }
  return nullptr;
}

const std::vector<SectionRule>& section_rules() {
  static const std::vector<SectionRule> k_rules = make_rules();
  return k_rules;
}

const SectionRule* find_section(std::string_view full_name) {
  for (const SectionRule& rule : section_rules()) {
    if (rule.matches(full_name)) return &rule;
  }
  return nullptr;
}

}  // namespace pulse2::config
