#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pulse2::imaging {

/// The parts of a computer's name as it is registered; "" for those that were not given.
struct ComputerName {
  std::string profile;
  std::string entity;  ///< last component of the entity's path
  std::string host;
  std::string domain;
};

/// Reads `[profile:][/entity/…/]host[.domain]` (contract 06): profile of letters, digits and `-`;
/// entities of 3 to 64 letters and digits; host of letters, digits, `-` and `_` between a letter or
/// digit at each end; labels of the domain likewise, beginning with a letter. Nothing for any other
/// text, and for one of more than 1,000 bytes.
[[nodiscard]] std::optional<ComputerName> parse_computer_name(std::string_view text);

}  // namespace pulse2::imaging
