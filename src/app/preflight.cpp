#include "app/preflight.hpp"

#include <unistd.h>

#include <array>

#include "os/accounts.hpp"
#include "os/file.hpp"

namespace pulse2::app {
namespace {

/// Why the folder can't be a package tree; empty when it can.
std::string source_trouble(const std::string& src) {
  const auto status = os::status_of(src);
  if (!status) return status.error().message;
  if (!status->is_folder()) return "is not a folder";
  if (access(src.c_str(), R_OK | X_OK) != 0) return "the folder can't be read";
  return {};
}

TlsFiles look_at(const config::Ssl& ssl) {
  TlsFiles files{{ssl.cacert, ssl.localcert, ssl.verifypeer, ssl.ciphers}, {}};
  for (const std::string& path : {ssl.cacert, ssl.localcert}) {
    if (const auto status = os::status_of(path)) files.status.push_back(*status);
  }
  return files;
}

bool are_same(const TlsFiles& one, const TlsFiles& other) {
  return one.settings == other.settings && one.status.size() == 2 && one.status == other.status;
}

void check_tls(Preflight& result, const config::Ssl& ssl, const Preflight* running) {
  if (!ssl.enablessl) return;
  // Before the files are read: what changes meanwhile is noticed the next time.
  result.tls_files = look_at(ssl);
  auto tls = net::TlsContext::load(result.tls_files.settings);
  const bool is_forbidden = !tls && tls.error().kind == base::ErrorKind::permission_denied;
  if ((tls || is_forbidden) && running != nullptr &&
      are_same(result.tls_files, running->tls_files)) {
    // Clients can resume their sessions.
    result.tls = running->tls;
    return;
  }
  if (tls) {
    result.tls = *std::move(tls);
    return;
  }
  result.errors.push_back("[ssl] " + (running == nullptr ? tls.error().for_operator()
                                                         : explain_lost_rights(tls.error())));
}

void check_account(Preflight& result, const config::Daemon& daemon) {
  const auto account = os::find_account(daemon.user, daemon.group);
  if (!account) result.errors.push_back("[daemon] " + account.error().for_operator());
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
  if (settings.tftp.enabled && !settings.imaging_api) {
    result.warnings.push_back(
        "[tftp] is enabled, but there is nothing to serve without a uuid in [imaging_api]");
  }
}

}  // namespace

std::vector<config::Diagnostic> source_mistakes(const config::Loaded& loaded) {
  std::vector<config::Diagnostic> mistakes;
  const auto check = [&](const std::string& section, const std::string& src) {
    if (src.empty()) return;  // missing in the text, or unreadable there
    const std::string trouble = source_trouble(src);
    if (trouble.empty()) return;
    const auto line = loaded.lines.find({section, "src"});
    mistakes.push_back({loaded.file, line == loaded.lines.end() ? 0 : line->second, section, "src",
                        src, "expected a folder that can be read; " + trouble});
  };
  for (const auto& mirror : loaded.settings.mirrors)
    check(mirror.name, mirror.src);
  for (const auto& api : loaded.settings.package_api_gets)
    check(api.name, api.src);
  for (const auto& api : loaded.settings.package_api_puts)
    check(api.name, api.src);
  return mistakes;
}

std::string explain_lost_rights(const base::Error& error) {
  if (error.kind != base::ErrorKind::permission_denied) return error.for_operator();
  return error.for_operator() +
         "; the server has given up the rights that it started with: let its user read the file, "
         "or start it again";
}

Preflight check_machine(const config::Settings& settings, const Preflight* running) {
  Preflight result;
  check_tls(result, settings.ssl, running);
  check_account(result, settings.daemon);
  find_public_host(result, settings.main.public_ip);
  warn_of_unserved(result, settings);
  return result;
}

}  // namespace pulse2::app
