#pragma once

#include <cstddef>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace pulse2::pxe {

/// Values by name for at most `capacity` names; a new name beyond that pushes out the one that has
/// not been touched for longest. What strangers send can't fill the memory. Not for several
/// threads.
template <class Value>
class RecentMap {
 public:
  /// `capacity` is at least 1.
  explicit RecentMap(std::size_t capacity) : m_capacity(capacity) {}

  /// The name's value, null when there is none. Counts as a touch. Valid until the next change.
  [[nodiscard]] Value* find(std::string_view name) {
    const auto found = m_places.find(name);
    if (found == m_places.end()) return nullptr;
    m_values.splice(m_values.begin(), m_values, found->second);
    return &found->second->second;
  }

  /// The name's value, made when there is none. Valid until the next change.
  Value& operator[](std::string_view name) {
    if (Value* value = find(name)) return *value;
    if (m_values.size() >= m_capacity) drop(std::prev(m_values.end()));
    m_values.emplace_front(std::string(name), Value{});
    m_places.emplace(m_values.front().first, m_values.begin());
    return m_values.front().second;
  }

  void erase(std::string_view name) {
    const auto found = m_places.find(name);
    if (found != m_places.end()) drop(found->second);
  }

  [[nodiscard]] std::size_t size() const noexcept { return m_values.size(); }

 private:
  using Values = std::list<std::pair<const std::string, Value>>;  ///< latest touch first

  void drop(typename Values::iterator at) {
    m_places.erase(at->first);
    m_values.erase(at);
  }

  std::size_t m_capacity;
  Values m_values;
  std::unordered_map<std::string_view, typename Values::iterator> m_places;  ///< keys in m_values
};

}  // namespace pulse2::pxe
