#include "config/load.hpp"

#include <gmock/gmock.h>

namespace pulse2::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::vector<std::string> texts(const std::vector<Diagnostic>& list) {
  std::vector<std::string> all;
  for (const Diagnostic& diagnostic : list)
    all.push_back(diagnostic.to_text());
  return all;
}

std::vector<std::string> errors_of(const std::string& text) {
  return texts(load(text, "f.ini").errors);
}

std::vector<std::string> warnings_of(const std::string& text) {
  const Loaded loaded = load(text, "f.ini");
  EXPECT_THAT(texts(loaded.errors), IsEmpty());
  return texts(loaded.warnings);
}

/// Settings of a file without errors.
Settings settings_of(const std::string& text) {
  const Loaded loaded = load(text, "f.ini");
  EXPECT_THAT(texts(loaded.errors), IsEmpty());
  return loaded.settings;
}

TEST(Load, HasTheDefaultsOfTheSeed) {
  const Loaded loaded = load("[main]\n", "f.ini");
  EXPECT_TRUE(loaded.ok());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  const Settings& settings = loaded.settings;
  EXPECT_EQ(settings.main.host, "localhost");
  EXPECT_EQ(settings.main.port, 9999);
  EXPECT_EQ(settings.main.public_ip, "localhost");
  EXPECT_THAT(settings.main.package_mirror_command_options, ElementsAre("-ar", "--delete"));
  EXPECT_EQ(settings.daemon.umask, 0077U);
  EXPECT_TRUE(settings.ssl.enablessl);
  EXPECT_EQ(settings.mmc_agent.port, 7080);
  EXPECT_FALSE(settings.mirror_api);
  EXPECT_FALSE(settings.imaging_api);
  EXPECT_FALSE(settings.detection_active());
  EXPECT_EQ(settings.base_url(), "https://localhost:9999");
}

TEST(Load, NeedsTheMainSection) {
  EXPECT_THAT(errors_of(""), ElementsAre("f.ini: [main]: missing; the section must be there"));
}

TEST(Load, ListsTenMistakesAsTen) {
  const auto errors = errors_of(
      "[main]\n"
      "port = 70000\n"
      "package_detect_activate = maybe\n"
      "package_detect_smart_method = sometimes\n"
      "[daemon]\n"
      "umask = 0999\n"
      "[ssl]\n"
      "password = {rot13}frperg\n"
      "[mirror:01]\n"
      "mount_point = mirror1\n"
      "[mirror:02]\n"
      "mount_point = /m2\n"
      "src = relative\n"
      "[imaging_api]\n"
      "uuid = 123\n"
      "this line is nothing\n");
  EXPECT_THAT(
      errors,
      ElementsAre(
          "f.ini:2: [main] port = 70000: expected a number from 1 to 65535",
          "f.ini:3: [main] package_detect_activate = maybe: expected 1, yes, true, on or 0, no, "
          "false, off",
          HasSubstr("f.ini:4: [main] package_detect_smart_method = sometimes: expected `none`"),
          "f.ini:6: [daemon] umask = 0999: expected an octal number from 0 to 0777",
          HasSubstr("f.ini:8: [ssl] password = (hidden): expected a password"),
          "f.ini:9: [mirror:01] src: missing; expected an absolute path",
          HasSubstr("f.ini:10: [mirror:01] mount_point = mirror1: expected a URL path"),
          "f.ini:13: [mirror:02] src = relative: expected an absolute path",
          HasSubstr("f.ini:15: [imaging_api] uuid = 123: expected a UUID"),
          HasSubstr("f.ini:16: expected `option = value`")));
}

TEST(Load, NamesTheChoicesOfAnOption) {
  EXPECT_THAT(errors_of("[main]\n[http]\nauthenticate = some\n"),
              ElementsAre("f.ini:3: [http] authenticate = some: expected one of `apis`, `all`, "
                          "`none`"));
}

TEST(Load, TakesUrlsWithoutTheirLastSlash) {
  const std::string begin = "[main]\n[mirror:01]\nmount_point = /m\nsrc = /s\nmirror = ";
  const Loaded loaded = load(begin + "https://cdn.example:444/x/\n", "f.ini");
  EXPECT_EQ(loaded.settings.mirrors.at(0).mirror, "https://cdn.example:444/x");
  for (const char* wrong : {"http://", "https:///x", "ftp://host/x", "cdn.example"})
    EXPECT_EQ(errors_of(begin + wrong + "\n").size(), 1U) << wrong;
}

TEST(Load, TakesTheDefaultForUnknownAlgorithms) {
  const Loaded loaded = load("[main]\nmm_assign_algo = best\nup_assign_algo = any\n", "f.ini");
  EXPECT_TRUE(loaded.ok());
  EXPECT_EQ(loaded.settings.main.mm_assign_algo, MirrorAlgorithm::standard);
  EXPECT_THAT(warnings_of("[main]\nmm_assign_algo = best\nup_assign_algo = any\n"),
              ElementsAre("f.ini:2: [main] mm_assign_algo = best: expected one of `default`, "
                          "`multi_site`, `terminal_type`; `default` counts",
                          "f.ini:3: [main] up_assign_algo = any: expected `default`; `default` "
                          "counts"));
}

