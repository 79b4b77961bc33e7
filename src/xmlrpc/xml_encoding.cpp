#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>

#include "base/text.hpp"
#include "xmlrpc/xml_text.hpp"

namespace pulse2::xmlrpc {
namespace {

using base::ErrorKind;
using base::Expected;
using base::fail;

constexpr std::string_view k_utf8_mark = "\xEF\xBB\xBF";

/// What iconv may be asked for. A list, as a client names the encoding and iconv's stateful and
/// rarely used converters have a history of crashes and endless loops.
bool may_convert(std::string_view name) {
  constexpr std::array<std::string_view, 4> k_families = {"iso-8859-", "windows-125", "cp125",
                                                          "koi8-"};
  constexpr std::array<std::string_view, 12> k_names = {
      "cp437",  "cp850", "cp866",  "ibm850",  "macintosh", "shift_jis",
      "euc-jp", "gbk",   "gb2312", "gb18030", "big5",      "euc-kr"};
  return std::any_of(k_families.begin(), k_families.end(),
                     [&](std::string_view family) {
                       return name.starts_with(family) && name.size() <= family.size() + 2;
                     }) ||
         std::find(k_names.begin(), k_names.end(), name) != k_names.end();
}

/// Encodings whose text is taken as UTF-8. UTF-16 is among them as a declaration that could be read
/// byte by byte is not in UTF-16: some clients name their strings' encoding, not the document's.
bool stands_for_utf8(std::string_view name) {
  constexpr std::array<std::string_view, 8> k_names = {"",      "utf-8",  "utf8",  "us-ascii",
                                                       "ascii", "utf-16", "utf16", "unicode"};
  return std::find(k_names.begin(), k_names.end(), name) != k_names.end();
}

bool is_ascii(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

struct CloseIconv {
  void operator()(void* handle) const noexcept { (void)iconv_close(handle); }
};

Expected<std::string> convert(std::string_view text, const std::string& encoding) {
  const iconv_t opened = iconv_open("UTF-8", encoding.c_str());
  if (reinterpret_cast<std::intptr_t>(opened) == -1) {
    return fail(ErrorKind::malformed, "XML: unknown encoding " + encoding);
  }
  const std::unique_ptr<void, CloseIconv> handle(opened);
  std::string result;
  std::array<char, 16384> chunk{};
  char* from = const_cast<char*>(text.data());  // iconv's signature; it only reads
  std::size_t from_left = text.size();
  while (from_left > 0) {
    char* to = chunk.data();
    std::size_t to_left = chunk.size();
    const std::size_t converted = iconv(handle.get(), &from, &from_left, &to, &to_left);
    const int error = errno;
    result.append(chunk.data(), to);
    if (converted == static_cast<std::size_t>(-1) && (error != E2BIG || to == chunk.data())) {
      return fail(ErrorKind::malformed, "XML: bytes that are not " + encoding);
    }
  }
  return result;
}

/// The encoding a declaration at the start of the text names, in lower case; "" without one.
std::string declared_encoding(std::string_view text) {
  constexpr std::size_t k_longest_declaration = 512;
  if (!text.starts_with("<?xml")) return {};
  text = text.substr(0, k_longest_declaration);
  text = text.substr(0, text.find("?>"));
  const std::size_t attribute = text.find("encoding");
  if (attribute == std::string_view::npos) return {};
  text = base::trim(text.substr(attribute + std::string_view("encoding").size()));
  if (!text.starts_with('=')) return {};
  text = base::trim(text.substr(1));
  if (text.empty() || (text.front() != '"' && text.front() != '\'')) return {};
  return base::to_lower(text.substr(1, text.find(text.front(), 1) - 1));
}

/// The encoding the body has to be converted from; "" when it can be taken as it is.
Expected<std::string> foreign_encoding(std::string_view body) {
  if (body.starts_with("\xFF\xFE") || body.starts_with("\xFE\xFF")) return "UTF-16";
  if (body.starts_with(k_utf8_mark)) return "";
  std::string name =
      declared_encoding(body.substr(std::min(body.find_first_not_of(k_xml_space), body.size())));
  if (stands_for_utf8(name)) return "";
  if (name == "latin-1" || name == "latin1") name = "iso-8859-1";
  if (!may_convert(name)) {
    return fail(ErrorKind::malformed, "XML: unknown encoding " + base::printable(name, 40));
  }
  return name;
}

}  // namespace

Expected<void> prepare_document(std::string_view body, std::size_t convert_limit,
                                Document& document) {
  auto encoding = foreign_encoding(body);
  if (!encoding) return tl::unexpected<base::Error>(std::move(encoding).error());
  document.text = body;
  // Much of what is declared as Latin-1 is ASCII, and then needs neither time nor memory.
  const bool ascii = encoding->starts_with("iso-8859-") && is_ascii(body);
  if (!encoding->empty() && !ascii) {
    if (body.size() > convert_limit) {
      return fail(ErrorKind::invalid_argument,
                  "a body of this size must be sent in UTF-8, not in " + *encoding);
    }
    auto converted = convert(body, *encoding);
    if (!converted) return tl::unexpected<base::Error>(std::move(converted).error());
    document.converted = *std::move(converted);
    document.text = document.converted;
  }
  if (document.text.starts_with(k_utf8_mark)) document.text.remove_prefix(k_utf8_mark.size());
  const std::size_t valid = valid_xml_prefix(document.text);
  if (valid != document.text.size()) {
    return fail(ErrorKind::malformed,
                "XML: byte " + std::to_string(valid) + " is no UTF-8 or no character of XML");
  }
  return {};
}

}  // namespace pulse2::xmlrpc
