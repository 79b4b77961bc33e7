#pragma once

#include <optional>
#include <string_view>

#include "pxe/log_event.hpp"
#include "pxe/recent_map.hpp"

namespace pulse2::pxe {

/// Remembers which menu entry each machine chose last, and whether it was a backup or restoration:
/// such an entry must not stay the default, or the machine would restore itself at every boot.
/// Not for several threads.
class EntryTracker {
 public:
  /// Remembers at most `capacity` machines.
  explicit EntryTracker(std::size_t capacity) : m_entries(capacity) {}

  /// A machine reported a step (packet 0x4C).
  void note(std::string_view mac, const LogEvent& event);

  /// The machine's last chosen entry when it was a backup or restoration. Forgets it in any case.
  [[nodiscard]] std::optional<int> take_marked(std::string_view mac);

 private:
  struct Entry {
    int number = 0;
    bool marked = false;
  };
  RecentMap<Entry> m_entries;
};

/// The rule of packet 0xCD: whether the default menu item is to change. `marked`: what
/// take_marked() said; `current`: the agent's default.
[[nodiscard]] inline bool default_changes(std::optional<int> marked, std::optional<int> current) {
  return marked.has_value() && marked == current;
}

}  // namespace pulse2::pxe
