#pragma once

#include <string>
#include <string_view>

namespace pulse2::bootmenu {

/// UTF-8 as the boot loader shows it, in code page 437. Characters without a place in it lose their
/// accent or become '?'; so do control characters other than line feeds and tabs, and bytes that
/// are no UTF-8. Typographic quotes and dashes become plain ones.
[[nodiscard]] std::string to_code_page_437(std::string_view utf8);

}  // namespace pulse2::bootmenu
