#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "package/package.hpp"

namespace pulse2::package {

/// Reads a conf.xml in any encoding that it declares and iconv knows. A DOCTYPE is accepted;
/// nothing outside is fetched, and entities of its internal subset expand to a bounded size.
/// Error: `malformed`, with a message "line N: reason" (N from 1).
[[nodiscard]] base::Expected<Package> parse_conf_xml(std::string_view bytes);

/// A whole conf.xml: UTF-8, the DOCTYPE with its internal subset, indented with tabs, without
/// `<files>`. An absent reboot or associateinventory is written as 0. Texts must have passed
/// check_texts().
[[nodiscard]] std::string write_conf_xml(const Package& package);

}  // namespace pulse2::package
