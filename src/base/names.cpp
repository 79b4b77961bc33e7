#include "base/names.hpp"

#include <algorithm>
#include <string>

#include "base/text.hpp"

namespace pulse2::base {
namespace {

constexpr std::size_t k_max_component = 255;  // NAME_MAX of Linux file systems
constexpr std::size_t k_max_path = 4000;      // below PATH_MAX, with room for the root

tl::unexpected<Error> refuse(std::string_view name, std::string_view what, std::string_view why) {
  return fail(ErrorKind::invalid_argument,
              std::string(what) + " '" + printable(name) + "' is refused: " + std::string(why));
}

}  // namespace

Expected<void> check_component(std::string_view name, std::string_view what) {
  if (name.empty()) return refuse(name, what, "it is empty");
  if (name == "." || name == "..") return refuse(name, what, "it is not a name");
  if (name.find('/') != std::string_view::npos) return refuse(name, what, "it holds a slash");
  if (name.find('\\') != std::string_view::npos) return refuse(name, what, "it holds a backslash");
  if (name.size() > k_max_component) return refuse(name, what, "it is longer than 255 bytes");
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(name.begin(), name.end(), is_control)) {
    return refuse(name, what, "it holds a control character");
  }
  if (!is_utf8(name)) return refuse(name, what, "it is not UTF-8");
  return {};
}

Expected<void> check_relative_path(std::string_view path, std::string_view what) {
  if (path.size() > k_max_path) return refuse(path, what, "it is longer than 4000 bytes");
  if (!path.empty() && path.front() == '/') return refuse(path, what, "it is absolute");
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  for (const std::string_view component : split(path, '/')) {
    PULSE2_TRY(check_component(component, what));
  }
  return {};
}

}  // namespace pulse2::base
