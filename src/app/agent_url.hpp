#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/settings.hpp"

namespace pulse2::app {

/// What `scheme://[user[:password]@]host[:port][/]` says about the agent, over what the file says.
/// Percent-encoded parts are decoded. Error `invalid_argument` for any other text.
[[nodiscard]] base::Expected<config::MmcAgent> agent_at(std::string_view url,
                                                        config::MmcAgent settings);

/// The URL that the agent calls the imaging API by, credentials of [ssl] included.
[[nodiscard]] std::string imaging_url(const config::Settings& settings);

}  // namespace pulse2::app
