#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "imaging/agent.hpp"
#include "imaging/async_lock.hpp"
#include "imaging/computer_cache.hpp"
#include "imaging/menu_files.hpp"
#include "imaging/registry.hpp"
#include "os/thread_pool.hpp"
#include "store/state.hpp"

namespace pulse2::imaging {

/// Sets boot menus. A menu is written at once with what is known of passwords and keymap; then the
/// agent is asked for these, in the background because it may be waiting for our answer, and the
/// menu is written again when they are others. Belongs to the imaging thread.
class Menus {
 public:
  struct Parts {
    std::string server;  ///< this server's UUID
    ComputerCache& cache;
    Registry& registry;
    Agent& agent;
    MenuFiles& files;
    os::ThreadPool& pool;
    store::State& state;
  };
  /// What is in `parts` outlives the menus.
  Menus(boost::asio::any_io_executor executor, Parts parts);

  /// Reads the parameters that were known last. Before anything else.
  [[nodiscard]] base::Expected<void> load();
  [[nodiscard]] const PxeParameters& parameters() const noexcept { return m_parameters; }

  /// See Administration.
  [[nodiscard]] Awaitable<std::vector<std::string>> set(xmlrpc::Struct menus);
  [[nodiscard]] Awaitable<base::Expected<void>> set_default(xmlrpc::Value menu);
  [[nodiscard]] Awaitable<base::Expected<void>> set_default_item(base::Mac mac, int item);

  /// Asks the agent for the menu of unregistered computers and writes it. False when the agent did
  /// not answer.
  [[nodiscard]] Awaitable<bool> fetch_default();

  /// The computer is being unregistered: when this returns, nothing of it is being written, and its
  /// menu is not written again.
  [[nodiscard]] Awaitable<void> forget(std::string uuid);

 private:
  /// A menu that was set, until it is known whether its parameters were right.
  struct Recent {
    bootmenu::Menu menu;
    Computer computer;  ///< no UUID: the default menu
    PxeParameters written_with = {};
  };
  using RecentPointer = std::shared_ptr<Recent>;

  [[nodiscard]] Awaitable<base::Expected<RecentPointer>> set_one(std::string uuid,
                                                                 xmlrpc::Value value);
  [[nodiscard]] Awaitable<base::Expected<Computer>> computer_of(const bootmenu::Target& target);
  [[nodiscard]] Awaitable<base::Expected<void>> write(RecentPointer recent);
  void refresh_later(std::vector<RecentPointer> recent);
  [[nodiscard]] Awaitable<void> refresh(std::vector<RecentPointer> recent);
  [[nodiscard]] Awaitable<void> fetch_parameters();

  boost::asio::any_io_executor m_executor;
  Parts m_parts;
  PxeParameters m_parameters;
  AsyncLock m_writing;  ///< menus are written in the order in which they came
  std::map<std::string, RecentPointer> m_recent;  ///< the last one of each computer, by UUID
};

}  // namespace pulse2::imaging
