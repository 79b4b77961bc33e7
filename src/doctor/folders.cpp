#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "config/logging.hpp"
#include "doctor/probes.hpp"
#include "os/file.hpp"

namespace pulse2::doctor {
namespace {

namespace fs = std::filesystem;

/// What a folder is needed for.
enum class Need { read, write };

/// Looks at folders with the rights of the configured user.
class FolderLook {
 public:
  explicit FolderLook(const Subject& subject)
      : m_user(subject.account ? subject.account->name : os::user_name()),
        m_starts_as_root(os::is_root()) {
    if (subject.account) m_rights = std::make_unique<os::ActingAs>(*subject.account);
  }

  /// A folder that has to be there.
  void look(const std::string& option, const std::string& path, Need need) {
    if (!m_seen.insert({path, need}).second) return;
    const auto status = os::status_of(path);
    const std::string where = option + " = " + path + ": ";
    if (!status) {
      const bool hidden = status.error().kind == base::ErrorKind::permission_denied;
      add(fault(option + ": " + status.error().message,
                hidden ? "let user " + m_user + " into the folders above it"
                       : "create it, mount it or correct the option"));
    } else if (!status->is_folder()) {
      add(fault(where + "is not a folder", "correct the option"));
    } else if (!may(path, need == Need::write ? R_OK | W_OK | X_OK : R_OK | X_OK)) {
      add(fault(where + "user " + m_user + " may not " +
                    (need == Need::write ? "write to it" : "read it"),
                "chown or chmod it for user " + m_user));
    }
  }

  /// A folder that is created at start, with the rights of the start.
  void look_or_parent(const std::string& option, const std::string& path) {
    if (os::status_of(path)) return look(option, path, Need::write);
    const auto parent = fs::path(path).parent_path().string();
    if (!os::status_of(parent)) {
      add(fault(option + " = " + path + ": neither it nor " + parent + " is there",
                "create " + parent));
    } else if (!m_starts_as_root && !may(parent, W_OK | X_OK)) {
      add(fault(option + " = " + path + ": user " + m_user + " may not create it",
                "create it for user " + m_user));
    }
  }

  /// A log, which is appended to.
  void look_at_log(const std::string& path) {
    if (path.empty() || path.starts_with("/dev/")) return;
    const auto folder = fs::path(path).parent_path().string();
    if (!look_at_folder_of("log file " + path, folder)) return;
    if (os::status_of(path) ? may(path, W_OK) : may(folder, W_OK | X_OK)) return;
    add(fault("log file " + path + ": user " + m_user + " may not write to it",
              "chown it, and its folder for rotation, to user " + m_user));
  }

  /// A file that is replaced by a new one again and again.
  void look_at_state(const std::string& option, const std::string& path) {
    const auto folder = fs::path(path).parent_path().string();
    const std::string what = option + " = " + path;
    if (!look_at_folder_of(what, folder) || may(folder, W_OK | X_OK)) return;
    add(fault(what + ": user " + m_user + " may not write to its folder",
              "give user " + m_user + " the right to write to " + folder));
  }

  /// Written with the rights of the start.
  void look_at_pid_file(const std::string& path) {
    const auto folder = fs::path(path).parent_path().string();
    const std::string what = "[daemon] pidfile = " + path;
    if (!look_at_folder_of(what, folder) || m_starts_as_root || may(folder, W_OK | X_OK)) return;
    add(doubt(what + ": user " + m_user + " may not write to its folder",
              "start the server as root, or in the foreground (-d), which needs none"));
  }

  /// What others put there would be run on all machines.
  void look_at_upload(const std::string& option, const std::string& path) {
    const auto status = os::status_of(path);
    if (!status || (status->mode & S_IWOTH) == 0) return;
    add(fault(option + " = " + path +
                  ": everybody may write to it: what others put there would become packages",
              "chmod o-w " + path));
  }

  [[nodiscard]] bool may(const std::string& path, int rights) const {
    return ::faccessat(AT_FDCWD, path.c_str(), rights, AT_EACCESS) == 0;
  }
  [[nodiscard]] const std::string& user() const { return m_user; }
  void add(Finding finding) { m_findings.push_back(std::move(finding)); }

