#pragma once

#include <string_view>

#include "base/error.hpp"

/// The one rule for names that clients send and that become file names (contract 03): no empty,
/// absolute or over-long name, no component `.` or `..`, no NUL, backslash or control character,
/// valid UTF-8. Whether a link leads out of a tree is os/beneath.hpp's matter.
namespace pulse2::base {

/// A single path component: package ids, upload folders, titles. `what` names it in the error.
[[nodiscard]] Expected<void> check_component(std::string_view name, std::string_view what);

/// A relative path of one or more components, e.g. `sub/file`; one trailing slash is no component.
[[nodiscard]] Expected<void> check_relative_path(std::string_view path, std::string_view what);

}  // namespace pulse2::base
