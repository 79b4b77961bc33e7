#include "http/etag.hpp"

#include <array>
#include <charconv>

namespace pulse2::http {
namespace {

void append_hex(std::string& out, std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  out.append(digits.data(), result.ptr);
}

bool is_weak(std::string_view tag) noexcept {
  return tag.starts_with("W/");
}

std::string_view opaque_part(std::string_view tag) noexcept {
  return is_weak(tag) ? tag.substr(2) : tag;
}

}  // namespace

std::string make_etag(std::uint64_t size, std::int64_t mtime_ns, std::uint64_t inode) {
  std::string tag = "\"";
  append_hex(tag, size);
  tag += '-';
  append_hex(tag, static_cast<std::uint64_t>(mtime_ns));
  tag += '-';
  append_hex(tag, inode);
  tag += '"';
  return tag;
}

bool strong_match(std::string_view a, std::string_view b) noexcept {
  return !is_weak(a) && a == b;
}

bool weak_match(std::string_view a, std::string_view b) noexcept {
  return opaque_part(a) == opaque_part(b);
}

}  // namespace pulse2::http
