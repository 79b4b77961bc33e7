#include "app/preflight.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

#include "os/file.hpp"

namespace pulse2::app {
namespace {

void check_source(Preflight& result, const std::string& section, const std::string& src) {
  const std::string where = "[" + section + "] src = " + src + ": ";
  const auto status = os::status_of(src);
  if (!status) {
    result.errors.push_back("[" + section + "] src: " + status.error().for_operator());
  } else if (!status->is_folder()) {
    result.errors.push_back(where + "is not a folder");
  } else if (access(src.c_str(), R_OK | X_OK) != 0) {
    result.errors.push_back(where + "the folder can't be read");
  }
}

void check_sources(Preflight& result, const config::Settings& settings) {
  for (const auto& mirror : settings.mirrors)
    check_source(result, mirror.name, mirror.src);
  for (const auto& api : settings.package_api_gets)
    check_source(result, api.name, api.src);
  for (const auto& api : settings.package_api_puts)
    check_source(result, api.name, api.src);
}

void check_tls(Preflight& result, const config::Ssl& ssl) {
  if (!ssl.enablessl) return;
  auto tls = net::TlsContext::load({ssl.cacert, ssl.localcert, ssl.verifypeer});
  if (tls) {
    result.tls = *std::move(tls);
  } else {
    result.errors.push_back("[ssl] " + tls.error().for_operator());
  }
}

void check_account(Preflight& result, const config::Daemon& daemon) {
  if (getpwnam(daemon.user.c_str()) == nullptr) {
    result.errors.push_back("[daemon] user = " + daemon.user + ": no such user");
  }
  if (getgrnam(daemon.group.c_str()) == nullptr) {
    result.errors.push_back("[daemon] group = " + daemon.group + ": no such group");
  }
}

/// The machine's own name stands in for an address that means "all".
void find_public_host(Preflight& result, const std::string& public_ip) {
  result.public_host = public_ip;
  if (public_ip != "0.0.0.0" && public_ip != "::") return;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return;
  result.public_host = name.data();
  result.warnings.push_back(
      "[main] public_ip is not set: URLs for clients carry this machine's name " +
      result.public_host);
}

/// What older and later servers do and this one does not, so that nobody waits for it.
void warn_of_unserved(Preflight& result, const config::Settings& settings) {
  if (settings.main.mm_assign_algo == config::MirrorAlgorithm::terminal_type) {
    result.warnings.push_back(
        "[main] mm_assign_algo = terminal_type needs the inventory database, which this server "
        "can't ask; default is used");
  }
  if (settings.imaging_api) {
    result.warnings.push_back("[imaging_api] is configured; this server does not offer imaging");
  }
  if (!settings.main.package_mirror_target.empty()) {
    result.warnings.push_back(
        "[main] package_mirror_target is set; this server does not copy packages to mirrors");
  }
  if (settings.tftp.enabled) {
    result.warnings.push_back("[tftp] is enabled; this server does not offer TFTP");
  }
}

}  // namespace

Preflight check_machine(const config::Settings& settings) {
  Preflight result;
  check_sources(result, settings);
  check_tls(result, settings.ssl);
  check_account(result, settings.daemon);
  find_public_host(result, settings.main.public_ip);
  warn_of_unserved(result, settings);
  return result;
}

}  // namespace pulse2::app
