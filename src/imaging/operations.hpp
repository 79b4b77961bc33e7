#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/mac.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::imaging {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

/// A hardware address with the text that a client sent: the agent is asked with the same text.
struct Address {
  base::Mac mac;
  std::string text;

  Address(const base::Mac& known)  // NOLINT(google-explicit-constructor): both are addresses
      : mac(known), text(known.text()) {}
  Address(const base::Mac& known, std::string as_received)
      : mac(known), text(std::move(as_received)) {}
};

/// A computer as the MMC agent and the cache know it.
struct Computer {
  std::string uuid;
  base::Mac mac;
  std::string shortname;     ///< host name without domain, UTF-8
  std::string fqdn;          ///< shortname + "." + domain
  std::string entity;        ///< last component of its entity's path
  std::int64_t updated = 0;  ///< seconds since 1970
};

/// What became of a log line for the agent.
enum class Logged {
  taken,    ///< the agent answered, whatever it answered
  queued,   ///< the agent is away: the line is durably queued
  unknown,  ///< no computer with that address: nothing was sent
};

/// What a backup came to.
enum class ImageState {
  done,
  failed,   ///< the log of the image tells of an error
  invalid,  ///< files are missing
};

/// What protects the boot menus, as the agent said last (also before a restart).
struct PxeParameters {
  std::string password;      ///< SHA-1 in hexadecimal digits; empty: none is set
  std::string keymap = "C";  ///< letters, digits and '_'
  bool operator==(const PxeParameters&) const = default;
};

/// The operations of the imaging API that PXE clients ask for as well (contracts 06 and 07).
///
/// All of them belong to one thread, that of executor(): call and await them there. Any number may
/// be under way at once; none blocks that thread. Errors have messages for clients and are
///   `not_found`         no computer with that address, or no such image
///   `unavailable`, `timed_out`, `io`  the agent is away or does not answer; disks
///   `invalid_argument`  can never work as asked
///   `cancelled`         the server stops.
class Operations {
 public:
  Operations() = default;
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;
  virtual ~Operations() = default;

  /// Where all of this runs.
  [[nodiscard]] virtual boost::asio::any_io_executor executor() = 0;

  /// From the cache, else from the agent. Error `not_found` when neither knows it.
  [[nodiscard]] virtual Awaitable<base::Expected<Computer>> find_computer(Address address) = 0;

  /// Tells the agent what a computer does. `level` and `phase` are those of contract 07.
  [[nodiscard]] virtual Awaitable<base::Expected<Logged>> log_action(Address address, int level,
                                                                     std::string phase,
                                                                     std::string message) = 0;

  /// Whether the computer is in the cache: then no operation waits for the agent to look it up.
  [[nodiscard]] virtual bool is_cached(const base::Mac& mac) = 0;

  /// Like log_action(), but does not await the agent's answer: the line is durably queued when this
  /// returns, and on its way.
  [[nodiscard]] virtual Awaitable<base::Expected<Logged>> post_action(Address address, int level,
                                                                      std::string phase,
                                                                      std::string message) = 0;

  /// Registers `[profile:][/entity/…/]host[.domain]` at the agent and makes its folder. False: the
  /// name is none, or the agent refuses or is away. `address` goes to the agent as received.
  [[nodiscard]] virtual Awaitable<base::Expected<bool>> register_computer(std::string name,
                                                                          std::string address,
                                                                          bool wait) = 0;

  /// Does not ask the agent.
  [[nodiscard]] virtual PxeParameters pxe_parameters() const = 0;

  /// False: the agent refuses the inventory.
  [[nodiscard]] virtual Awaitable<base::Expected<bool>> inject_inventory(
      Address address, xmlrpc::Struct inventory) = 0;

  /// Makes a folder for a new image and tells the agent, now or later. Answers the image's UUID.
  [[nodiscard]] virtual Awaitable<base::Expected<std::string>> create_image_folder(
      Address address) = 0;

  /// Looks at a finished backup and tells the agent, now or later. Error `invalid_argument` for
  /// what is no UUID.
  [[nodiscard]] virtual Awaitable<base::Expected<ImageState>> image_done(Address address,
                                                                         std::string image) = 0;

  /// The agent's default entry of a computer that is in the cache.
  [[nodiscard]] virtual Awaitable<base::Expected<int>> default_menu_item(Address address) = 0;

  /// For a computer that is in the cache. False: the agent refuses. When the agent is away the call
  /// is queued, the default of the computer's boot menu becomes 0, and the answer is true.
  [[nodiscard]] virtual Awaitable<base::Expected<bool>> change_default_menu_item(Address address,
                                                                                 int item) = 0;
};

}  // namespace pulse2::imaging
