#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/handler.hpp"
#include "os/mapped_file.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::net {

/// Collects the bytes of one request body: in memory while it is small, then in a temporary file
/// without a name, which is gone with this object or the process.
class BodyStore {
 public:
  /// `in_memory`: bytes after which the file takes over.
  BodyStore(const Rules& rules, std::size_t in_memory);

  /// Makes ready for a body of known length. Errors: `limit_exceeded` for more than the rules
  /// allow, `no_space` when it would eat into the reserve.
  base::Expected<void> expect(std::uint64_t length);
  /// Errors as expect(), and those of writing the file.
  base::Expected<void> append(std::string_view bytes);
  /// The whole body; valid as long as this object. No append() afterwards.
  [[nodiscard]] base::Expected<std::string_view> finish();
  /// Gives a part of a large body back to the system, which takes long for all of it at once; true
  /// while there is more. The body can't be read any more.
  [[nodiscard]] bool give_back_part();

 private:
  base::Expected<void> check_space(std::uint64_t more) const;
  base::Expected<void> open_file();

  const Rules& m_rules;
  std::size_t m_in_memory;
  std::uint64_t m_size = 0;
  std::uint64_t m_checked = 0;  ///< size up to which the space was found to be enough
  std::string m_memory;
  os::UniqueFd m_file;
  std::optional<os::MappedFile> m_map;
};

}  // namespace pulse2::net
