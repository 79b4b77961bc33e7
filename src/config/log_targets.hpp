#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/logging.hpp"
#include "config/python_literal.hpp"

namespace pulse2::config {

/// Where a handler of this class with these arguments writes to. `class_name` is as in the file,
/// with or without `logging.` before it. Errors: `not_found` for a class that there is not,
/// `invalid_argument` for arguments that do not fit it; the message is what was expected.
[[nodiscard]] base::Expected<LogTarget> make_log_target(std::string_view class_name,
                                                        const std::vector<Literal>& arguments);

}  // namespace pulse2::config
