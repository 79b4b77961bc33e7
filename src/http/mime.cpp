#include "http/mime.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace pulse2::http {
namespace {

using Entry = std::pair<std::string_view, std::string_view>;

/// Names without a telling suffix.
constexpr auto k_names = std::to_array<Entry>({
    {"md5sums", "text/plain"},
    {"readme", "text/plain"},
    {"license", "text/plain"},
    {"copying", "text/plain"},
    {"changelog", "text/plain"},
});

/// Suffixes in ASCII order, for binary search. bat, com, dll, exe and msi share one type.
constexpr auto k_suffixes = std::to_array<Entry>({
    {"7z", "application/x-7z-compressed"},
    {"apk", "application/vnd.android.package-archive"},
    {"bat", "application/x-msdos-program"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/x-csrc"},
    {"cab", "application/vnd.ms-cab-compressed"},
    {"cfg", "text/plain"},
    {"cmd", "application/x-msdos-program"},
    {"com", "application/x-msdos-program"},
    {"conf", "text/plain"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"deb", "application/vnd.debian.binary-package"},
    {"dll", "application/x-msdos-program"},
    {"dmg", "application/x-apple-diskimage"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"exe", "application/x-msdos-program"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ico", "image/vnd.microsoft.icon"},
    {"img", "application/octet-stream"},
    {"inf", "text/plain"},
    {"ini", "text/plain"},
    {"iso", "application/x-iso9660-image"},
    {"jar", "application/java-archive"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"log", "text/plain"},
    {"md", "text/markdown"},
    {"md5", "text/plain"},
    {"msi", "application/x-msdos-program"},
    {"msp", "application/octet-stream"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"pdf", "application/pdf"},
    {"pkg", "application/octet-stream"},
    {"pl", "text/x-perl"},
    {"png", "image/png"},
    {"ps1", "text/plain"},
    {"py", "text/x-python"},
    {"rar", "application/vnd.rar"},
    {"reg", "text/plain"},
    {"rpm", "application/x-rpm"},
    {"rtf", "application/rtf"},
    {"sh", "text/x-sh"},
    {"sha1", "text/plain"},
    {"sha256", "text/plain"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tgz", "application/gzip"},
    {"txt", "text/plain"},
    {"vbs", "text/plain"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xz", "application/x-xz"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
});
static_assert(std::is_sorted(k_suffixes.begin(), k_suffixes.end()));

constexpr std::string_view k_unknown = "application/octet-stream";
constexpr std::size_t k_longest_key = 9;

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view type_of_name(std::string_view name) noexcept {
  const auto* found = std::find_if(k_names.begin(), k_names.end(), [name](const Entry& entry) {
    return base::iequals(entry.first, name);
  });
  return found == k_names.end() ? k_unknown : found->second;
}

}  // namespace

std::string_view mime_type(std::string_view file_name) noexcept {
  const std::string_view name = file_name.substr(file_name.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return type_of_name(name);
  const std::string_view suffix = name.substr(dot + 1);
  if (suffix.size() > k_longest_key) return k_unknown;

  std::array<char, k_longest_key> buffer{};
  std::transform(suffix.begin(), suffix.end(), buffer.begin(), lower);
  const std::string_view key(buffer.data(), suffix.size());
  const auto* found = std::lower_bound(
      k_suffixes.begin(), k_suffixes.end(), key,
      [](const Entry& entry, std::string_view text) { return entry.first < text; });
  return found != k_suffixes.end() && found->first == key ? found->second : k_unknown;
}

}  // namespace pulse2::http
