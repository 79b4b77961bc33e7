#include "doctor/remote_listing.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "config/load.hpp"
#include "doctor/program.hpp"
#include "os/child_process.hpp"

namespace pulse2::doctor {
namespace {

namespace asio = boost::asio;
using Arguments = std::vector<std::string>;
using Outcome = RemoteListing::Outcome;

constexpr std::chrono::seconds k_limit{30};
constexpr std::size_t k_kept_output = 4096;
constexpr std::size_t k_told_lines = 2;
constexpr int k_partial_transfer = 23;  // of rsync

/// What lets the rest of the command run as the account. A child of ours would keep our real user.
Arguments as_account(const os::Account& account) {
  std::string groups;
  for (const gid_t group : account.groups)
    groups += (groups.empty() ? "" : ",") + std::to_string(group);
  return {"setpriv", "--reuid=" + std::to_string(account.user),
          "--regid=" + std::to_string(account.group), "--groups=" + groups, "--"};
}

Arguments listing(const config::Main& main, const mirroring::Target& target,
                  const std::string& src) {
  Arguments arguments{main.package_mirror_command};
  const auto& options = main.package_mirror_command_options;
  arguments.insert(arguments.end(), options.begin(), options.end());
  for (const char* option : {"--no-recursive", "--dirs", "--list-only", "--timeout=20"})
    arguments.emplace_back(option);
  if (target.kind() == mirroring::Target::Kind::remote_shell) {
    std::string shell = "/usr/bin/ssh -o BatchMode=yes -o ConnectTimeout=10";
    for (const auto& option : main.package_mirror_command_options_ssh_options)
      shell += " -o " + option;
    arguments.emplace_back("--rsh");
    arguments.push_back(std::move(shell));
  }
  arguments.push_back(target.place_of(src) + "/");
  return arguments;
}

base::Expected<os::ChildResult> run(Arguments arguments) {
  asio::io_context io;
  os::ChildOptions options;
  options.arguments = std::move(arguments);
  options.environment = {"LC_ALL=C"};
  options.limit = k_limit;
  options.keep_output = k_kept_output;
  auto child = os::ChildProcess::start(io.get_executor(), std::move(options));
  if (!child) return tl::unexpected(std::move(child).error());
  base::Expected<os::ChildResult> result =
      base::fail(base::ErrorKind::internal, "the program could not be waited for");
  asio::co_spawn(io, (*child)->wait(),
                 [&result](const std::exception_ptr& error, os::ChildResult ended) {
                   if (!error) result = std::move(ended);
                 });
  io.run();
  return result;
}

/// The first lines that say something.
std::string first_words(const std::string& output) {
  std::vector<std::string> lines;
  for (const auto line : base::split(output, '\n')) {
    const auto words = base::trim(line);
    if (!words.empty() && lines.size() < k_told_lines) lines.emplace_back(words);
  }
  return config::hide_credentials(base::join(lines, "; "));
}

}  // namespace

RemoteListing list_at(const Subject& subject, const mirroring::Target& target) {
  const config::Main& main = subject.settings().main;
  const auto sources = subject.settings().sources();
  const std::string program =
      main.package_mirror_command.substr(main.package_mirror_command.rfind('/') + 1);
  if (program != "rsync" || !find_program(main.package_mirror_command) || sources.empty()) {
    return {};
  }
  Arguments arguments = subject.account ? as_account(*subject.account) : Arguments{};
  for (auto& argument : listing(main, target, sources.front()))
    arguments.push_back(std::move(argument));
  const auto result = run(std::move(arguments));
  if (!result) return {Outcome::refused, result.error().for_operator()};
  if (result->timed_out) return {Outcome::refused, "no answer in time"};
  if (result->status == 0) return {Outcome::listed, {}};
  const bool is_missing = result->status == k_partial_transfer &&
                          result->output.find("No such file") != std::string::npos;
  return {is_missing ? Outcome::no_folder : Outcome::refused, first_words(result->output)};
}

}  // namespace pulse2::doctor
