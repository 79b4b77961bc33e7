#include "doctor/subject.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "doctor/fetch.hpp"

namespace pulse2::doctor {
namespace {

/// As the server does: the machine's name stands in for an address that means "all".
std::string public_host_of(const config::Main& main) {
  if (main.public_ip != "0.0.0.0" && main.public_ip != "::") return main.public_ip;
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return main.public_ip;
  return name.data();
}

bool is_everywhere(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

/// Whether what answers at the port says of its health what ours say.
bool answers_as_ours(const config::Settings& settings) {
  Place place = own_place(settings);
  place.host = is_everywhere(settings.main.host) ? "localhost" : settings.main.host;
  const auto answer = fetch(place, "/healthz", 1024);
  if (!answer) return false;
  if (answer->status == 200) return answer->body == "ok\n";
  return answer->status == 503 && answer->body.find('<') == std::string::npos;
}

}  // namespace

bool is_readable_later(const Subject& subject, const std::string& path) {
  if (!subject.account) return true;
  const os::ActingAs user(*subject.account);
  return ::faccessat(AT_FDCWD, path.c_str(), R_OK, AT_EACCESS) == 0;
}

Subject make_subject(const config::Loaded& loaded) {
  const config::Settings& settings = loaded.settings;
  Subject subject{loaded, public_host_of(settings.main), std::nullopt, false};
  if (os::is_root()) {
    auto account = os::find_account(settings.daemon.user, settings.daemon.group);
    if (account && !account->is_root()) subject.account = *std::move(account);
  }
  subject.server_runs = answers_as_ours(settings);
  return subject;
}

}  // namespace pulse2::doctor
