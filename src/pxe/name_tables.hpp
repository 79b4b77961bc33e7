#pragma once

#include <optional>
#include <string_view>

/// Names of hardware codes, compiled from src/pxe/data/*.json.
namespace pulse2::pxe {

/// A kind of chassis by its code in hexadecimal without leading zeros, `1` to `1d`.
[[nodiscard]] std::optional<std::string_view> chassis_name(std::string_view code) noexcept;
/// A family of processors by its SMBIOS code in upper-case hexadecimal, two or three digits.
[[nodiscard]] std::optional<std::string_view> processor_family_name(std::string_view code) noexcept;
/// A file system by the type of its partition, two lower-case hexadecimal digits.
[[nodiscard]] std::optional<std::string_view> partition_type_name(std::string_view code) noexcept;

}  // namespace pulse2::pxe
