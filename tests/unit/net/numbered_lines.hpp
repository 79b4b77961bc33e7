#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "net/handler.hpp"

namespace pulse2::test {

/// Lines with their numbers, made in parts of many sizes.
class NumberedLines final : public http::TextSource {
 public:
  static constexpr int k_lines = 1'000'000;
  static constexpr std::size_t k_line_size = 9;

  static void append_line(std::string& out, int number) {
    const auto digits = std::to_string(number);
    out.append(k_line_size - 1 - digits.size(), '0').append(digits).append("\n");
  }
  /// The whole text.
  static std::string text() {
    std::string text;
    for (int line = 0; line < k_lines; ++line)
      append_line(text, line);
    return text;
  }

  [[nodiscard]] std::uint64_t size() const noexcept override { return k_lines * k_line_size; }
  void append_next(std::string& out) override {
    m_part = m_part * 5 % 9973;
    for (int i = 0; i < m_part && m_next < k_lines; ++i)
      append_line(out, m_next++);
  }

 private:
  int m_part = 1;
  int m_next = 0;
};

/// Answers with NumberedLines.
class LinesHandler final : public net::Handler {
 public:
  LinesHandler() { m_rules.methods = {"GET", "HEAD"}; }
  const net::Rules& rules(const http::RequestHead& /*head*/,
                          const net::Peer& /*peer*/) const override {
    return m_rules;
  }
  boost::asio::awaitable<http::Response> respond(const net::Request& /*request*/) override {
    http::Response response;
    response.body = http::StreamedBody{std::make_shared<NumberedLines>()};
    co_return response;
  }

 private:
  net::Rules m_rules;
};

}  // namespace pulse2::test
