#include "net/handler.hpp"

namespace pulse2::net {

Handler::~Handler() = default;

}  // namespace pulse2::net
