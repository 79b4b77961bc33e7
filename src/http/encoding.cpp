#include "http/encoding.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace pulse2::http {
namespace {

constexpr int k_full_weight = 1000;

/// A qvalue ("0.5") in thousandths; nothing when it is none.
std::optional<int> parse_weight(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  int weight = (text[0] - '0') * k_full_weight;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int unit = k_full_weight;
  for (std::size_t i = 2; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    unit /= 10;
    weight += (text[i] - '0') * unit;
  }
  return weight <= k_full_weight ? std::optional<int>(weight) : std::nullopt;
}

struct Coding {
  std::string_view name;
  int weight = k_full_weight;
};

/// `gzip;q=0.5`. A weight that cannot be read forbids the coding: plain bytes suit everybody.
Coding parse_coding(std::string_view element) noexcept {
  const std::size_t semicolon = std::min(element.find(';'), element.size());
  Coding coding{base::trim(element.substr(0, semicolon))};
  if (semicolon == element.size()) return coding;
  const std::string_view parameter = base::trim(element.substr(semicolon + 1));
  const std::size_t equals = std::min(parameter.find('='), parameter.size());
  const bool is_weight = base::iequals(base::trim(parameter.substr(0, equals)), "q");
  if (!is_weight || equals == parameter.size()) return {coding.name, 0};
  coding.weight = parse_weight(base::trim(parameter.substr(equals + 1))).value_or(0);
  return coding;
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) noexcept {
  std::optional<int> gzip;
  std::optional<int> any;
  int identity = 0;
  while (!accept_encoding.empty()) {
    const std::size_t comma = std::min(accept_encoding.find(','), accept_encoding.size());
    const Coding coding = parse_coding(accept_encoding.substr(0, comma));
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    if (base::iequals(coding.name, "gzip") || base::iequals(coding.name, "x-gzip")) {
      gzip = std::max(gzip.value_or(0), coding.weight);
    } else if (coding.name == "*") {
      any = coding.weight;
    } else if (base::iequals(coding.name, "identity")) {
      identity = coding.weight;
    }
  }
  const int weight = gzip.value_or(any.value_or(0));
  return weight > 0 && weight >= identity;
}

}  // namespace pulse2::http
