#pragma once

#include <string>

namespace pulse2::mirroring {

/// Where packages are copied to, as it is configured: `host` and `user@host` (reached by ssh),
/// `rsync://host/module` and `host::module` (an rsync daemon), or an absolute folder of this
/// machine (contract 05).
class Target {
 public:
  enum class Kind { remote_shell, daemon, folder };

  explicit Target(std::string name);

  [[nodiscard]] const std::string& name() const noexcept { return m_name; }
  [[nodiscard]] Kind kind() const noexcept { return m_kind; }
  /// What rsync is told for an absolute folder of the same name there: `host:/srv/p1`,
  /// `rsync://host/module/srv/p1`, `/mnt/backup/srv/p1`.
  [[nodiscard]] std::string place_of(const std::string& folder) const;

  bool operator==(const Target&) const = default;

 private:
  std::string m_name;
  Kind m_kind;
};

}  // namespace pulse2::mirroring
