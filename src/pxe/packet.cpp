#include "pxe/packet.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace pulse2::pxe {
namespace {

using base::ErrorKind;
using base::Expected;

constexpr std::string_view k_marker = "Mc:";
constexpr std::size_t k_address_length = 17;
constexpr std::chrono::seconds k_longest_wait = std::chrono::hours(24);

enum Method : unsigned char {
  k_register = 0xAD,
  k_authenticate = 0xAF,
  k_inventory = 0xAA,
  k_create_image = 0xEC,
  k_image_done = 0xED,
  k_change_default = 0xCD,
  k_log = 0x4C,
  k_uuid = 0x1B,
  k_host_name = 0x1A,
  k_wait = 0x54,
};

constexpr bool is_method(unsigned char byte) noexcept {
  switch (byte) {
    case k_register:
    case k_authenticate:
    case k_inventory:
    case k_create_image:
    case k_image_done:
    case k_change_default:
    case k_log:
    case k_uuid:
    case k_host_name:
    case k_wait:
      return true;
    default:
      return false;
  }
}

tl::unexpected<base::Error> malformed(std::string_view why) {
  return base::fail(ErrorKind::malformed, std::string(why));
}

/// Where `Mc:` stands, npos when it does not. In an inventory it begins a line: elsewhere it may be
/// part of a product's name.
std::size_t find_marker(std::string_view packet) noexcept {
  if (static_cast<unsigned char>(packet.front()) != k_inventory) return packet.find(k_marker, 1);
  for (std::size_t at = packet.find(k_marker, 1); at != std::string_view::npos;
       at = packet.find(k_marker, at + 1)) {
    if (at == 1 || packet[at - 1] == '\n') return at;
  }
  return std::string_view::npos;
}

std::string without_nuls(std::string_view text) {
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '\0'), out.end());
  return out;
}

// Below, `body` is what stands between the method's byte and the marker.

/// `ID<name>:[password:]`…: what stands before the first colon, behind two bytes that nobody looks
/// at. Without a colon the name runs into the marker and is one that no computer may have.
Expected<CallBody> parse_register(std::string_view packet) {
  const std::string_view rest = packet.substr(std::min<std::size_t>(3, packet.size()));
  return RegisterComputer{std::string(rest.substr(0, rest.find(':')))};
}

Expected<CallBody> parse_authenticate(std::string_view body) {
  if (body.empty()) return malformed("no separator before the password");
  return Authenticate{without_nuls(body.substr(1))};
}

Expected<CallBody> parse_change_default(std::string_view body) {
  if (body.empty()) return malformed("no item number");
  return ChangeDefaultItem{static_cast<unsigned char>(body.front())};
}

Expected<CallBody> parse_log(std::string_view body) {
  if (body.empty() || body[0] < '0' || body[0] >= '0' + k_log_kinds) {
    return malformed("no kind of log from 0 to 8");
  }
  LogEvent event;
  event.kind = static_cast<LogKind>(body[0] - '0');
  const std::string_view rest = body.substr(1);
  if (event.kind == LogKind::menu) {
    if (!rest.empty()) event.entry = static_cast<unsigned char>(rest.front());
  } else if (event.marks_entry() && rest.starts_with('-')) {
    event.complement = rest.substr(1, rest.find('\0') - 1);
  }
  return event;
}

/// `;<byte><number>;<timeout>`
Expected<CallBody> parse_wait(std::string_view body) {
  const auto parts = base::split(body, ';');
  if (parts.size() != 3 || parts[1].empty()) return malformed("not of the form T;file;timeout");
  const auto number = base::parse_integer<std::uint32_t>(base::trim(parts[1].substr(1)));
  const auto timeout = base::parse_integer<std::uint32_t>(base::trim(parts[2]));
  if (!number) return malformed("file is no number");
  if (!timeout || std::chrono::seconds(*timeout) > k_longest_wait) {
    return malformed("timeout is no number of seconds up to a day");
  }
  const std::uint64_t base = static_cast<unsigned char>(parts[1].front());
  return WaitForOthers{base + *number, std::chrono::seconds(*timeout)};
}

Expected<CallBody> parse_body(std::string_view packet, std::size_t marker) {
  const std::string_view body = packet.substr(1, marker - 1);
  switch (static_cast<unsigned char>(packet.front())) {
    case k_register:
      return parse_register(packet);
    case k_authenticate:
      return parse_authenticate(body);
    case k_inventory:
      return SendInventory{std::string(packet.substr(1))};
    case k_create_image:
      return CreateImage{};
    case k_image_done:
      return ImageDone{without_nuls(body)};
    case k_change_default:
      return parse_change_default(body);
    case k_log:
      return parse_log(body);
    case k_uuid:
      return AskUuid{};
    case k_host_name:
      return AskHostName{};
    case k_wait:
      return parse_wait(body);
    default:
      return malformed("no known call");
  }
}

}  // namespace

Expected<Call> parse_packet(std::string_view packet) {
  if (packet.empty()) return malformed("empty packet");
  if (!is_method(static_cast<unsigned char>(packet.front()))) return malformed("no known call");
  const std::size_t marker = find_marker(packet);
  if (marker == std::string_view::npos) return malformed("no MAC address");
  const std::string_view address = packet.substr(marker + k_marker.size(), k_address_length);
  const auto mac = base::Mac::parse(address);
  if (!mac || address.size() != k_address_length) return malformed("no MAC address after Mc:");
  auto body = parse_body(packet, marker);
  if (!body) return tl::unexpected(std::move(body).error());
  return Call{*mac, std::string(address), *std::move(body)};
}

std::string encode_answer(std::string_view text) {
  std::string answer(text);
  answer += '\0';
  return answer;
}

StreamHead first_request(std::string_view bytes) noexcept {
  using State = StreamHead::State;
  if (bytes.empty()) return {State::partial, 0};
  if (!is_method(static_cast<unsigned char>(bytes.front()))) return {State::foreign, 0};
  const std::size_t marker = find_marker(bytes);
  if (marker == std::string_view::npos) return {State::partial, 0};
  const std::size_t end = marker + k_marker.size() + k_address_length;
  if (end > bytes.size()) return {State::partial, 0};
  return {State::complete, end};
}

}  // namespace pulse2::pxe
