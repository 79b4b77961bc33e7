#include "tftp/packet.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace pulse2::tftp {
namespace {

enum Opcode : std::uint16_t {
  k_read = 1,
  k_write = 2,
  k_data = 3,
  k_ack = 4,
  k_error = 5,
  k_option_ack = 6,
};

constexpr unsigned k_least_block = 8;
constexpr unsigned k_most_block = 65464;
constexpr unsigned k_most_timeout = 255;
constexpr unsigned k_most_window = 65535;

std::uint16_t number_at(std::string_view packet, std::size_t at) noexcept {
  const auto high = static_cast<unsigned char>(packet[at]);
  const auto low = static_cast<unsigned char>(packet[at + 1]);
  return static_cast<std::uint16_t>(high << 8U | low);
}

void append_number(std::string& out, std::uint16_t number) {
  out += static_cast<char>(number >> 8U);
  out += static_cast<char>(number & 0xFFU);
}

/// Takes a text and its NUL; nothing when there is no NUL.
std::optional<std::string_view> take_text(std::string_view& rest) noexcept {
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view text = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return text;
}

std::optional<unsigned> number_within(std::string_view text, unsigned least, unsigned most) {
  const auto number = base::parse_integer<unsigned>(text);
  return number && *number >= least && *number <= most ? number : std::nullopt;
}

void read_option(ReadRequest& request, std::string_view name, std::string_view value) {
  if (base::iequals(name, "blksize")) {
    request.block_size = number_within(value, k_least_block, k_most_block);
  } else if (base::iequals(name, "timeout")) {
    request.timeout = number_within(value, 1, k_most_timeout);
  } else if (base::iequals(name, "windowsize")) {
    request.window_size = number_within(value, 1, k_most_window);
  } else if (base::iequals(name, "tsize")) {
    request.wants_size = true;
  }
}

Request parse_read(std::string_view rest) {
  const auto file = take_text(rest);
  const auto mode = take_text(rest);
  if (!file || !mode || file->empty()) return std::monostate{};
  ReadRequest request;
  request.file = *file;
  if (base::iequals(*mode, "netascii")) {
    request.mode = Mode::netascii;
  } else if (!base::iequals(*mode, "octet")) {
    return Refusal{ErrorCode::illegal_operation, "no such mode"};
  }
  while (!rest.empty()) {
    const auto name = take_text(rest);
    const auto value = take_text(rest);
    if (!name || !value) break;
    read_option(request, *name, *value);
  }
  return request;
}

}  // namespace

Request parse_request(std::string_view packet) {
  if (packet.size() < 2) return std::monostate{};
  switch (number_at(packet, 0)) {
    case k_read:
      return parse_read(packet.substr(2));
    case k_write:
      return Refusal{ErrorCode::access_violation, "read-only server"};
    default:
      return std::monostate{};
  }
}

Reply parse_reply(std::string_view packet) {
  if (packet.size() < 4) return std::monostate{};
  const std::uint16_t number = number_at(packet, 2);
  switch (number_at(packet, 0)) {
    case k_ack:
      return Ack{number};
    case k_error: {
      const std::string_view message = packet.substr(4);
      return PeerError{number, std::string(message.substr(0, message.find('\0')))};
    }
    default:
      return std::monostate{};
  }
}

DataHeader data_header(std::uint64_t block) noexcept {
  return {0, k_data, static_cast<char>(block >> 8U & 0xFFU), static_cast<char>(block & 0xFFU)};
}

std::string encode_option_ack(const Options& options) {
  std::string packet;
  append_number(packet, k_option_ack);
  for (const auto& [name, value] : options) {
    packet.append(name).push_back('\0');
    packet.append(value).push_back('\0');
  }
  return packet;
}

std::string encode_error(const Refusal& refusal) {
  std::string packet;
  append_number(packet, k_error);
  append_number(packet, static_cast<std::uint16_t>(refusal.code));
  packet.append(refusal.message).push_back('\0');
  return packet;
}

Parameters negotiate(const ReadRequest& request, const Limits& limits, std::uint64_t size) {
  Parameters parameters;
  parameters.timeout = limits.timeout;
  const auto grant = [&parameters](std::string_view name, std::uint64_t value) {
    parameters.granted.emplace_back(name, std::to_string(value));
  };
  if (request.block_size) {
    parameters.block_size = std::min(*request.block_size, limits.block_size);
    grant("blksize", parameters.block_size);
  }
  if (request.timeout) {
    parameters.timeout = *request.timeout;
    parameters.fixed_timeout = true;
    grant("timeout", parameters.timeout);
  }
  if (request.wants_size) grant("tsize", size);
  if (request.window_size) {
    const std::uint64_t fitting =
        std::max<std::uint64_t>(1, limits.window_bytes / parameters.block_size);
    parameters.window_size = static_cast<unsigned>(
        std::min<std::uint64_t>({*request.window_size, limits.window_size, fitting}));
    grant("windowsize", parameters.window_size);
  }
  return parameters;
}

}  // namespace pulse2::tftp
