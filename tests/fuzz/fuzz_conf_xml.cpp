// Links: pulse2::package
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "package/conf_xml.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

/// What can be read can be written, and reads back with the same known members.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), length);
  const auto package = pulse2::package::parse_conf_xml(bytes);
  if (!package) {
    require(package.error().kind == pulse2::base::ErrorKind::malformed);
    return 0;
  }
  require(pulse2::package::check_texts(*package).has_value());
  auto again = pulse2::package::parse_conf_xml(pulse2::package::write_conf_xml(*package));
  require(again.has_value());
  require(again->id == package->id && again->label == package->label);
  require(again->version == package->version);
  require(again->description == package->description);
  require(again->command == package->command);
  require(again->sub_packages == package->sub_packages);
  require(again->extras.members.size() == package->extras.members.size());
  require(again->extras.attributes.size() == package->extras.attributes.size());
  require(again->extras.elements.size() == package->extras.elements.size());
  return 0;
}
