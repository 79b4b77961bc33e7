#include "pxe/entry_tracker.hpp"

namespace pulse2::pxe {

void EntryTracker::note(std::string_view mac, const LogEvent& event) {
  if (event.kind == LogKind::menu) {
    if (event.entry != 0) m_entries[mac] = {event.entry, false};
  } else if (event.marks_entry()) {
    if (Entry* entry = m_entries.find(mac)) entry->marked = true;
  }
}

std::optional<int> EntryTracker::take_marked(std::string_view mac) {
  const Entry* entry = m_entries.find(mac);
  if (entry == nullptr) return std::nullopt;
  const auto marked = entry->marked ? std::optional(entry->number) : std::nullopt;
  m_entries.erase(mac);
  return marked;
}

}  // namespace pulse2::pxe
