#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "imaging/images.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::imaging {

/// What free(1) prints for that /proc/meminfo, line by line, with an empty line at the end. Pure.
[[nodiscard]] std::vector<std::string> memory_lines(std::string_view meminfo);

/// What imagingServerStatus answers (contract 06); members that can't be found out are empty.
/// Waits for disks.
[[nodiscard]] xmlrpc::Struct server_status(const std::string& masters_folder,
                                           const std::vector<std::string>& disk_lines);

}  // namespace pulse2::imaging
