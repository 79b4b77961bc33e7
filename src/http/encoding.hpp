#pragma once

#include <string_view>

namespace pulse2::http {

/// Whether an Accept-Encoding header takes gzip (RFC 9110 §12.5.3): named (also as x-gzip) or
/// covered by `*`, with a weight above 0 and not below identity's. An empty header does not.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding) noexcept;

}  // namespace pulse2::http
