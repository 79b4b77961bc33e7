#include "imaging/computer_table.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "base/uuid.hpp"

namespace pulse2::imaging {
namespace {

constexpr std::size_t k_most_problems = 100;

std::uint64_t key_of(const base::Mac& mac) {
  std::uint64_t key = 0;
  for (const std::uint8_t byte : mac.bytes())
    key = key << 8U | byte;
  return key;
}

/// A section while it is read.
struct Section {
  std::string name;
  int line = 0;
  std::map<std::string, std::string> options;

  [[nodiscard]] std::string get(const char* option) const {
    const auto found = options.find(option);
    return found == options.end() ? std::string() : found->second;
  }
};

std::vector<Section> sections_of(std::string_view text) {
  std::vector<Section> sections;
  int number = 0;
  for (std::string_view line : base::split(text, '\n')) {
    ++number;
    line = base::trim(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') continue;
    if (line.front() == '[' && line.back() == ']') {
      sections.push_back({std::string(line.substr(1, line.size() - 2)), number, {}});
      continue;
    }
    const auto sign = line.find_first_of("=:");
    if (sections.empty() || sign == std::string_view::npos) continue;
    sections.back().options[base::to_lower(base::trim(line.substr(0, sign)))] =
        base::trim(line.substr(sign + 1));
  }
  return sections;
}

/// Nothing for a section that describes no computer.
std::optional<Computer> to_computer(const Section& section) {
  const auto mac = base::Mac::parse(section.get("mac"));
  if (!base::is_uuid(section.name) || !mac) return std::nullopt;
  Computer computer;
  computer.uuid = section.name;
  computer.mac = *mac;
  computer.shortname = section.get("shortname");
  computer.fqdn =
      section.options.count("fqdn") != 0 ? section.get("fqdn") : section.get("fullname");
  computer.entity = section.get("entity");
  computer.updated = base::parse_integer<std::int64_t>(section.get("updated")).value_or(0);
  return computer;
}

/// A value can't begin a line of its own.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

}  // namespace

void ComputerTable::put(Computer computer) {
  if (const auto found = m_by_uuid.find(computer.uuid); found != m_by_uuid.end()) {
    remove(found->second);
  }
  if (const auto found = m_by_mac.find(key_of(computer.mac)); found != m_by_mac.end()) {
    remove(found->second);
  }
  const auto place = m_computers.insert(m_computers.end(), std::move(computer));
  m_by_uuid[place->uuid] = place;
  m_by_mac[key_of(place->mac)] = place;
}

bool ComputerTable::erase(std::string_view uuid) {
  const auto found = m_by_uuid.find(uuid);
  if (found == m_by_uuid.end()) return false;
  remove(found->second);
  return true;
}

void ComputerTable::remove(Place place) {
  m_by_uuid.erase(place->uuid);
  m_by_mac.erase(key_of(place->mac));
  m_computers.erase(place);
}

const Computer* ComputerTable::find(std::string_view uuid) const {
  const auto found = m_by_uuid.find(uuid);
  return found == m_by_uuid.end() ? nullptr : &*found->second;
}

const Computer* ComputerTable::find(const base::Mac& mac) const {
  const auto found = m_by_mac.find(key_of(mac));
  return found == m_by_mac.end() ? nullptr : &*found->second;
}

ReadTable parse_table(std::string_view text) {
  ReadTable read;
  for (const Section& section : sections_of(text)) {
    if (auto computer = to_computer(section)) {
      read.computers.push_back(*std::move(computer));
    } else if (read.problems.size() < k_most_problems) {
      read.problems.push_back("line " + std::to_string(section.line) + ": [" +
                              base::printable(section.name, 60) + "] has no UUID or no MAC");
    }
  }
  return read;
}

std::string render_table(const std::list<Computer>& computers) {
  std::string text;
  for (const Computer& computer : computers) {
    text += "[" + computer.uuid + "]\nmac = " + computer.mac.text();
    text += "\nshortname = " + one_line(computer.shortname);
    text += "\nfqdn = " + one_line(computer.fqdn);
    text += "\nentity = " + one_line(computer.entity);
    text += "\nupdated = " + std::to_string(computer.updated) + "\n\n";
  }
  return text;
}

}  // namespace pulse2::imaging
