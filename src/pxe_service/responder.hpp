#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "imaging/operations.hpp"
#include "os/clock.hpp"
#include "pxe/entry_tracker.hpp"
#include "pxe/inventory.hpp"
#include "pxe/login_guard.hpp"
#include "pxe/mtftp_wait.hpp"
#include "pxe/packet.hpp"
#include "pxe_service/parcel_queue.hpp"

namespace pulse2::pxe_service {

// Levels of the agent's log.
inline constexpr int k_warning = 4;
inline constexpr int k_error = 5;
inline constexpr int k_notice = 7;
inline constexpr int k_trace = 8;

template <class T>
using Awaitable = boost::asio::awaitable<T>;

/// Where a call came from.
struct Origin {
  std::string client;   ///< shares the count of wrong passwords
  std::string address;  ///< stands in the inventory; empty when the way there does not tell (TCP)
};

/// The text of an answer; nothing: none is sent.
using Answer = std::optional<std::string>;

struct ResponderOptions {
  bool glpi_mode = false;
  /// In glpi_mode, between the minimal inventory and the registration.
  std::chrono::milliseconds registration_pause{2000};
};

/// Does what PXE clients ask for and tells the agent of it (contract 07). Knows no sockets. Belongs
/// to the thread of the operations.
class Responder {
 public:
  using Forward = std::function<void(Parcel)>;

  /// All outlive the responder. `forward` takes inventories for the inventory server.
  Responder(imaging::Operations& operations, const os::Clock& clock, ResponderOptions options,
            Forward forward);
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  /// Calls under way at the same time don't disturb each other.
  [[nodiscard]] Awaitable<Answer> answer(pxe::Call call, Origin origin);

  /// Tells the agent what a computer does, in the background; nothing when it is unknown.
  void note(const imaging::Address& address, int level, std::string phase, std::string message);

  /// Ends waits. Calls go on to their end, which the operations bring about when they stop.
  void stop();

 private:
  struct Request {
    imaging::Address address;
    Origin origin;
  };
  /// The steps of a call that the agent is told of.
  struct Steps {
    const char* phase;
    const char* asked;
    const char* failed;
  };

  Awaitable<Answer> handle(Request request, pxe::RegisterComputer call);
  Awaitable<Answer> handle(Request request, pxe::Authenticate call);
  Awaitable<Answer> handle(Request request, pxe::SendInventory call);
  Awaitable<Answer> handle(Request request, pxe::CreateImage call);
  Awaitable<Answer> handle(Request request, pxe::ImageDone call);
  Awaitable<Answer> handle(Request request, pxe::ChangeDefaultItem call);
  Awaitable<Answer> handle(Request request, pxe::LogEvent call);
  Awaitable<Answer> handle(Request request, pxe::AskUuid call);
  Awaitable<Answer> handle(Request request, pxe::AskHostName call);
  Awaitable<Answer> handle(Request request, pxe::WaitForOthers call);

  /// The computer that asks, with the first step told; nothing when it is unknown or, told as well,
  /// can't be looked up.
  [[nodiscard]] Awaitable<std::optional<imaging::Computer>> look_up(imaging::Address address,
                                                                    Steps steps);
  /// False: the agent will not learn of it.
  [[nodiscard]] Awaitable<bool> write_note(imaging::Address address, int level, std::string phase,
                                           std::string message);
  /// Whether the default item was changed; nothing: it was not to be changed.
  [[nodiscard]] Awaitable<base::Expected<std::optional<bool>>> change_default(
      imaging::Address address, int item, std::optional<int> marked);
  void forward_inventory(const imaging::Address& address, const pxe::Inventory& inventory,
                         const std::string& name, const std::string& entity, bool is_told);
  [[nodiscard]] Awaitable<void> pause(std::chrono::milliseconds time);
  void warn_of_lost_note();

  imaging::Operations& m_operations;
  const os::Clock& m_clock;
  ResponderOptions m_options;
  Forward m_forward;
  pxe::EntryTracker m_entries;
  pxe::LoginGuard m_logins;
  pxe::MtftpWait m_wait;
  std::size_t m_notes = 0;  ///< on their way to the agent
  std::optional<std::chrono::steady_clock::time_point> m_loss_logged;
  std::set<boost::asio::steady_timer*> m_pauses;
  bool m_stopped = false;
};

}  // namespace pulse2::pxe_service
