#include "doctor/probes.hpp"

namespace pulse2::doctor {

Findings probe_account(const Subject& subject) {
  const auto& daemon = subject.settings().daemon;
  const std::string who = "user " + daemon.user + ", group " + daemon.group;
  const auto account = os::find_account(daemon.user, daemon.group);
  if (!account) {
    return {fault("[daemon] " + account.error().for_operator(),
                  "create it (adduser --system), or correct [daemon]")};
  }
  if (!os::is_root() && os::user_name() != daemon.user) {
    return {doubt(who + " exist; this look has the rights of " + os::user_name(),
                  "run doctor as root: it then looks with the rights of " + daemon.user)};
  }
  return {good("the server runs as " + who)};
}

}  // namespace pulse2::doctor
