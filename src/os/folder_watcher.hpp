#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::os {

/// Tells that something changed in folders (inotify): a hint, never the truth. Changes that other
/// machines make in a network's file system are not seen. For one thread, except wake().
class FolderWatcher {
 public:
  using Id = int;  ///< of a watched folder; the same one for the same folder under another name

  struct Event {
    enum class Kind {
      changed,  ///< something in the folder
      moved,    ///< the folder itself is no longer where it was
      ended,    ///< it is not watched any more
    };
    Id id = 0;
    Kind kind = Kind::changed;
    std::string name;        ///< in the folder; empty: the folder itself
    bool is_folder = false;  ///< what has that name
  };
  struct Events {
    std::vector<Event> events;
    bool overflowed = false;  ///< some were lost
  };

  [[nodiscard]] static base::Expected<FolderWatcher> open();

  /// Watches the open folder, wherever it is moved. Error `limit_exceeded` when the system's limit
  /// of watches is reached.
  [[nodiscard]] base::Expected<Id> watch(int folder);
  void unwatch(Id id) noexcept;

  /// Waits for events or wake(), until then at most; without a time as long as it takes.
  void wait(std::optional<std::chrono::steady_clock::time_point> until);
  /// Ends a wait. Callable from any thread.
  void wake() noexcept;
  /// What happened since the last call; does not wait.
  [[nodiscard]] Events take();

 private:
  FolderWatcher(UniqueFd events, UniqueFd wake)
      : m_events(std::move(events)), m_wake(std::move(wake)) {}

  UniqueFd m_events;
  UniqueFd m_wake;
};

}  // namespace pulse2::os
