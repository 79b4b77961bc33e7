#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// TFTP's packets (RFC 1350) and options (RFC 2347, 2348, 2349, 7440). Values in, bytes out, no
/// I/O.
namespace pulse2::tftp {

/// Codes of ERROR packets (RFC 1350 §5, RFC 2347).
enum class ErrorCode : std::uint16_t {
  undefined = 0,
  not_found = 1,
  access_violation = 2,
  illegal_operation = 4,
  bad_options = 8,
};

enum class Mode { octet, netascii };

/// A read request. Options are there when they were asked for with a value that their RFC allows;
/// others are as if they had not been sent.
struct ReadRequest {
  std::string file;  ///< as sent, never empty
  Mode mode = Mode::octet;
  std::optional<unsigned> block_size;   ///< 8..65464 bytes
  std::optional<unsigned> timeout;      ///< 1..255 seconds
  std::optional<unsigned> window_size;  ///< 1..65535 blocks
  bool wants_size = false;
};

/// What is answered by an ERROR packet.
struct Refusal {
  ErrorCode code = ErrorCode::undefined;
  std::string message;
};

/// What arrived at the server's port. Nothing: no request, not to be answered.
using Request = std::variant<std::monostate, ReadRequest, Refusal>;
[[nodiscard]] Request parse_request(std::string_view packet);

struct Ack {
  std::uint16_t block = 0;
};
/// The client gives up.
struct PeerError {
  std::uint16_t code = 0;
  std::string message;
};
/// What a client sends during a transfer. Nothing: not to be answered.
using Reply = std::variant<std::monostate, Ack, PeerError>;
[[nodiscard]] Reply parse_reply(std::string_view packet);

/// The four bytes before a block's content. Block numbers beyond 16 bits begin again at 0.
using DataHeader = std::array<char, 4>;
[[nodiscard]] DataHeader data_header(std::uint64_t block) noexcept;

using Options = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::string encode_option_ack(const Options& options);
[[nodiscard]] std::string encode_error(const Refusal& refusal);

/// What a server grants at most.
struct Limits {
  unsigned block_size = 65464;
  unsigned window_size = 64;
  unsigned timeout = 1;                      ///< seconds, when the client does not ask for others
  std::uint64_t window_bytes = 1024 * 1024;  ///< block size times window size
};

/// What a transfer runs with.
struct Parameters {
  unsigned block_size = 512;
  unsigned window_size = 1;
  unsigned timeout = 1;        ///< seconds
  bool fixed_timeout = false;  ///< asked for by the client: not to be lengthened
  Options granted;             ///< for the OACK; empty: no OACK is sent
};

/// What the request gets of what it asks for. `size`: of the file as it will be sent.
[[nodiscard]] Parameters negotiate(const ReadRequest& request, const Limits& limits,
                                   std::uint64_t size);

}  // namespace pulse2::tftp
