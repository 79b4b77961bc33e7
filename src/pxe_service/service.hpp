#pragma once

#include <memory>

#include "config/settings.hpp"
#include "imaging/operations.hpp"
#include "os/clock.hpp"
#include "pxe_service/sockets.hpp"

namespace pulse2::pxe_service {

/// Answers PXE clients on the thread of imaging. All functions are for one controlling thread.
class Service {
 public:
  /// `operations` and `clock` outlive the service; the thread of the operations is not yet running
  /// or leaves the service alone.
  Service(const config::ImagingApi& settings, Sockets sockets, imaging::Operations& operations,
          const os::Clock& clock);
  /// After the operations' thread has ended, or start() was never called.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Begins to answer.
  void start();
  /// Lets go of clients and of the inventory server. What is still under way ends with the
  /// operations, which are to be stopped next.
  void stop();

 private:
  class Parts;
  boost::asio::any_io_executor m_executor;
  std::unique_ptr<Parts> m_parts;
};

}  // namespace pulse2::pxe_service
