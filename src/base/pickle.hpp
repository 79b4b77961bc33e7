#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"

namespace pulse2::base {

struct PickleItem;

/// A value that Python's pickle module wrote, as far as data files of the former server hold such:
/// plain data, no objects.
struct Pickle {
  using List = std::vector<Pickle>;  ///< of a list or a tuple
  using Dict = std::vector<PickleItem>;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Dict> data;

  /// Null for values of another type.
  [[nodiscard]] const std::string* as_text() const { return std::get_if<std::string>(&data); }
  [[nodiscard]] const List* as_list() const { return std::get_if<List>(&data); }
  [[nodiscard]] const Dict* as_dict() const { return std::get_if<Dict>(&data); }

  bool operator==(const Pickle& other) const;
};

/// An entry of a dict.
struct PickleItem {
  Pickle first;
  Pickle second;
  bool operator==(const PickleItem& other) const {
    return first == other.first && second == other.second;
  }
};

// Written out: of a type that holds itself clang 14 can't make it.
inline bool Pickle::operator==(const Pickle& other) const {
  return data == other.data;
}

/// Reads a pickle of protocol 0, 1 or 2. Byte strings are taken as they are, Unicode ones become
/// UTF-8. Nothing is ever executed: opcodes that name a class or call something are refused, so are
/// lists and dicts that stand in several places, which such files do not have.
/// Errors: `malformed`, `limit_exceeded` for more than `max_values` values, copies included.
[[nodiscard]] Expected<Pickle> read_pickle(std::string_view bytes,
                                           std::size_t max_values = 1'000'000);

}  // namespace pulse2::base
