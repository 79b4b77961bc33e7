#include "package/ole_summary.hpp"

#include <algorithm>
#include <vector>

namespace pulse2::package {
namespace {

// Offsets and values of the compound file format, [MS-CFB], and of property sets, [MS-OLEPS].
constexpr std::string_view k_magic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
constexpr std::size_t k_header_bytes = 512;
constexpr std::size_t k_entry_bytes = 128;
constexpr std::uint32_t k_last_regular_sector = 0xfffffff9;
constexpr std::uint32_t k_no_sector = 0xffffffff;
constexpr std::uint64_t k_mini_stream_cutoff = 4096;
constexpr std::uint64_t k_mini_sector_bytes = 64;
constexpr std::uint32_t k_template_property = 7;
constexpr std::uint32_t k_text_type = 30;  // VT_LPSTR

/// Sectors of one chain that are followed: broken files may chain in circles.
constexpr std::size_t k_longest_chain = 4096;
constexpr std::size_t k_longest_mini_stream = 2U << 20U;
constexpr std::size_t k_longest_summary = 64 * 1024;

/// Name of a directory entry; the names looked for are ASCII.
std::string entry_name(std::string_view entry) {
  std::string name;
  const std::size_t bytes = std::min<std::size_t>(u16_at(entry, 64), 64);
  for (std::size_t i = 0; i + 2 < bytes; i += 2)
    name += entry[i];
  return name;
}

/// A compound document's sectors and chains.
class Document {
 public:
  explicit Document(const FileBytes& file) : m_file(file), m_header(file.read(0, k_header_bytes)) {
    m_sector_bytes = u16_at(m_header, 30) == 12 ? 4096 : 512;
  }

  [[nodiscard]] bool is_valid() const {
    return m_header.size() == k_header_bytes && m_header.starts_with(k_magic);
  }

  /// The chain's first bytes, at most `limit`.
  [[nodiscard]] std::string read_chain(std::uint32_t sector, std::size_t limit) {
    std::string bytes;
    for (std::size_t i = 0; i < k_longest_chain && is_in_file(sector); ++i) {
      if (bytes.size() >= limit) break;
      bytes += sector_bytes(sector);
      sector = next(sector);
    }
    bytes.resize(std::min(bytes.size(), limit));
    return bytes;
  }

  [[nodiscard]] std::string directory() {
    return read_chain(u32_at(m_header, 48), k_longest_chain * k_entry_bytes);
  }

  /// A stream of the mini stream, whose sectors stand one after the other in `mini_stream`.
  [[nodiscard]] std::string read_mini(std::string_view mini_stream, std::uint32_t sector,
                                      std::size_t size) {
    const std::string table = read_chain(
        u32_at(m_header, 60), k_longest_mini_stream / k_mini_sector_bytes * sizeof(std::uint32_t));
    std::string bytes;
    for (std::size_t i = 0; i < k_longest_chain && bytes.size() < size; ++i) {
      const std::uint64_t offset = std::uint64_t{sector} * k_mini_sector_bytes;
      if (sector > k_last_regular_sector || offset >= mini_stream.size()) break;
      bytes += mini_stream.substr(static_cast<std::size_t>(offset), k_mini_sector_bytes);
      const std::size_t entry = std::size_t{sector} * sizeof(std::uint32_t);
      if (entry + sizeof(std::uint32_t) > table.size()) break;
      sector = u32_at(table, entry);
    }
    bytes.resize(std::min(bytes.size(), size));
    return bytes;
  }

 private:
  /// Whether the sector begins within the file. What follows from a larger number could be walked
  /// for hours.
  [[nodiscard]] bool is_in_file(std::uint32_t sector) const {
    return sector <= k_last_regular_sector &&
           (std::uint64_t{sector} + 1) * m_sector_bytes < m_file.size;
  }

  [[nodiscard]] std::string sector_bytes(std::uint32_t sector) const {
    return m_file.read((std::uint64_t{sector} + 1) * m_sector_bytes, m_sector_bytes);
  }

