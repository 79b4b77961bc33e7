#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Small but complete files of the kinds that set-up programs come in.
namespace pulse2::test {

inline void put_number(std::string& bytes, std::size_t offset, std::uint64_t value,
                       std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    bytes[offset + i] = static_cast<char>(value >> (8 * i) & 0xFFU);
}

inline std::string number(std::uint64_t value, std::size_t size) {
  std::string bytes(size, '\0');
  put_number(bytes, 0, value, size);
  return bytes;
}

inline std::string utf16(std::string_view ascii) {
  std::string text;
  for (const char c : ascii)
    text += std::string{c, '\0'};
  return text;
}

inline std::string manifest(std::string_view name) {
  return "<assembly xmlns=\"urn:schemas-microsoft-com:asm.v1\" manifestVersion=\"1.0\">"
         "<assemblyIdentity type=\"win32\" name=\"" +
         std::string(name) + "\" version=\"1.0.0.0\"/></assembly>";
}

/// A Windows program of one code section and one resource section (PE/COFF specification), with
/// `payload` behind it.
inline std::string pe_program(const std::string& resources, const std::string& payload = {},
                              bool wide = false) {
  constexpr std::size_t k_page = 512;
  const std::size_t optional_bytes = wide ? 240 : 224;
  const std::size_t directories = wide ? 112 : 96;
  const std::size_t sections = 128 + 24 + optional_bytes;
  std::string file(k_page, '\0');
  file.replace(0, 2, "MZ");
  put_number(file, 60, 128, 4);
  file.replace(128, 4, std::string("PE\0\0", 4));
  put_number(file, 128 + 4, wide ? 0x8664 : 0x14c, 2);
  put_number(file, 128 + 6, 2, 2);
  put_number(file, 128 + 20, optional_bytes, 2);
  put_number(file, 128 + 22, 0x102, 2);
  put_number(file, 152, wide ? 0x20b : 0x10b, 2);
  put_number(file, 152 + directories - 4, 16, 4);
  put_number(file, 152 + directories + 2 * 8, 0x2000, 4);
  put_number(file, 152 + directories + 2 * 8 + 4, resources.size(), 4);
  const std::size_t resource_bytes = (resources.size() + k_page - 1) / k_page * k_page;
  file.replace(sections, 5, ".text");
  put_number(file, sections + 12, 0x1000, 4);
  put_number(file, sections + 16, k_page, 4);
  put_number(file, sections + 20, k_page, 4);
  file.replace(sections + 40, 5, ".rsrc");
  put_number(file, sections + 40 + 12, 0x2000, 4);
  put_number(file, sections + 40 + 16, resource_bytes, 4);
  put_number(file, sections + 40 + 20, 2 * k_page, 4);
  file += std::string(k_page, '\xcc') + resources;
  file.resize(2 * k_page + resource_bytes);
  return file + payload;
}

/// The property set of a summary information stream ([MS-OLEPS]) with a title and a template,
/// padded to `least` bytes.
inline std::string summary_stream(const std::string& template_text, std::size_t least = 0) {
  const auto text = [](std::string value) {
    value += '\0';
    std::string bytes = number(30, 4) + number(value.size(), 4) + value;
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return bytes;
  };
  const std::string title = text("Installation Database");
  const std::size_t first = 8 + 3 * 8;
  std::string section = number(1, 4) + number(first, 4) + number(2, 4) + number(first + 8, 4) +
                        number(7, 4) + number(first + 8 + title.size(), 4) + number(2, 4) +
                        number(1252, 4) + title + text(template_text);
  section = number(section.size() + 8, 4) + number(3, 4) + section;
  const std::string_view format("\xe0\x85\x9f\xf2\xf9\x4f\x68\x10\xab\x91\x08\x00\x2b\x27\xb3\xd9",
                                16);
  std::string stream = number(0xfffe, 2) + number(0, 2) + number(0x20006, 4) +
                       std::string(16, '\0') + number(1, 4) + std::string(format) + number(48, 4) +
                       section;
  stream.resize(std::max(stream.size(), least));
  return stream;
}

/// An OLE compound document ([MS-CFB]) as installers are.
class CompoundDocument {
 public:
  /// `class_number` is the first byte of the root's class id: 0x84 of installers, 0x86 of patches.
  /// `sector_bytes`: 512 in version 3, 4096 in version 4.
  explicit CompoundDocument(unsigned class_number, std::size_t sector_bytes = 512)
      : m_class(class_number), m_sector(sector_bytes) {}

  void add(const std::string& name, const std::string& content) {
    m_streams.push_back({name, content});
  }

