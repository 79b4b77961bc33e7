#include "package/pe_image.hpp"

#include <string>

namespace pulse2::package {
namespace {

// Offsets and values of the PE/COFF specification.
constexpr std::size_t k_dos_header_bytes = 64;
constexpr std::size_t k_pe_offset_at = 60;
constexpr std::size_t k_coff_header_bytes = 24;  // with the signature
constexpr std::size_t k_section_bytes = 40;
constexpr std::size_t k_resource_entry = 2;  // in the optional header's data directories
constexpr std::size_t k_directory_bytes = 8;
constexpr std::uint32_t k_pe32 = 0x10b;
constexpr std::uint32_t k_pe32_plus = 0x20b;

/// Offset of the data directories in the optional header, 0 for an unknown kind of header.
std::size_t directories_at(std::string_view optional_header) {
  switch (u16_at(optional_header, 0)) {
    case k_pe32:
      return 96;
    case k_pe32_plus:
      return 112;
    default:
      return 0;
  }
}

/// The address of the resources once loaded, 0 when there are none.
std::uint32_t resource_address(std::string_view optional_header) {
  const std::size_t directories = directories_at(optional_header);
  if (directories == 0 || u32_at(optional_header, directories - 4) <= k_resource_entry) return 0;
  return u32_at(optional_header, directories + k_resource_entry * k_directory_bytes);
}

}  // namespace

std::optional<FileRange> find_pe_resources(const FileBytes& file) {
  const std::string dos = file.read(0, k_dos_header_bytes);
  if (!dos.starts_with("MZ")) return std::nullopt;
  const std::uint64_t start = u32_at(dos, k_pe_offset_at);
  const std::string coff = file.read(start, k_coff_header_bytes);
  if (!coff.starts_with(std::string_view("PE\0\0", 4))) return std::nullopt;
  const std::size_t optional_bytes = u16_at(coff, 20);
  const std::uint32_t address =
      resource_address(file.read(start + k_coff_header_bytes, optional_bytes));
  if (address == 0) return std::nullopt;
  const std::size_t count = u16_at(coff, 6);
  const std::string sections =
      file.read(start + k_coff_header_bytes + optional_bytes, count * k_section_bytes);
  for (std::size_t at = 0; at + k_section_bytes <= sections.size(); at += k_section_bytes) {
    const std::uint32_t begin = u32_at(sections, at + 12);
    const std::uint32_t size = u32_at(sections, at + 16);
    if (address < begin || address - begin >= size) continue;
    return FileRange{u32_at(sections, at + 20), size};
  }
  return std::nullopt;
}

}  // namespace pulse2::package
