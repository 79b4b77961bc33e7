#include "app/register_imaging.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "app/agent_url.hpp"
#include "app/command_line.hpp"
#include "app/configuration.hpp"
#include "imaging/agent.hpp"

namespace pulse2::app {
namespace {

namespace asio = boost::asio;

constexpr int k_registered = 0;
constexpr int k_not_registered = 0;
constexpr int k_no_uuid = 1;
constexpr int k_bad_file = 4;
constexpr int k_agent_failure = 5;
constexpr int k_already_registered = 6;

/// What the registration is asked to do.
struct Wish {
  std::string agent_url;  ///< empty: the agent of the file
  std::string name;
  std::string file = "/etc/mmc/pulse2/package-server/package-server.ini";
  std::string certificates;  ///< CACERT:LOCALCERT; empty: as in the file
  bool check = false;
  bool quiet = false;
};

int complain_of(const std::string& what, int status) {
  std::cerr << "pulse2-package-server-register-imaging: " << what << '\n';
  return status;
}

/// The agent that is meant; an error's text is for people.
base::Expected<config::MmcAgent> agent_of(const Wish& wish, const config::MmcAgent& configured) {
  auto agent = wish.agent_url.empty() ? base::Expected<config::MmcAgent>(configured)
                                      : agent_at(wish.agent_url, configured);
  if (!agent || wish.certificates.empty()) return agent;
  const auto colon = wish.certificates.find(':');
  if (colon == std::string::npos) {
    return base::fail(base::ErrorKind::invalid_argument, "-c takes CACERT:LOCALCERT");
  }
  agent->verifypeer = true;
  agent->cacert = wish.certificates.substr(0, colon);
  agent->localcert = wish.certificates.substr(colon + 1);
  return agent;
}

/// One call, waited for.
base::Expected<xmlrpc::Response> ask(const config::MmcAgent& settings, const std::string& method,
                                     xmlrpc::Array params) {
  asio::io_context io(1);
  const auto agent = imaging::make_agent(io.get_executor(), settings);
  if (!agent) return tl::unexpected(agent.error());
  base::Expected<xmlrpc::Response> result;
  asio::co_spawn(io, (*agent)->call(method, std::move(params)),
                 [&](const std::exception_ptr& error, base::Expected<xmlrpc::Response> answer) {
                   (*agent)->cancel();
                   if (error) std::rethrow_exception(error);
                   result = std::move(answer);
                 });
  io.run();
  return result;
}

/// What the answer says: its second part when it is [true, …], else itself.
bool says_yes(const xmlrpc::Response& response) {
  const auto* value = std::get_if<xmlrpc::Value>(&response);
  if (value == nullptr) return false;
  if (value->as_array() == nullptr) return value->truthy();
  const auto part = imaging::accepted(response);
  return part && part->truthy();
}

int check_registration(const Wish& wish, const config::MmcAgent& agent, const std::string& uuid) {
  const auto answer = ask(agent, "imaging.isImagingServerRegistered", {uuid});
  if (!answer) return complain_of(answer.error().for_operator(), k_agent_failure);
  if (std::holds_alternative<xmlrpc::Fault>(*answer)) {
    return complain_of("the MMC agent can't tell: " + imaging::describe_answer(*answer),
                       k_agent_failure);
  }
  const bool registered = says_yes(*answer);
  if (!wish.quiet) {
    std::cout << uuid << (registered ? " is registered already\n" : " is not registered yet\n");
  }
  return registered ? k_already_registered : k_not_registered;
}

int register_at(const Wish& wish, const config::MmcAgent& agent, const config::Settings& settings) {
  const std::string url = imaging_url(settings);
  const auto answer =
      ask(agent, "imaging.imagingServerRegister", {wish.name, url, settings.imaging_api->uuid});
  if (!answer) return complain_of(answer.error().for_operator(), k_agent_failure);
  if (!imaging::accepted(*answer)) {
    return complain_of("the MMC agent refuses: " + imaging::describe_answer(*answer),
                       k_agent_failure);
  }
  if (!wish.quiet) std::cout << "registered as " << wish.name << '\n';
  return k_registered;
}

int carry_out(const Wish& wish) {
  const auto loaded = load_file(wish.file);
  if (!loaded) return complain_of(loaded.error().for_operator(), k_exit_no_file);
  for (const auto& error : loaded->errors)
    std::cerr << error.to_text() << '\n';
  if (!loaded->ok()) return complain_of("mistakes in " + wish.file, k_bad_file);
  if (!loaded->settings.imaging_api) {
    return complain_of("no uuid in section [imaging_api] of " + wish.file + "; -u prints a new one",
                       k_no_uuid);
  }
  const auto agent = agent_of(wish, loaded->settings.mmc_agent);
  if (!agent) return complain_of(agent.error().for_operator(), k_exit_usage);
  if (wish.check) return check_registration(wish, *agent, loaded->settings.imaging_api->uuid);
  return register_at(wish, *agent, loaded->settings);
}

void print_uuid() {
  boost::uuids::random_generator generate;
  std::cout << boost::uuids::to_string(generate()) << '\n';
}

}  // namespace

int register_imaging(int argc, const char* const* argv) {
  Wish wish;
  bool print = false;
  CLI::App app("Registers this imaging server at the MMC agent.",
               "pulse2-package-server-register-imaging");
  app.add_option("-m,--mmc-url", wish.agent_url,
                 "The agent, http(s)://user:password@host:port; without it, that of the file");
  app.add_option("-n,--name", wish.name, "What the console calls this server");
  app.add_option("-i,--inifile", wish.file, "Configuration file")->capture_default_str();
  app.add_option("-c,--certs", wish.certificates,
                 "CACERT:LOCALCERT: verify the agent and show a certificate of ours");
  app.add_flag("-u,--uuid", print, "Print a new UUID and exit");
  app.add_flag("-C,--check", wish.check,
               "Only ask: exit status 0 when not registered yet, 6 when registered already");
  app.add_flag("-q,--quiet", wish.quiet, "Print errors only");
  app.set_version_flag("-V,--version", "pulse2-package-server-register-imaging " + version());
  if (argc == 1) {
    std::cout << app.help();
    return 0;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    app.exit(error, std::cout, std::cerr);
    return asked_for ? 0 : k_exit_usage;
  }
  if (print) {
    print_uuid();
    return 0;
  }
  if (!wish.check && wish.name.empty()) return complain_of("-n NAME is missing", k_exit_usage);
  return carry_out(wish);
}

}  // namespace pulse2::app
