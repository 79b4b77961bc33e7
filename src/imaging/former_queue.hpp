#pragma once

#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "imaging/replay_queue.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::imaging {

/// A call that the former server wanted to make again.
struct FormerCall {
  WaitingCall call;
  xmlrpc::Array params;
};

/// Reads the former server's queue, a pickle of {time: [state, method, params]}. The calls come in
/// the order of their times, with ids from 1. What is no call of the agent's is left out.
[[nodiscard]] base::Expected<std::vector<FormerCall>> read_former_queue(std::string_view bytes);

/// What a call is ordered by: the computer that it is about, its second parameter.
[[nodiscard]] std::string lane_of(const xmlrpc::Array& params);

}  // namespace pulse2::imaging
