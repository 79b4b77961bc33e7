#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "imaging/images.hpp"

/// Restoration discs: what goes where (contract 06). Pure.
namespace pulse2::imaging {

/// The files of an image that the first volume holds beside its boot files, when they are there.
[[nodiscard]] bool is_needed_to_boot(std::string_view file);

/// One volume: names of the image's files in their order.
using Volume = std::vector<std::string>;

/// Cuts the image's other files into volumes of at most `capacity` bytes, one after the other;
/// `boot_size` bytes are in the first one already, which may hold nothing else. A file larger than
/// a volume gets one of its own. Error `limit_exceeded` for more than 1,000 volumes.
[[nodiscard]] base::Expected<std::vector<Volume>> plan_volumes(
    const std::vector<Images::File>& files, std::uint64_t boot_size, std::uint64_t capacity);

/// The disc's boot menu in code page 437.
[[nodiscard]] std::string disc_menu(std::string_view title, std::string_view description);

/// The title cut to the 32 bytes that a volume's label may have, at the end of a character.
[[nodiscard]] std::string volume_label(std::string_view title);

/// `name=path` as the generators take it, with `=` and `\` escaped: no name leads to another path.
[[nodiscard]] std::string graft_point(std::string_view name, std::string_view path);

/// The per cent that a line of the generator's output tells of.
[[nodiscard]] std::optional<int> progress_of(std::string_view line);

/// `<title>-<volume>.iso`; the `attempt`th name for the same title, counted from 1, holds its
/// number.
[[nodiscard]] std::string disc_name(std::string_view title, int attempt, std::size_t volume);

}  // namespace pulse2::imaging
