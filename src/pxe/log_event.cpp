#include "pxe/log_event.hpp"

#include <array>

namespace pulse2::pxe {
namespace {

struct KindText {
  std::string_view phase;
  std::string_view message;
};

/// By LogKind. The spelling of "choosen" is what consoles have always shown.
constexpr std::array<KindText, k_log_kinds> k_texts = {{
    {"boot", "booted"},
    {"menu", "choosen menu entry"},
    {"restoration", "restoration started"},
    {"restoration", "restoration finished"},
    {"backup", "backup started"},
    {"backup", "backup finished"},
    {"postinst", "postinstall started"},
    {"postinst", "postinstall finished"},
    {"error", "critical error"},
}};

void append_repr(std::string& out, char c, char quote) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\\' || c == quote) {
    out += '\\';
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (byte < 0x20 || byte >= 0x7F) {
    out += "\\x";
    out += k_digits[byte >> 4U];
    out += k_digits[byte & 0x0FU];
  } else {
    out += c;
  }
}

}  // namespace

std::string python_repr(std::string_view bytes) {
  const bool has_single = bytes.find('\'') != std::string_view::npos;
  const bool has_double = bytes.find('"') != std::string_view::npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : bytes)
    append_repr(out, c, quote);
  out += quote;
  return out;
}

AgentLog agent_log(const LogEvent& event) {
  const auto number = static_cast<std::size_t>(event.kind);
  std::string text(k_texts[number].message);
  if (event.kind == LogKind::menu && event.entry > 0) {
    text += ": " + std::to_string(event.entry);
  } else if (!event.complement.empty()) {
    text += ": " + event.complement;
  }
  return {static_cast<int>(number) + 1, std::string(k_texts[number].phase), python_repr(text)};
}

}  // namespace pulse2::pxe
