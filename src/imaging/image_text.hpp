#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the files of an image say (contract 06). Pure.
namespace pulse2::imaging {

/// size.txt: its first number counts KiB. Bytes; nothing without a number.
[[nodiscard]] std::optional<std::uint64_t> parse_image_size(std::string_view text);

/// log.txt: whether a line tells of an error.
[[nodiscard]] bool tells_of_error(std::string_view log);

/// log.txt: whether the image is the backup of a computer, by the command line it was made with.
[[nodiscard]] bool tells_of_rescue(std::string_view log);

/// The lines with their line feeds.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);

/// conf.txt: the rest of the line that begins with `key` and white space; "" when there is none.
[[nodiscard]] std::string conf_entry(std::string_view conf, std::string_view key);

}  // namespace pulse2::imaging
