#include "net/handler.hpp"

namespace pulse2::net {

Handler::~Handler() = default;

std::optional<http::Response> Handler::respond_at_once(const Request& /*request*/) {
  return std::nullopt;
}

}  // namespace pulse2::net
