#include "pxe_service/service.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "pxe_service/datagrams.hpp"
#include "pxe_service/inventory_forwarder.hpp"
#include "pxe_service/responder.hpp"
#include "pxe_service/streams.hpp"

namespace pulse2::pxe_service {
namespace {

ForwarderOptions forwarder_options(const config::ImagingApi& settings) {
  ForwarderOptions options;
  options.host = settings.inventory_host;
  options.port = static_cast<std::uint16_t>(settings.inventory_port);
  options.tls = settings.inventory_enablessl;
  options.queue_size = settings.inventory_queue_size;
  return options;
}

ResponderOptions responder_options(const config::ImagingApi& settings) {
  ResponderOptions options;
  options.glpi_mode = settings.glpi_mode;
  return options;
}

Streams::Options stream_options(const config::ImagingApi& settings) {
  return {static_cast<std::size_t>(settings.pxe_max_connections),
          std::chrono::seconds(settings.pxe_idle_timeout)};
}

}  // namespace

class Service::Parts {
 public:
  Parts(const config::ImagingApi& settings, Sockets sockets, imaging::Operations& operations,
        const os::Clock& clock)
      : m_forwarder(operations.executor(), forwarder_options(settings),
                    [this](const Parcel& parcel, Delivery delivery) { tell(parcel, delivery); }),
        m_responder(operations, clock, responder_options(settings),
                    [this](Parcel parcel) { m_forwarder.submit(std::move(parcel)); }),
        m_datagrams(operations.executor(), std::move(sockets.datagrams), m_responder,
                    static_cast<std::size_t>(settings.pxe_max_calls)),
        m_streams(operations.executor(), std::move(sockets.listeners), m_responder,
                  stream_options(settings)) {}

  void start() {
    m_datagrams.start();
    m_streams.start();
  }

  void stop() {
    m_datagrams.stop();
    m_streams.stop();
    m_responder.stop();
    m_forwarder.stop();
  }

 private:
  /// The agent learns what became of an inventory.
  void tell(const Parcel& parcel, Delivery delivery) {
    const bool is_done = delivery == Delivery::done;
    m_responder.note({parcel.mac, parcel.address}, is_done ? k_notice : k_error, "inventory",
                     is_done ? "hardware inventory updated" : "hardware inventory not updated");
  }

  InventoryForwarder m_forwarder;
  Responder m_responder;
  Datagrams m_datagrams;
  Streams m_streams;
};

Service::Service(const config::ImagingApi& settings, Sockets sockets,
                 imaging::Operations& operations, const os::Clock& clock)
    : m_executor(operations.executor()),
      m_parts(std::make_unique<Parts>(settings, std::move(sockets), operations, clock)) {}

Service::~Service() = default;

void Service::start() {
  m_parts->start();
}

void Service::stop() {
  boost::asio::post(m_executor, [parts = m_parts.get()] { parts->stop(); });
}

}  // namespace pulse2::pxe_service
