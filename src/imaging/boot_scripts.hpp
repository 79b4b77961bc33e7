#pragma once

#include <string>

#include "base/error.hpp"

/// Scripts of boot services, `<postinst folder>/scripts/<id>.sh`. Callable from any thread; wait
/// for the disk. Errors `invalid_argument` for a name that is no file name ending in `.sh`.
namespace pulse2::imaging {

[[nodiscard]] base::Expected<void> write_script(const std::string& postinst_folder,
                                                const std::string& name, const std::string& text);
/// One that is missing is no error.
[[nodiscard]] base::Expected<void> remove_script(const std::string& postinst_folder,
                                                 const std::string& name);

}  // namespace pulse2::imaging
