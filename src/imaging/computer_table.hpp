#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "imaging/operations.hpp"

namespace pulse2::imaging {

/// The computers that are known without asking the agent, by UUID and by MAC, each look-up in
/// constant time however many there are. In memory; not for several threads.
class ComputerTable {
 public:
  ComputerTable() = default;
  ComputerTable(const ComputerTable&) = delete;
  ComputerTable& operator=(const ComputerTable&) = delete;

  /// Adds the computer at the end; what was known of its UUID or its address goes.
  void put(Computer computer);
  /// False when there was none.
  bool erase(std::string_view uuid);

  /// Null when unknown. Valid until the next change.
  [[nodiscard]] const Computer* find(std::string_view uuid) const;
  [[nodiscard]] const Computer* find(const base::Mac& mac) const;

  /// In the order in which they were put.
  [[nodiscard]] const std::list<Computer>& all() const noexcept { return m_computers; }

 private:
  using Place = std::list<Computer>::iterator;
  void remove(Place place);

  std::list<Computer> m_computers;
  std::unordered_map<std::string_view, Place> m_by_uuid;  ///< keys are the computers' own texts
  std::unordered_map<std::uint64_t, Place> m_by_mac;
};

/// What was read from a cache file.
struct ReadTable {
  std::list<Computer> computers;
  std::vector<std::string> problems;  ///< of sections that were passed over
};

/// The file's text: INI with a section per UUID (contract 06). `fullname` stands for `fqdn` in old
/// files.
[[nodiscard]] ReadTable parse_table(std::string_view text);
[[nodiscard]] std::string render_table(const std::list<Computer>& computers);

}  // namespace pulse2::imaging
