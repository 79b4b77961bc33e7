#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "config/settings.hpp"
#include "imaging/administration.hpp"
#include "imaging/agent.hpp"
#include "imaging/async_lock.hpp"
#include "imaging/computer_cache.hpp"
#include "imaging/disc_workshop.hpp"
#include "imaging/images.hpp"
#include "imaging/menu_files.hpp"
#include "imaging/menus.hpp"
#include "imaging/outbox.hpp"
#include "imaging/registry.hpp"
#include "imaging/unregistration.hpp"
#include "os/child_process.hpp"
#include "os/clock.hpp"
#include "os/thread_pool.hpp"
#include "store/state.hpp"

namespace pulse2::imaging {

struct ServiceOptions {
  config::ImagingApi imaging;
  config::MmcAgent agent;
};

/// Everything of imaging, with a thread of its own for the agent's answers and for packets. The
/// thread never waits for a disk: that is done on the pool.
class Service final : public Administration {
 public:
  /// `pool`, `state` and `clock` outlive the service.
  Service(ServiceOptions options, os::ThreadPool& pool, store::State& state,
          const os::Clock& clock);
  /// Like stop().
  ~Service() override;

  /// Reads what is kept on disk and finishes what a crash interrupted.
  [[nodiscard]] base::Expected<void> load();
  /// Starts the thread: asks for the default menu, replays calls. load() succeeded before.
  void start();
  /// Ends all that goes on, the sooner the better, and joins the thread. The pool still runs.
  void stop();

  boost::asio::any_io_executor executor() override { return m_io.get_executor(); }

  Awaitable<base::Expected<Computer>> find_computer(Address address) override;
  Awaitable<base::Expected<Logged>> log_action(Address address, int level, std::string phase,
                                               std::string message) override;
  bool is_cached(const base::Mac& mac) override;
  Awaitable<base::Expected<Logged>> post_action(Address address, int level, std::string phase,
                                                std::string message) override;
  Awaitable<base::Expected<bool>> register_computer(std::string name, std::string address,
                                                    bool wait) override;
  PxeParameters pxe_parameters() const override;
  Awaitable<base::Expected<bool>> inject_inventory(Address address,
                                                   xmlrpc::Struct inventory) override;
  Awaitable<base::Expected<std::string>> create_image_folder(Address address) override;
  Awaitable<base::Expected<ImageState>> image_done(Address address, std::string image) override;
  Awaitable<base::Expected<int>> default_menu_item(Address address) override;
  Awaitable<base::Expected<bool>> change_default_menu_item(Address address, int item) override;

  Awaitable<base::Expected<xmlrpc::Value>> computer_record(Address address) override;
  Awaitable<bool> register_from_agent(std::string name, std::string address,
                                      xmlrpc::Struct data) override;
  Awaitable<bool> update_computer(std::string address) override;
  Awaitable<base::Expected<void>> prepare_folder(std::string uuid) override;
  Awaitable<base::Expected<void>> unregister_computer(std::string uuid,
                                                      std::vector<std::string> images,
                                                      bool archive) override;
  Awaitable<std::vector<std::string>> set_menus(xmlrpc::Struct menus) override;
  Awaitable<base::Expected<void>> set_default_menu(xmlrpc::Value menu) override;
  Awaitable<base::Expected<std::vector<std::string>>> image_log(std::string image) override;
  Awaitable<base::Expected<void>> delete_image(std::string image) override;
  Awaitable<base::Expected<void>> create_iso(std::string image, std::uint64_t volume_size,
                                             std::string title) override;
  Awaitable<base::Expected<void>> write_boot_script(std::string name, std::string text) override;
  Awaitable<base::Expected<void>> remove_boot_script(std::string name) override;
  Awaitable<xmlrpc::Struct> status() override;

 private:
  /// Runs on the imaging thread until it ends; an exception is a bug and is logged.
  void spawn(Awaitable<void> work);
  /// The parameters of logClientAction; a step that administrators follow is logged here, too.
  [[nodiscard]] xmlrpc::Array action_params(const Computer& computer, int level, std::string phase,
                                            std::string message) const;
  [[nodiscard]] Awaitable<void> fetch_default_menu();
  [[nodiscard]] Awaitable<void> save_cache();
  [[nodiscard]] Awaitable<void> finish_interrupted(Unregistration work);
  [[nodiscard]] Awaitable<void> finish_unregistration(Unregistration work);
  [[nodiscard]] Awaitable<void> purge_images();
  [[nodiscard]] Awaitable<base::Expected<std::string>> make_image_folder(base::Mac mac);
  [[nodiscard]] Awaitable<void> build_disc(DiscOrder order);
  [[nodiscard]] Awaitable<base::Expected<std::vector<std::string>>> build_volumes(
      const DiscOrder& order, const DiscMaterial& material);
  [[nodiscard]] Awaitable<base::Expected<void>> build_volume(const DiscOrder& order,
                                                             const DiscMaterial& material,
                                                             std::size_t volume);
  [[nodiscard]] Awaitable<base::Expected<os::ChildResult>> run_generator(
      std::vector<std::string> arguments, std::string disc);
  /// A program that stop() ends.
  [[nodiscard]] Awaitable<base::Expected<os::ChildResult>> run_child(os::ChildOptions options);

  ServiceOptions m_options;
  os::ThreadPool& m_pool;
  store::State& m_state;
  const os::Clock& m_clock;
  boost::asio::io_context m_io{1};
  std::unique_ptr<Agent> m_agent;
  ComputerCache m_cache;
  MenuFiles m_menu_files;
  Images m_images;
  Unregistrations m_unregistrations;
  DiscWorkshop m_workshop;
  AsyncLock m_building;  ///< held while a disc is built
  std::optional<Registry> m_registry;
  std::optional<Menus> m_menus;
  std::optional<Outbox> m_outbox;
  std::vector<Unregistration> m_unfinished;
  boost::asio::steady_timer m_retry;  ///< until the default menu is asked for again
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> m_work;
  std::thread m_thread;
  std::set<os::ChildProcess*> m_children;  ///< programs that run
  bool m_stopping = false;                 ///< on the imaging thread
};

}  // namespace pulse2::imaging
