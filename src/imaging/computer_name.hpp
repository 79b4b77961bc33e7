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

/// Reads what the agent calls a computer it knows, which may be more than can be registered here
/// (accents, blanks): as above when it is such a name, else the text up to its first dot is the
/// host, the rest the domain. Nothing for a text that is empty or longer than 255 bytes, or holds
/// slashes or control characters.
[[nodiscard]] std::optional<ComputerName> parse_agents_name(std::string_view text);

}  // namespace pulse2::imaging