  /// The entry of a table that fills a sector.
  [[nodiscard]] std::uint32_t entry_of(std::uint32_t sector, std::size_t index) const {
    if (!is_in_file(sector)) return k_no_sector;
    const std::string entry =
        m_file.read((std::uint64_t{sector} + 1) * m_sector_bytes + index * sizeof(std::uint32_t),
                    sizeof(std::uint32_t));
    return entry.size() < sizeof(std::uint32_t) ? k_no_sector : u32_at(entry, 0);
  }

  /// The sector after this one, which is in the file, from the allocation table.
  [[nodiscard]] std::uint32_t next(std::uint32_t sector) {
    const std::size_t per_sector = m_sector_bytes / sizeof(std::uint32_t);
    return entry_of(table_sector(sector / per_sector), sector % per_sector);
  }

  /// A sector of the allocation table. The first 109 are named by the header. Those beyond, of
  /// files of more than 6 MiB, stand in a chain of sectors whose last entries name the next.
  [[nodiscard]] std::uint32_t table_sector(std::size_t index) {
    constexpr std::size_t k_in_header = 109;
    if (index < k_in_header) return u32_at(m_header, 76 + index * sizeof(std::uint32_t));
    const std::size_t per_sector = m_sector_bytes / sizeof(std::uint32_t) - 1;
    index -= k_in_header;
    if (m_table_chain.empty()) m_table_chain.push_back(u32_at(m_header, 68));
    while (m_table_chain.size() <= index / per_sector && is_in_file(m_table_chain.back()))
      m_table_chain.push_back(entry_of(m_table_chain.back(), per_sector));
    if (m_table_chain.size() <= index / per_sector) return k_no_sector;
    return entry_of(m_table_chain[index / per_sector], index % per_sector);
  }

  const FileBytes& m_file;
  std::string m_header;
  std::size_t m_sector_bytes = 512;
  std::vector<std::uint32_t> m_table_chain;  ///< as far as it was walked
};

/// The Template property of a summary information stream.
std::string template_of(std::string_view stream) {
  const std::size_t section = u32_at(stream, 44);
  if (section >= stream.size()) return {};
  const std::string_view set = stream.substr(section);
  const std::size_t count = std::min<std::size_t>(u32_at(set, 4), 256);
  for (std::size_t i = 0; i < count; ++i) {
    if (u32_at(set, 8 + i * 8) != k_template_property) continue;
    const std::size_t value = u32_at(set, 12 + i * 8);
    if (u32_at(set, value) != k_text_type || value + 8 > set.size()) return {};
    const std::string_view text = set.substr(value + 8, u32_at(set, value + 4));
    return std::string(text.substr(0, text.find('\0')));
  }
  return {};
}

OleSummary::Kind kind_of(std::string_view root_entry) {
  // {000C1084-0000-0000-C000-000000000046} and {000C1086-…}.
  constexpr std::string_view k_class_end{"\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", 15};
  const std::string_view class_id = root_entry.substr(80, 16);
  if (class_id.substr(1) != k_class_end) return OleSummary::Kind::other;
  if (class_id.front() == '\x84') return OleSummary::Kind::installer;
  if (class_id.front() == '\x86') return OleSummary::Kind::patch;
  return OleSummary::Kind::other;
}

}  // namespace

std::optional<OleSummary> read_ole_summary(const FileBytes& file) {
  Document document(file);
  if (!document.is_valid()) return std::nullopt;
  OleSummary summary;
  const std::string directory = document.directory();
  if (directory.size() < k_entry_bytes) return summary;
  const std::string_view root = std::string_view(directory).substr(0, k_entry_bytes);
  summary.kind = kind_of(root);
  for (std::size_t at = 0; at + k_entry_bytes <= directory.size(); at += k_entry_bytes) {
    const std::string_view entry = std::string_view(directory).substr(at, k_entry_bytes);
    if (entry_name(entry) != "\x05SummaryInformation") continue;
    const std::uint32_t start = u32_at(entry, 116);
    const std::size_t size = std::min<std::size_t>(u32_at(entry, 120), k_longest_summary);
    if (size >= k_mini_stream_cutoff) {
      summary.template_text = template_of(document.read_chain(start, size));
    } else {
      const std::string mini_stream = document.read_chain(u32_at(root, 116), k_longest_mini_stream);
      summary.template_text = template_of(document.read_mini(mini_stream, start, size));
    }
    break;
  }
  return summary;
}

}  // namespace pulse2::package
