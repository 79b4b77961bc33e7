#include "config/load.hpp"
#include "doctor/fetch.hpp"
#include "doctor/probes.hpp"
#include "doctor/remote_listing.hpp"
#include "doctor/target_address.hpp"
#include "os/file.hpp"

namespace pulse2::doctor {
namespace {

using Kind = mirroring::Target::Kind;

Finding look_at_folder(const std::string& path) {
  const auto status = os::status_of(path);
  if (!status) return fault(status.error().for_operator(), "create it, or mount it");
  if (!status->is_folder()) return fault(path + " is not a folder", "correct the option");
  return good(path + " is there");
}

/// Beyond the greeting: what the target says to the program that mirrors.
Finding look_inside(const Subject& subject, const mirroring::Target& target,
                    const std::string& name, const std::string& service) {
  const auto listing = list_at(subject, target);
  switch (listing.outcome) {
    case RemoteListing::Outcome::listed:
      return good(name + " lists its packages (" + service + ")");
    case RemoteListing::Outcome::not_tried:
      return good(name + " answers (" + service + ")");
    case RemoteListing::Outcome::no_folder:
      return doubt(name + " has no such package tree yet: " + listing.words,
                   "create it there, unless the first synchronisation shall");
    case RemoteListing::Outcome::refused:
      break;
  }
  return fault(name + " does not list its packages: " + listing.words,
               "correct the name, the module, the key or the password of user " +
                   subject.settings().daemon.user);
}

Finding look_at_machine(const Subject& subject, const mirroring::Target& target) {
  const auto address =
      address_of(target, subject.settings().main.package_mirror_command_options_ssh_options);
  const bool by_ssh = target.kind() == Kind::remote_shell;
  const std::string service = by_ssh ? "ssh" : "rsync";
  const std::string name = config::hide_credentials(target.name());
  const auto greeting = greet(address.host, address.port, true);
  if (!greeting) {
    return fault(name + " is not to be reached: " + greeting.error().for_operator(),
                 "start the machine and its " + service + " server, or correct the name");
  }
  if (!greeting->starts_with(by_ssh ? "SSH-" : "@RSYNCD:")) {
    return fault(
        name + ": no " + service + " server answers at port " + std::to_string(address.port),
        "correct the port, or start the " + service + " server");
  }
  return look_inside(subject, target, name, service);
}

}  // namespace

Findings probe_targets(const Subject& subject) {
  const auto& main = subject.settings().main;
  Findings findings;
  for (const std::string& name : main.package_mirror_target) {
    const mirroring::Target target(name);
    findings.push_back(target.kind() == Kind::folder ? look_at_folder(name)
                                                     : look_at_machine(subject, target));
  }
  return findings;
}

}  // namespace pulse2::doctor