TEST(Load, WarnsOfUnknownNamesWithTheNearestKnownOne) {
  EXPECT_THAT(warnings_of("[main]\nprot = 1\n[mirrors:01]\n[demon]\n[frobnicate]\n"),
              ElementsAre("f.ini:2: [main] prot: unknown option; did you mean `port`?",
                          "f.ini:3: [mirrors:01]: unknown section; did you mean `mirror:`?",
                          "f.ini:4: [demon]: unknown section; did you mean `daemon`?",
                          "f.ini:5: [frobnicate]: unknown section"));
}

TEST(Load, WarnsOfObsoleteSpellings) {
  const Loaded loaded = load("[main]\nbind = 10.0.0.1\n", "f.ini");
  EXPECT_EQ(loaded.settings.main.host, "10.0.0.1");
  EXPECT_EQ(loaded.settings.main.public_ip, "10.0.0.1");
  EXPECT_THAT(texts(loaded.warnings), ElementsAre("f.ini:2: [main] bind: obsolete; write `host`"));
  EXPECT_THAT(warnings_of("[main]\npackage_detect_smart_method = check_in_loop, check_size\n"),
              ElementsAre(HasSubstr("never did anything")));
}

TEST(Load, AcceptsTheDeployedSpellingsSilently) {
  const Loaded loaded =
      load("[main]\n[user_packageapi_api]\nmount_point = /u\n[ssl]\ncertfile = /c\nprivkey = /k\n",
           "f.ini");
  EXPECT_THAT(loaded.warnings, IsEmpty());
  ASSERT_TRUE(loaded.settings.user_package_api);
  EXPECT_EQ(loaded.settings.user_package_api->mount_point, "/u");
  EXPECT_EQ(loaded.settings.ssl.cacert, "/c");
  EXPECT_EQ(loaded.settings.ssl.localcert, "/k");
}

TEST(Load, ReadsBooleansInEverySpelling) {
  for (const char* yes : {"1", "yes", "TRUE", "On"}) {
    EXPECT_TRUE(
        settings_of(std::string("[main]\nuse_iocp_reactor = ") + yes).main.use_iocp_reactor);
  }
  for (const char* no : {"0", "No", "false", "OFF"}) {
    EXPECT_FALSE(settings_of(std::string("[main]\n[ssl]\nenablessl = ") + no).ssl.enablessl);
  }
}

TEST(Load, DecodesPasswords) {
  EXPECT_EQ(settings_of("[main]\n[ssl]\npassword = {base64}bXlwYXNz\n").ssl.password, "mypass");
  EXPECT_EQ(settings_of("[main]\n[ssl]\npassword = a%%b\n").ssl.password, "a%%b");
  EXPECT_THAT(errors_of("[main]\n[ssl]\npassword = {base64}?\n"),
              ElementsAre(AllOf(HasSubstr("(hidden)"), Not(HasSubstr("?")))));
}

TEST(Load, InsertsOptionsOfTheDefaultSection) {
  const Settings settings = settings_of(
      "[DEFAULT]\nroot = /srv\nport = 9990\n[main]\nstate_dir = %(root)s/state\n"
      "[mirror:1]\nmount_point = /m\nsrc = %(root)s/p1/\n");
  EXPECT_EQ(settings.main.state_dir, "/srv/state");
  EXPECT_EQ(settings.main.port, 9990);
  EXPECT_EQ(settings.mirrors.at(0).src, "/srv/p1");
}

TEST(Load, KeepsLoggingSectionsRaw) {
  const Settings settings = settings_of(
      "[main]\n[loggers]\nkeys = root\n[logger_root]\nlevel = INFO\nhandlers =\n"
      "[formatter_f]\nformat = %(asctime)s %(message)s\n");
  ASSERT_THAT(settings.logging, SizeIs(3));
  EXPECT_EQ(settings.logging[2].find("format"), "%(asctime)s %(message)s");
}

TEST(Load, NeedsTheSectionsThatLoggingKeysName) {
  EXPECT_THAT(errors_of("[main]\n[loggers]\nkeys = root\n[logger_root]\n[handlers]\nkeys = a, b\n"
                        "[handler_a]\nclass = StreamHandler\n"),
              ElementsAre(HasSubstr("there is no [handler_b]")));
}

TEST(Load, ListensOnAllAddressesWithAWarningAboutUrls) {
  EXPECT_THAT(warnings_of("[main]\nhost = 0.0.0.0\n"), ElementsAre(HasSubstr("host name goes")));
  EXPECT_THAT(warnings_of("[main]\nhost = ::\npublic_ip = p.example\n"), IsEmpty());
  EXPECT_EQ(settings_of("[main]\nhost =\n").main.public_ip, "localhost");
  EXPECT_EQ(settings_of("[main]\npublic_ip = ::1\nport = 1\n").base_url(), "https://[::1]:1");
}

