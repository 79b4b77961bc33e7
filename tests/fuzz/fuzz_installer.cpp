// Links: pulse2::package
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "package/suggested_command.hpp"

/// Whatever a file claims to be: a command that names it, or none; and reads within bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  const std::string content(reinterpret_cast<const char*>(data), length);
  const auto read = [&](std::uint64_t offset, std::size_t size) {
    if (offset >= content.size()) return std::string();
    return content.substr(static_cast<std::size_t>(offset), size);
  };
  for (const char* name : {"a.msi", "a.exe"}) {
    const auto command = pulse2::package::suggest_command(name, {content.size(), read});
    if (command && command->find(std::string("\"") + name + "\"") == std::string::npos)
      std::abort();
  }
  return 0;
}
