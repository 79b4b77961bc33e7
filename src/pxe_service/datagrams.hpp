#pragma once

#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "os/udp.hpp"
#include "os/unique_fd.hpp"
#include "pxe_service/call_room.hpp"
#include "pxe_service/responder.hpp"

namespace pulse2::pxe_service {

/// The UDP side of the service. Belongs to the thread of its executor.
class Datagrams {
 public:
  /// `responder` outlives it. `sockets` are bound; `most_calls`: under way at the same time.
  Datagrams(boost::asio::any_io_executor executor, std::vector<os::UniqueFd> sockets,
            Responder& responder, std::size_t most_calls);
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;

  /// Begins to answer; from any thread.
  void start();
  /// Answers no more. Calls under way end when the operations do.
  void stop();

 private:
  using Socket = boost::asio::ip::udp::socket;
  /// A packet as it came.
  struct Asked {
    pxe::Call call;
    Origin origin;
    os::UdpEndpoint peer;
    boost::asio::ip::address local;
    std::size_t size = 0;
    std::string once;  ///< names the packet when it must not be done twice at a time, else empty
  };

  Awaitable<void> listen(Socket& socket);
  void on_datagram(Socket& socket, const os::Datagram& datagram);
  Awaitable<void> answer(Socket& socket, Asked asked, CallRoom::Place place);
  void log_busy();

  boost::asio::any_io_executor m_executor;
  Responder& m_responder;
  CallRoom m_room;
  std::unordered_set<std::string> m_once;  ///< names of packets under way
  std::optional<std::chrono::steady_clock::time_point> m_busy_logged;
  std::list<Socket> m_sockets;
};

}  // namespace pulse2::pxe_service
