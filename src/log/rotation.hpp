#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "config/logging.hpp"

/// When Python's TimedRotatingFileHandler renames a file, and to what. No clock and no disk: times
/// are given. Days begin at local midnight (UTC when the rule says so), through changes to and from
/// summer time.
namespace pulse2::log {

/// The moment that ends the period in which `from` lies. As in Python, `interval` counts only for
/// units below a week that are no midnight.
[[nodiscard]] std::time_t next_rotation(const config::RotationRule& rule, std::time_t from);

/// The file's new name when its period ends at `rotation`: `path.` and when the period began, such
/// as `main.log.2024-03-30`.
[[nodiscard]] std::string rotated_name(const config::RotationRule& rule, std::string_view path,
                                       std::time_t rotation);

/// Those of a folder's `names` that are rotated files of `file_name` and too many, oldest first;
/// `keep` 0 keeps all. A name may have an extension more (`.gz`).
[[nodiscard]] std::vector<std::string> surplus_names(const config::RotationRule& rule,
                                                     std::string_view file_name,
                                                     const std::vector<std::string>& names,
                                                     std::size_t keep);

}  // namespace pulse2::log
