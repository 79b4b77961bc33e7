#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

/// What pugixml leaves to its caller: encodings, characters and entities of an XML document.
namespace pulse2::package {

/// The line, from 1, in which the byte at `offset` stands.
[[nodiscard]] std::size_t line_of(std::string_view text, std::size_t offset) noexcept;

/// `malformed`, with the message "line N: reason".
[[nodiscard]] tl::unexpected<base::Error> fail_at_line(std::size_t line, std::string_view reason);

/// True for UTF-8 of characters that XML 1.0 allows.
[[nodiscard]] bool is_xml_text(std::string_view text) noexcept;

/// The document in UTF-8 without byte order mark: as the mark says, else as the XML declaration
/// says, else as it is. Error: `malformed`.
[[nodiscard]] base::Expected<std::string> xml_to_utf8(std::string_view bytes);

/// The document with the entities of its DOCTYPE's internal subset replaced by their text, every
/// reference and character checked. External entities are never fetched: they become nothing.
/// Error: `malformed`, also when the entities would expand beyond 1 MiB or 16 levels.
[[nodiscard]] base::Expected<std::string> resolve_entities(std::string_view document);

}  // namespace pulse2::package
