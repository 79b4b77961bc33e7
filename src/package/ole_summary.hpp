#pragma once

#include <optional>
#include <string>

#include "package/file_bytes.hpp"

namespace pulse2::package {

/// What an OLE compound document (MSI and MSP files are ones) says of itself.
struct OleSummary {
  enum class Kind { installer, patch, other };
  Kind kind = Kind::other;    ///< by the class id of the root storage
  std::string template_text;  ///< the Template summary property, e.g. "x64;1033"; may be empty
};

/// Nothing when the file is no compound document. Reads a bounded number of sectors, whatever the
/// file claims about itself.
[[nodiscard]] std::optional<OleSummary> read_ole_summary(const FileBytes& file);

}  // namespace pulse2::package
