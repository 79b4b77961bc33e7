#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "package/package.hpp"

namespace pulse2::package {

/// Reads a conf.json (UTF-8, with or without a byte order mark). Numbers and booleans stand for
/// their text, null for an absent member. Error: `malformed`, with a message "line N: reason", or
/// the reason alone when a member is missing or of a wrong type.
[[nodiscard]] base::Expected<Package> parse_conf_json(std::string_view bytes);

/// A whole conf.json, indented with four blanks. An absent reboot or associateinventory stays
/// absent. Texts must have passed check_texts().
[[nodiscard]] std::string write_conf_json(const Package& package);

}  // namespace pulse2::package
