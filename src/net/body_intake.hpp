#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "http/request.hpp"
#include "net/body_store.hpp"
#include "net/chunked.hpp"

namespace pulse2::net {

/// Finds the body of one request in what arrives, and stores it.
class BodyIntake {
 public:
  /// `store` outlives this object.
  BodyIntake(const http::RequestHead& head, BodyStore& store);

  [[nodiscard]] bool is_complete() const noexcept;
  /// Takes what of `bytes` belongs to the body; they become what follows. Errors: of the decoder
  /// and of the store.
  base::Expected<void> take(std::string_view& bytes);

 private:
  base::Expected<void> take_chunks(std::string_view& bytes);

  BodyStore& m_store;
  bool m_is_chunked;
  std::uint64_t m_left;  ///< bytes, of a body that is not chunked
  ChunkedDecoder m_chunks;
};

}  // namespace pulse2::net
