#include "imaging/computer_name.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace pulse2::imaging {
namespace {

constexpr std::size_t k_longest_name = 1000;
constexpr std::size_t k_longest_agents_name = 255;
constexpr std::size_t k_shortest_entity = 3;
constexpr std::size_t k_longest_entity = 64;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_alphanumeric(char c) {
  return is_letter(c) || (c >= '0' && c <= '9');
}

bool is_profile(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_entity(std::string_view text) {
  return text.size() >= k_shortest_entity && text.size() <= k_longest_entity &&
         std::all_of(text.begin(), text.end(), is_alphanumeric);
}

bool is_host(std::string_view text) {
  const auto inner = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_'; };
  return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), inner);
}

bool is_domain(std::string_view text) {
  const auto labels = base::split(text, '.');
  return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return is_host(label) && is_letter(label.front());
  });
}

}  // namespace

std::optional<ComputerName> parse_computer_name(std::string_view text) {
  if (text.size() > k_longest_name) return std::nullopt;
  ComputerName name;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    name.profile = text.substr(0, colon);
    if (!is_profile(name.profile)) return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  if (const auto slash = text.rfind('/'); slash != std::string_view::npos) {
    const auto entities = base::split(text.substr(0, slash), '/');
    // The path begins with a slash, so that its first part is empty.
    if (entities.size() < 2 || !entities.front().empty()) return std::nullopt;
    if (!std::all_of(entities.begin() + 1, entities.end(), is_entity)) return std::nullopt;
    name.entity = entities.back();
    text.remove_prefix(slash + 1);
  }
  const auto dot = text.find('.');
  name.host = text.substr(0, dot);
  if (!is_host(name.host)) return std::nullopt;
  if (dot == std::string_view::npos) return name;
  name.domain = text.substr(dot + 1);
  if (!is_domain(name.domain)) return std::nullopt;
  return name;
}

std::optional<ComputerName> parse_agents_name(std::string_view text) {
  if (auto name = parse_computer_name(text)) return name;
  const auto is_odd = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '/';
  };
  if (text.size() > k_longest_agents_name || std::any_of(text.begin(), text.end(), is_odd)) {
    return std::nullopt;
  }
  const auto dot = text.find('.');
  ComputerName name;
  name.host = text.substr(0, dot);
  if (name.host.empty()) return std::nullopt;
  if (dot != std::string_view::npos) name.domain = text.substr(dot + 1);
  return name;
}

}  // namespace pulse2::imaging