  Findings take() {
    if (m_findings.empty()) {
      add(good(std::to_string(m_seen.size()) + " folders are there, with the rights that user " +
               m_user + " needs"));
    }
    return std::move(m_findings);
  }

 private:
  /// Whether it is there.
  bool look_at_folder_of(const std::string& what, const std::string& folder) {
    if (os::status_of(folder)) return true;
    add(fault(what + ": its folder is not there", "create " + folder));
    return false;
  }

  std::string m_user;
  bool m_starts_as_root;
  std::unique_ptr<os::ActingAs> m_rights;
  std::set<std::pair<std::string, Need>> m_seen;
  Findings m_findings;
};

/// The first entry below a tree that the user can't read, among the first so many.
void look_into(FolderLook& look, const std::string& option, const std::string& src) {
  constexpr int k_most_entries = 20000;
  std::error_code error;
  int left = k_most_entries;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator it(src, options, error), end; !error && it != end && --left;
       it.increment(error)) {
    std::error_code ignored;
    const bool is_folder = it->is_directory(ignored);
    if (it->is_symlink(ignored) || look.may(it->path(), is_folder ? R_OK | X_OK : R_OK)) continue;
    look.add(fault(option + ": user " + look.user() + " may not read " + it->path().string(),
                   "give user " + look.user() + " the right to read the whole tree"));
    return;
  }
}

void look_at_trees(FolderLook& look, const config::Settings& settings) {
  for (const auto& put : settings.package_api_puts)
    look.look("[" + put.name + "] src", put.src, Need::write);
  for (const auto& mirror : settings.mirrors)
    look.look("[" + mirror.name + "] src", mirror.src, Need::read);
  for (const auto& get : settings.package_api_gets)
    look.look("[" + get.name + "] src", get.src, Need::read);
  for (const auto& src : settings.sources())
    look_into(look, "src " + src, src);
  for (const auto& put : settings.package_api_puts) {
    if (!put.tmp_input_dir_written) continue;
    const std::string option = "[" + put.name + "] tmp_input_dir";
    look.look(option, put.tmp_input_dir, Need::write);
    look.look_at_upload(option, put.tmp_input_dir);
  }
}

void look_at_imaging(FolderLook& look, const config::ImagingApi& imaging) {
  look.look("[imaging_api] base_folder", imaging.base_folder, Need::read);
  look.look("[imaging_api] bootloader_folder", imaging.bootloader_folder, Need::read);
  look.look("[imaging_api] diskless_folder", imaging.diskless_folder, Need::read);
  look.look("[imaging_api] postinst_folder", imaging.postinst_folder, Need::read);
  look.look("[imaging_api] bootmenus_folder", imaging.bootmenus_folder, Need::write);
  look.look("[imaging_api] computers_folder", imaging.computers_folder, Need::write);
  look.look("[imaging_api] inventories_folder", imaging.inventories_folder, Need::write);
  look.look("[imaging_api] masters_folder", imaging.masters_folder, Need::write);
  look.look("[imaging_api] archives_folder", imaging.archives_folder, Need::write);
  look.look("[imaging_api] isos_folder", imaging.isos_folder, Need::write);
  look.look_at_state("[imaging_api] rpc_replay_file", imaging.rpc_replay_file);
  look.look_at_state("[imaging_api] uuid_cache_file", imaging.uuid_cache_file);
}

}  // namespace

Findings probe_folders(const Subject& subject) {
  const auto& settings = subject.settings();
  FolderLook look(subject);
  look_at_trees(look, settings);
  look.look_or_parent("[main] state_dir", settings.main.state_dir);
  look.look_at_pid_file(settings.daemon.pidfile);
  if (!settings.main.package_mirror_target.empty()) {
    look.look_at_state("[main] package_mirror_status_file",
                       settings.main.package_mirror_status_file);
  }
  if (settings.imaging_api) look_at_imaging(look, *settings.imaging_api);
  if (settings.logging_plan) {
    for (const auto& handler : settings.logging_plan->handlers)
      look.look_at_log(config::file_of(handler.target));
  }
  look.look_at_log(settings.log.access_log);
  look.look_at_log(settings.log.json_log);
  return look.take();
}

}  // namespace pulse2::doctor
