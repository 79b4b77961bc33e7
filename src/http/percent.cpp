#include "http/percent.hpp"

#include <optional>

#include "base/text.hpp"

namespace pulse2::http {
namespace {

std::optional<unsigned> hex_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

/// The byte that the three characters at `at` encode.
std::optional<char> escaped_byte(std::string_view text, std::size_t at) {
  if (text[at] != '%' || text.size() - at < 3) return std::nullopt;
  const auto high = hex_value(text[at + 1]);
  const auto low = hex_value(text[at + 2]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(*high * 16 + *low);
}

bool is_safe(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-' || c == '/';
}

}  // namespace

base::Expected<std::string> decode_path(std::string_view path) {
  std::string decoded;
  decoded.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto byte = escaped_byte(path, i);
    if (byte == '\0') {
      return base::fail(base::ErrorKind::invalid_argument, "The path holds a NUL byte.");
    }
    if (byte == '/') {
      return base::fail(base::ErrorKind::not_found, "No file name holds a slash.");
    }
    decoded += byte.value_or(path[i]);
    if (byte) i += 2;
  }
  return decoded;
}

std::string encode_path(std::string_view path) {
  constexpr std::string_view k_digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(path.size());
  for (const char c : path) {
    if (is_safe(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += k_digits[byte >> 4U];
    encoded += k_digits[byte & 0x0FU];
  }
  return encoded;
}

base::Expected<std::string> normalize_path(std::string_view path) {
  std::string normal;
  bool is_folder = true;  // whether the last component stands for a folder: "", "." or "name/"
  for (const std::string_view component : base::split(path, '/')) {
    if (component == "..") {
      return base::fail(base::ErrorKind::not_found, "No path leads to a parent folder.");
    }
    is_folder = component.empty() || component == ".";
    if (!is_folder) normal.append("/").append(component);
  }
  if (is_folder) normal += '/';
  return normal;
}

}  // namespace pulse2::http
