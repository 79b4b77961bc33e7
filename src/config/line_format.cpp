#include "config/line_format.hpp"

#include <array>
#include <utility>

namespace pulse2::config {
namespace {

using base::ErrorKind;
using base::Expected;
using base::fail;

constexpr int k_widest = 200;

struct KnownField {
  std::string_view name;
  LineField field;
  std::string_view conversions;
};

constexpr std::array<KnownField, 9> k_fields{{
    {"asctime", LineField::asctime, "s"},
    {"levelname", LineField::levelname, "s"},
    {"levelno", LineField::levelno, "sd"},
    {"name", LineField::name, "s"},
    {"message", LineField::message, "s"},
    {"process", LineField::process, "sd"},
    {"thread", LineField::thread, "sd"},
    {"created", LineField::created, "sdf"},
    {"msecs", LineField::msecs, "sdf"},
}};

const KnownField* find_field(std::string_view name) {
  for (const KnownField& known : k_fields) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

std::string field_names() {
  std::string names;
  for (const KnownField& known : k_fields)
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  return names;
}

class Compiler {
 public:
  explicit Compiler(std::string_view format) : m_format(format) {}

  Expected<std::vector<LinePiece>> compile() {
    while (m_at < m_format.size()) {
      if (m_format[m_at] != '%') {
        add_text(m_format[m_at++]);
      } else if (m_format.substr(m_at, 2) == "%%") {
        add_text('%');
        m_at += 2;
      } else {
        PULSE2_TRY(read_field());
      }
    }
    return std::move(m_pieces);
  }

 private:
  void add_text(char c) {
    if (m_pieces.empty() || m_pieces.back().field != LineField::text) m_pieces.emplace_back();
    m_pieces.back().text += c;
  }

  [[nodiscard]] char peek() const { return m_at < m_format.size() ? m_format[m_at] : '\0'; }

  [[nodiscard]] static tl::unexpected<base::Error> malformed(std::string message) {
    return fail(ErrorKind::malformed, std::move(message));
  }

  Expected<void> read_field() {
    const std::size_t begin = m_at;
    const std::size_t close = m_format.find(')', m_at);
    if (m_format.substr(m_at, 2) != "%(" || close == std::string_view::npos) {
      return malformed("`%(field)s` or `%%` at character " + std::to_string(begin + 1));
    }
    const KnownField* known = find_field(m_format.substr(m_at + 2, close - m_at - 2));
    if (known == nullptr) return malformed("only the fields " + field_names());
    m_at = close + 1;
    LinePiece piece;
    piece.field = known->field;
    PULSE2_TRY(read_layout(piece));
    piece.conversion = peek() == 'i' ? 'd' : peek();
    if (m_at >= m_format.size() || known->conversions.find(piece.conversion) == std::string::npos) {
      return malformed("`%(" + std::string(known->name) + ")` followed by one of `" +
                       std::string(known->conversions) + "`");
    }
    ++m_at;
    m_pieces.push_back(std::move(piece));
    return {};
  }

  Expected<void> read_layout(LinePiece& piece) {
    for (; peek() == '-' || peek() == '0' || peek() == ' ' || peek() == '+'; ++m_at) {
      piece.left = piece.left || peek() == '-';
      piece.zeros = piece.zeros || peek() == '0';
    }
    PULSE2_TRY(read_number(piece.width));
    if (peek() != '.') return {};
    ++m_at;
    piece.precision = 0;
    return read_number(piece.precision);
  }

  Expected<void> read_number(int& number) {
    for (; peek() >= '0' && peek() <= '9'; ++m_at) {
      number = number * 10 + (peek() - '0');
      if (number > k_widest) return malformed("widths and precisions up to 200");
    }
    return {};
  }

  std::string_view m_format;
  std::size_t m_at = 0;
  std::vector<LinePiece> m_pieces;
};

}  // namespace

Expected<std::vector<LinePiece>> compile_line_format(std::string_view format) {
  return Compiler(format).compile();
}

}  // namespace pulse2::config
