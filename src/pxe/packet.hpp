#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.hpp"
#include "base/mac.hpp"
#include "pxe/log_event.hpp"

/// The packets of PXE clients (contract 07): bytes in, calls out. Pure; every byte is hostile.
namespace pulse2::pxe {

/// 0xAD: the computer asks to be registered under this name, as it was sent.
struct RegisterComputer {
  std::string name;
};
/// 0xAF
struct Authenticate {
  std::string password;
};
/// 0xAA: lines of a hardware inventory, for parse_inventory().
struct SendInventory {
  std::string text;
};
/// 0xEC
struct CreateImage {};
/// 0xED
struct ImageDone {
  std::string image;  ///< should be a uuid
};
/// 0xCD
struct ChangeDefaultItem {
  int item = 0;  ///< 0..255
};
/// 0x1B
struct AskUuid {};
/// 0x1A
struct AskHostName {};
/// 0x54: the machine is about to restore a file in multicast.
struct WaitForOthers {
  std::uint64_t file = 0;
  std::chrono::seconds timeout{0};  ///< 0..one day
};

using CallBody = std::variant<RegisterComputer, Authenticate, SendInventory, CreateImage, ImageDone,
                              ChangeDefaultItem, LogEvent, AskUuid, AskHostName, WaitForOthers>;

struct Call {
  base::Mac mac;
  std::string address;  ///< the same as it was sent: the 17 characters after `Mc:`
  CallBody body;
};

/// Reads one packet. Error `malformed` for anything that is not one of the ten calls with all of
/// its parts and a MAC address.
[[nodiscard]] base::Expected<Call> parse_packet(std::string_view packet);

/// An answer as it goes over the wire: its text and a NUL.
[[nodiscard]] std::string encode_answer(std::string_view text);

/// The text that is longer than this many times its request is never sent: nobody gains by asking
/// in somebody else's name.
inline constexpr std::size_t k_max_amplification = 4;

/// Whether an encoded answer may go out for a request of that many bytes.
[[nodiscard]] constexpr bool may_answer(std::size_t answer, std::size_t request) noexcept {
  return answer <= k_max_amplification * request;
}

/// What a stream of TCP bytes begins with.
struct StreamHead {
  enum class State {
    partial,   ///< of a request; more has to come
    complete,  ///< a request of `size` bytes
    foreign,   ///< no call begins with this byte: the connection is to be closed
  };
  State state = State::partial;
  std::size_t size = 0;
};

/// Finds the end of the first request in `bytes`: the 17 characters after its `Mc:`. Looks again
/// from the beginning each time, so callers bound what they keep.
[[nodiscard]] StreamHead first_request(std::string_view bytes) noexcept;

}  // namespace pulse2::pxe
