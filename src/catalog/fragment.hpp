#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "catalog/gzip.hpp"

namespace pulse2::catalog {

/// A package's record as `<value><struct>…</struct></value>`, as it is sent. Kept packed: a record
/// of five files takes half a KiB instead of more than four.
/// Immutable; may be used by any thread.
class Fragment {
 public:
  explicit Fragment(std::string_view text);
  Fragment(const Fragment&) = delete;
  Fragment& operator=(const Fragment&) = delete;
  ~Fragment();

  /// Bytes of the text.
  [[nodiscard]] std::size_t size() const noexcept { return m_size; }
  void append_to(std::string& out) const;
  [[nodiscard]] std::string text() const;
  /// The text compressed so that pieces can be joined (GzipJoiner), as long as this lives. Made
  /// when it is first asked for, which takes some 30 µs, so that no start waits for it.
  [[nodiscard]] const DeflatedPiece& deflated() const;

 private:
  std::string m_packed;
  std::size_t m_size;
  mutable std::atomic<const DeflatedPiece*> m_deflated{nullptr};
};

}  // namespace pulse2::catalog
