#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace pulse2::xmlrpc {

/// Pull parser for the part of XML that XML-RPC needs: each step gives one tag and the text before
/// it. Comments and processing instructions are skipped, CDATA is text, attributes are read over,
/// `<a/>` is a start and an end.
class XmlReader {
 public:
  enum class Token {
    start,   ///< a start tag, name() is the element's
    end,     ///< an end tag, name() is the element's
    finish,  ///< the end of the document
    failed,  ///< not well-formed, see error()
  };

  /// `text` is what prepare_document() made and outlives the reader. `most_joined`: bytes of one
  /// text with references that is put together, beyond them the document is refused.
  XmlReader(std::string_view text, std::size_t most_joined)
      : m_text(text), m_most_joined(most_joined) {}

  /// Reads on to the next tag or the end.
  Token next();

  /// The last tag's name, in the document.
  [[nodiscard]] std::string_view name() const noexcept { return m_name; }

  /// The text between the last two tags, with references resolved. Valid until next().
  [[nodiscard]] std::string_view content() const noexcept {
    return m_is_joined ? std::string_view(m_joined) : m_piece;
  }
  /// True when content() lies in the document itself.
  [[nodiscard]] bool content_is_in_document() const noexcept { return !m_is_joined; }
  /// content(), of which the caller takes possession.
  [[nodiscard]] std::string take_content();
  [[nodiscard]] bool content_is_blank() const noexcept;

  /// Bytes read, for error messages.
  [[nodiscard]] std::size_t position() const noexcept { return m_position; }
  [[nodiscard]] const base::Error& error() const noexcept { return m_error; }

 private:
  Token fail(std::string message);
  bool add_text(std::string_view raw);
  bool add_cdata(std::string_view raw);
  /// Makes the content one that is put together, with room for more; false when it is too large.
  bool join(std::size_t more);
  /// Moves past `terminator`; false when the document ends before it.
  bool skip_past(std::string_view terminator);
  /// Comments, CDATA and processing instructions; false on errors.
  bool read_markup();
  Token read_start_tag();
  Token read_end_tag();
  bool read_name();
  bool skip_attributes();
  void skip_space() noexcept;
  [[nodiscard]] std::string_view rest() const noexcept { return m_text.substr(m_position); }

  std::string_view m_text;
  std::size_t m_most_joined;
  std::size_t m_position = 0;
  std::string_view m_name;
  bool m_end_follows = false;            ///< the last tag was `<name/>`
  std::vector<std::string_view> m_open;  ///< names of the elements not yet closed
  std::string_view m_piece;              ///< the content, while it is one piece of the document
  std::string m_joined;                  ///< the content, when it had to be put together
  bool m_is_joined = false;
  base::Error m_error;
};

}  // namespace pulse2::xmlrpc
