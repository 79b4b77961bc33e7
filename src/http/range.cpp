#include "http/range.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/text.hpp"
#include "http/field.hpp"

namespace pulse2::http {
namespace {

constexpr std::uint64_t k_huge = std::numeric_limits<std::uint64_t>::max();

/// `first-last`, `first-` or `-suffix`, before it is compared with the size.
struct Spec {
  std::optional<std::uint64_t> first;
  std::optional<std::uint64_t> last;
};

/// One or more digits; numbers beyond 64 bit are as good as the largest.
std::optional<std::uint64_t> parse_digits(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  std::uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc::result_out_of_range ? k_huge : value;
}

std::optional<Spec> parse_spec(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view first = text.substr(0, dash);
  const std::string_view last = text.substr(dash + 1);
  const Spec spec{parse_digits(first), parse_digits(last)};
  if (!spec.first && !first.empty()) return std::nullopt;
  if (!spec.last && !last.empty()) return std::nullopt;
  if (!spec.first && !spec.last) return std::nullopt;
  if (spec.first && spec.last && *spec.first > *spec.last) return std::nullopt;
  return spec;
}

/// The specs after `bytes=`; empty when the header is to be ignored.
std::vector<Spec> parse_specs(std::string_view header) {
  const std::size_t equals = header.find('=');
  if (equals == std::string_view::npos) return {};
  if (!base::iequals(base::trim(header.substr(0, equals)), "bytes")) return {};
  const auto elements = list_elements(header.substr(equals + 1));
  if (elements.size() > k_max_ranges) return {};
  std::vector<Spec> specs;
  for (const std::string_view element : elements) {
    const auto spec = parse_spec(element);
    if (!spec) return {};
    specs.push_back(*spec);
  }
  return specs;
}

std::optional<ByteRange> resolve(const Spec& spec, std::uint64_t size) {
  if (spec.first) {
    if (*spec.first >= size) return std::nullopt;
    return ByteRange{*spec.first, std::min(spec.last.value_or(k_huge), size - 1)};
  }
  if (*spec.last == 0 || size == 0) return std::nullopt;
  return ByteRange{size - std::min(*spec.last, size), size - 1};
}

/// A suffix of an empty file is satisfiable, but no Content-Range can say "no bytes".
bool is_empty_suffix(const Spec& spec, std::uint64_t size) {
  return size == 0 && !spec.first && *spec.last > 0;
}

/// Overlaps make an answer larger than the file: RFC 9110 §14.2 and §17.15 let us ignore them.
bool is_longer_than_whole(const std::vector<ByteRange>& ranges, std::uint64_t size) {
  std::uint64_t left = size;
  for (const ByteRange& range : ranges) {
    if (range.length() > left) return true;
    left -= range.length();
  }
  return false;
}

}  // namespace

RangeRequest parse_range(std::string_view header, std::uint64_t size) {
  const std::vector<Spec> specs = parse_specs(header);
  if (specs.empty()) return {};
  RangeRequest request{RangeOutcome::partial, {}};
  for (const Spec& spec : specs) {
    if (is_empty_suffix(spec, size)) return {};
    if (const auto range = resolve(spec, size)) request.ranges.push_back(*range);
  }
  if (request.ranges.empty()) return {RangeOutcome::unsatisfiable, {}};
  if (is_longer_than_whole(request.ranges, size)) return {};
  return request;
}

}  // namespace pulse2::http
