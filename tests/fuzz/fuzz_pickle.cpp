// Links: pulse2::base
#include <cstdint>
#include <string_view>

#include "base/pickle.hpp"

/// Whatever stands in an old data file, reading it ends, with a value or a refusal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)pulse2::base::read_pickle(bytes, 10'000);
  return 0;
}