  [[nodiscard]] std::string file() {
    for (auto& stream : m_streams) {
      if (stream.content.size() < 4096) put_mini(stream);
    }
    const std::uint32_t mini_start = put_chain(m_mini);
    for (auto& stream : m_streams) {
      if (stream.content.size() >= 4096) stream.start = put_chain(stream.content);
    }
    const std::uint32_t mini_table = put_chain(table_bytes(m_mini_table));
    const std::uint32_t directory = put_chain(directory_bytes(mini_start));
    return with_header(directory, mini_table);
  }

 private:
  static constexpr std::uint32_t k_end = 0xfffffffe;
  static constexpr std::uint32_t k_free = 0xffffffff;

  struct Stream {
    std::string name;
    std::string content;
    std::uint32_t start = 0;
  };

  static std::string padded(std::string bytes, std::size_t unit, char fill) {
    bytes.resize((bytes.size() + unit - 1) / unit * unit, fill);
    return bytes;
  }

  static void chain(std::vector<std::uint32_t>& table, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto next = static_cast<std::uint32_t>(table.size() + 1);
      table.push_back(i + 1 < count ? next : k_end);
    }
  }

  [[nodiscard]] std::string table_bytes(const std::vector<std::uint32_t>& table) const {
    std::string bytes;
    for (const std::uint32_t entry : table)
      bytes += number(entry, 4);
    return padded(bytes, m_sector, '\xff');
  }

  void put_mini(Stream& stream) {
    stream.start = static_cast<std::uint32_t>(m_mini_table.size());
    const std::string content = padded(stream.content, 64, '\0');
    chain(m_mini_table, content.size() / 64);
    m_mini += content;
  }

  std::uint32_t put_chain(const std::string& content) {
    if (content.empty()) return k_end;
    const auto start = static_cast<std::uint32_t>(m_table.size());
    const std::string sectors = padded(content, m_sector, '\0');
    chain(m_table, sectors.size() / m_sector);
    m_body += sectors;
    return start;
  }

  [[nodiscard]] std::string entry(const std::string& name, unsigned type, std::uint32_t start,
                                  std::size_t size, std::uint32_t child,
                                  std::uint32_t right) const {
    std::string bytes = utf16(name);
    bytes.resize(64, '\0');
    bytes += number(2 * name.size() + 2, 2) + number(type, 1) + number(1, 1) + number(k_free, 4) +
             number(right, 4) + number(child, 4);
    if (type == 5) {
      bytes += number(m_class, 1) + std::string("\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", 15);
    }
    bytes.resize(116, '\0');
    return bytes + number(start, 4) + number(size, 8);
  }

  [[nodiscard]] std::string directory_bytes(std::uint32_t mini_start) const {
    std::string bytes =
        entry("Root Entry", 5, mini_start, m_mini.size(), m_streams.empty() ? k_free : 1, k_free);
    for (std::size_t i = 0; i < m_streams.size(); ++i) {
      const auto right = i + 1 < m_streams.size() ? static_cast<std::uint32_t>(i + 2) : k_free;
      bytes += entry(m_streams[i].name, 2, m_streams[i].start, m_streams[i].content.size(), k_free,
                     right);
    }
    return bytes;
  }

  [[nodiscard]] std::string with_header(std::uint32_t directory, std::uint32_t mini_table) {
    const std::size_t per_sector = m_sector / 4;
    // The allocation table describes its own sectors too.
    std::size_t tables = 1;
    while ((m_table.size() + tables + per_sector - 1) / per_sector > tables)
      ++tables;
    const std::size_t first = m_table.size();
    m_table.resize(first + tables, 0xfffffffd);
    std::string header(m_sector, '\0');
    header.replace(0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    put_number(header, 24, 0x3e, 2);
    put_number(header, 26, m_sector == 512 ? 3 : 4, 2);
    put_number(header, 28, 0xfffe, 2);
    put_number(header, 30, m_sector == 512 ? 9 : 12, 2);
    put_number(header, 32, 6, 2);
    put_number(header, 44, tables, 4);
    put_number(header, 48, directory, 4);
    put_number(header, 56, 4096, 4);
    put_number(header, 60, mini_table, 4);
    put_number(header, 64, m_mini_table.empty() ? 0 : 1, 4);
    put_number(header, 68, k_end, 4);
    for (std::size_t i = 0; i < 109; ++i)
      put_number(header, 76 + 4 * i, i < tables ? first + i : k_free, 4);
    return header + m_body + table_bytes(m_table);
  }

  unsigned m_class;
  std::size_t m_sector;
  std::vector<Stream> m_streams;
  std::vector<std::uint32_t> m_table;
  std::vector<std::uint32_t> m_mini_table;
  std::string m_mini;
  std::string m_body;
};

/// The smallest installer (0x84) or patch (0x86): nothing but its summary.
inline std::string installer(unsigned class_number, const std::string& template_text) {
  CompoundDocument document(class_number);
  document.add("\x05SummaryInformation", summary_stream(template_text));
  return document.file();
}

}  // namespace pulse2::test
