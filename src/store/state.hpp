#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "store/sqlite.hpp"

namespace pulse2::store {

/// What must survive a restart and can't be read from the trees: `state.sqlite`. Every change is
/// durable when the call returns. Callable from any thread.
class State {
 public:
  /// Opens or creates the file. Error `conflict` for one that a newer version wrote.
  [[nodiscard]] static base::Expected<std::unique_ptr<State>> open(const std::string& path);

  /// Packages that were put with need_assign and wait for associatePackages.
  [[nodiscard]] bool waits_for_files(std::string_view src, std::string_view pid) const;
  [[nodiscard]] base::Expected<void> set_waiting(std::string_view src, std::string_view pid,
                                                 bool waits);
  /// All that wait, as (src, pid).
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> waiting() const;

  /// Packages that were dropped: dropping them again is no failure.
  [[nodiscard]] bool was_dropped(std::string_view src, std::string_view pid) const;
  [[nodiscard]] base::Expected<void> set_dropped(std::string_view src, std::string_view pid,
                                                 bool dropped);

 private:
  using Keys = std::vector<std::pair<std::string, std::string>>;  ///< sorted (src, pid)

  explicit State(Database database) : m_database(std::move(database)) {}
  [[nodiscard]] base::Expected<void> load(const char* table, Keys& keys);
  [[nodiscard]] base::Expected<void> change(const char* table, Keys& keys, std::string_view src,
                                            std::string_view pid, bool present);

  mutable std::mutex m_mutex;  ///< guards all that follows
  Database m_database;
  Keys m_waiting;
  Keys m_dropped;
};

}  // namespace pulse2::store
