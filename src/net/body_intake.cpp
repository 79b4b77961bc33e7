#include "net/body_intake.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace pulse2::net {

BodyIntake::BodyIntake(const http::RequestHead& head, BodyStore& store)
    : m_store(store), m_is_chunked(head.chunked), m_left(head.content_length.value_or(0)) {}

bool BodyIntake::is_complete() const noexcept {
  return m_is_chunked ? m_chunks.done() : m_left == 0;
}

base::Expected<void> BodyIntake::take(std::string_view& bytes) {
  if (m_is_chunked) return take_chunks(bytes);
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(m_left, bytes.size()));
  PULSE2_TRY(m_store.append(bytes.substr(0, size)));
  bytes.remove_prefix(size);
  m_left -= size;
  return {};
}

base::Expected<void> BodyIntake::take_chunks(std::string_view& bytes) {
  // Chunks may be of one byte: what came together is stored together.
  std::string data;
  while (!bytes.empty() && !m_chunks.done()) {
    const auto step = m_chunks.feed(bytes);
    if (!step) return tl::unexpected(step.error());
    data += step->data;
    bytes.remove_prefix(step->consumed);
  }
  return m_store.append(data);
}

}  // namespace pulse2::net