TEST(Load, TurnsDetectionOnByAWrittenInputFolder) {
  const std::string put = "[package_api_put:1]\nsrc = /p\n";
  EXPECT_FALSE(settings_of("[main]\n" + put).detection_active());
  EXPECT_TRUE(settings_of("[main]\n" + put + "tmp_input_dir = /in\n").detection_active());
  EXPECT_TRUE(settings_of("[main]\ntmp_input_dir = /in\n" + put).detection_active());
  EXPECT_FALSE(settings_of("[main]\npackage_detect_activate = 0\n" + put + "tmp_input_dir = /in\n")
                   .detection_active());
  const Settings fallback = settings_of("[main]\n" + put);
  EXPECT_EQ(fallback.package_api_puts.at(0).tmp_input_dir, "/tmp/packages/default");
  EXPECT_EQ(fallback.package_api_puts.at(0).mount_point, "/rpc");
}

TEST(Load, RunsImagingOnlyWithAUuid) {
  const Loaded without = load("[main]\n[imaging_api]\nbase_folder = /i\n", "f.ini");
  EXPECT_TRUE(without.ok());
  EXPECT_FALSE(without.settings.imaging_api);
  EXPECT_THAT(texts(without.warnings), ElementsAre(HasSubstr("imaging is off")));
  const Settings with = settings_of(
      "[main]\n[imaging_api]\nuuid = 2b1c3f2e-6e0e-4f7a-9a54-0c1d2e3f4a5b\nbase_folder = /i\n"
      "masters_folder = /big/masters\n");
  ASSERT_TRUE(with.imaging_api);
  EXPECT_EQ(with.imaging_api->computers_folder, "/i/computers");
  EXPECT_EQ(with.imaging_api->masters_folder, "/big/masters");
  EXPECT_EQ(with.imaging_api->rpc_replay_file, "/i/rpc-replay.pck");
  EXPECT_FALSE(with.imaging_api->cdrom_bootloader_written);
}

TEST(Load, ReadsOurOwnOptions) {
  const Settings settings = settings_of(
      "[main]\npackage_mirror_hold = 2\nfree_space_reserve = 512 MiB\n"
      "[http]\nmax_upload_body = 8G\nauthenticate = all\nfollow_links_to = /a /b/\n"
      "[tftp]\nenabled = 1\n");
  EXPECT_FALSE(settings.main.package_mirror_hold.all);
  EXPECT_EQ(settings.main.package_mirror_hold.targets, 2);
  EXPECT_EQ(settings.main.free_space_reserve.bytes, 512 * k_mib);
  EXPECT_EQ(settings.main.free_space_reserve.percent, 100);
  EXPECT_EQ(settings.http.max_upload_body, 8 * k_gib);
  EXPECT_EQ(settings.http.authenticate, Authenticate::all);
  EXPECT_THAT(settings.http.follow_links_to, ElementsAre("/a", "/b"));
  EXPECT_TRUE(settings.tftp.enabled);
  EXPECT_THAT(errors_of("[main]\n[http]\nmax_request_body = 99999999999999T\n"), SizeIs(1));
}

TEST(Load, KeepsTheOrderOfTheFileAndOddNumbers) {
  const Loaded loaded = load(
      "[main]\n[mirror:02]\nmount_point = /b\nsrc = /p\n[mirror:x]\nmount_point = /a\nsrc = /p\n",
      "f.ini");
  EXPECT_TRUE(loaded.ok());
  EXPECT_THAT(texts(loaded.warnings), ElementsAre(HasSubstr("[mirror:x]: a number is usual")));
  EXPECT_EQ(loaded.settings.mirrors.at(0).name, "mirror:02");
  EXPECT_EQ(loaded.settings.mirrors.at(1).mount_point, "/a");
  EXPECT_THAT(loaded.settings.sources(), ElementsAre("/p"));
}

TEST(Diagnostic, EscapesWhatCouldBreakALine) {
  const Diagnostic diagnostic{"f", 1, "s", "o", "a\nb\x1b", "expected x"};
  EXPECT_THAT(diagnostic.to_text(), AllOf(Not(HasSubstr("\n")), Not(HasSubstr("\x1b"))));
}

TEST(Load, OpenFilesBesideHttpAreThoseOfWhatIsOn) {
  const std::string tftp = "[main]\n[tftp]\nmax_transfers = 300\n";
  const std::string pxe =
      "[mmc_agent]\nmax_connections = 7\n"
      "[imaging_api]\npxe_max_connections = 90\n";
  EXPECT_EQ(settings_of(tftp + pxe).descriptors_beside_http(), 0U);
  EXPECT_EQ(settings_of(tftp + "enabled = 1\n").descriptors_beside_http(), 600U);
  EXPECT_EQ(settings_of(tftp + pxe + "uuid = 35f23420-4050-4734-b172-d458915ef17d\n")
                .descriptors_beside_http(),
            97U);
}

}  // namespace
}  // namespace pulse2::config
