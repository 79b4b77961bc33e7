#include "http/target.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "http/percent.hpp"

namespace pulse2::http {
namespace {

tl::unexpected<base::Error> refuse(std::string_view target) {
  return base::fail(base::ErrorKind::invalid_argument,
                    "'" + base::printable(target) + "' is no request target.");
}

/// Space and control characters; bytes above 127 are let through, clients send UTF-8 as it is.
constexpr bool is_forbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F;
}

/// Whether a target is nothing but a path in order: most are, and nothing is taken apart for them.
bool is_plain_path(std::string_view target) {
  static constexpr auto k_stands_for_itself = [] {
    std::array<bool, 256> table{};
    for (unsigned i = 0; i < table.size(); ++i) {
      const auto c = static_cast<char>(i);
      table[i] = !is_forbidden(c) && c != '%' && c != '?';
    }
    return table;
  }();
  char before = '\0';
  for (const char c : target) {
    if (!k_stands_for_itself[static_cast<unsigned char>(c)]) return false;
    if (before == '/' && (c == '/' || c == '.')) return false;
    before = c;
  }
  return target.starts_with('/');
}

/// Cuts `http://authority` off the front of an absolute URL; empty when it is none.
std::string_view take_authority(std::string_view& target) {
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return {};
  const std::string_view name = target.substr(0, scheme);
  if (!base::iequals(name, "http") && !base::iequals(name, "https")) return {};
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(target.find_first_of("/?", begin), target.size());
  const std::string_view authority = target.substr(begin, end - begin);
  if (!authority.empty()) target.remove_prefix(end);
  return authority;
}

}  // namespace

base::Expected<Target> parse_target(std::string_view target) {
  if (is_plain_path(target)) return Target{std::string(target), {}, {}};
  const std::string_view all = target;
  if (target.empty() || std::any_of(target.begin(), target.end(), is_forbidden)) return refuse(all);
  if (target == "*") return Target{"*", {}, {}};

  Target parsed;
  parsed.authority = target.front() == '/' ? std::string_view{} : take_authority(target);
  if (parsed.authority.empty() && target.front() != '/') return refuse(all);

  const std::size_t question = std::min(target.find('?'), target.size());
  if (question < target.size()) parsed.query = target.substr(question + 1);
  auto path = decode_path(target.substr(0, question));
  if (!path) return tl::unexpected<base::Error>(std::move(path).error());
  auto normal = normalize_path(*path);
  if (!normal) return tl::unexpected<base::Error>(std::move(normal).error());
  parsed.path = std::move(*normal);
  return parsed;
}

}  // namespace pulse2::http
