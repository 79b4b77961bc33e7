#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace pulse2::mirroring {

/// Package ids and the targets that lack them.
using FormerStatus = std::map<std::string, std::vector<std::string>>;

/// Reads the former server's status file, a pickle of {pid: [target, …]}. What has another form
/// within the dict is left out. Error `malformed` for what is no such pickle.
[[nodiscard]] base::Expected<FormerStatus> read_former_status(std::string_view bytes);

}  // namespace pulse2::mirroring
