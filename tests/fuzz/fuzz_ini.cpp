// Links: pulse2::config
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/load.hpp"

/// Any text must load to settings and diagnostics that can be shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = pulse2::config::load(text, "fuzz.ini");
  for (const auto& error : loaded.errors)
    (void)error.to_text();
  for (const auto& warning : loaded.warnings)
    (void)warning.to_text();
  (void)pulse2::config::effective_text(loaded);
  return 0;
}
