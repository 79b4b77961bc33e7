#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "catalog/snapshot.hpp"
#include "catalog/sync_ledger.hpp"
#include "mirroring/pending_store.hpp"
#include "mirroring/places.hpp"
#include "mirroring/plan.hpp"
#include "mirroring/runner.hpp"
#include "mirroring/status.hpp"
#include "os/clock.hpp"
#include "os/thread_pool.hpp"

namespace pulse2::mirroring {

struct ServiceOptions {
  PlanOptions plan;
  RunOptions run;
  std::string status_file;  ///< option package_mirror_status_file
};

/// What mirroring has to know of the packages; functions that any thread may call.
struct CatalogView {
  std::function<std::shared_ptr<const catalog::Snapshot>()> snapshot;
  /// Whether all packages of the tree are in the snapshot, if they can be read.
  std::function<bool(std::string_view src)> is_listed;
  std::function<bool(std::string_view src, std::string_view pid)> waits_for_files;
};

/// Keeps the targets as this server is (contract 05): a thread of its own asks the plan what to do,
/// runs it and notes what came of it. Without targets it does nothing and opens no file.
class Service final : public catalog::SyncLedger {
 public:
  /// The references outlive the service.
  Service(CatalogView catalog, os::ThreadPool& pool, const os::Clock& clock);
  /// Ends like stop().
  ~Service() override;

  /// Gets ready for other options, the first ones too; what comes back takes them over. Error: the
  /// status file can't be used. From one thread; to be called before the next prepare().
  [[nodiscard]] base::Expected<std::function<void()>> prepare(ServiceOptions options);
  void start();
  /// Ends running programs with their children and waits for them. Before the pool is stopped.
  void stop();
  /// Compares all packages with all targets, as soon as nothing else is to be done.
  void verify_all();
  [[nodiscard]] std::vector<TargetReport> status() const;

  [[nodiscard]] bool is_synchronised(std::string_view src, std::string_view pid) const override;
  [[nodiscard]] std::uint64_t version() const override { return m_version; }
  [[nodiscard]] std::vector<SyncLedger::TargetStatus> status(std::string_view src,
                                                             std::string_view pid) const override;
  [[nodiscard]] bool is_pending(std::string_view src, std::string_view pid) const override;
  [[nodiscard]] base::Expected<ChangePointer> begin_change(
      std::string_view src, const std::vector<Package>& packages) override;
  void set_frozen(std::string_view src, bool frozen) override;

 private:
  class OpenChange;
  class CatalogSource;

  [[nodiscard]] Moment now() const;
  void take_over(ServiceOptions options, std::unique_ptr<PendingStore> store,
                 const PendingStore::Contents& contents);
  void end_change(const std::string& src, const std::vector<Package>& packages);
  /// Lets others see what the plan says now. With the plan locked.
  void publish_locked();
  void wake();

  boost::asio::awaitable<void> run();
  boost::asio::awaitable<void> work(Job job);
  [[nodiscard]] Runner::Work work_for(const Job& job);
  [[nodiscard]] std::vector<std::string> left_alone(const std::string& src) const;
  void note(const Job& job, const Outcome& outcome, const Plan::Finished& finished);
  void mark_again(const Job& job);
  void fill_lanes();
  void fill(PendingStore& store, const std::string& src);
  void place_former(PendingStore& store);
  void report();
  void tell(const Event& event);
  void log_status();
  void flush();
  static void complain(const PendingStore& store, const base::Expected<void>& done);
  [[nodiscard]] std::shared_ptr<PendingStore> store() const;

  CatalogView m_catalog;
  os::ThreadPool& m_pool;
  const os::Clock& m_clock;
  std::unique_ptr<CatalogSource> m_source;
  Places m_places;

  mutable std::shared_mutex m_mutex;  ///< guards plan, store and options
  Plan m_plan;
  std::shared_ptr<PendingStore> m_store;  ///< null without targets
  std::shared_ptr<const RunOptions> m_run_options;
  std::vector<PendingStore::Former> m_former;  ///< until their trees are listed
  std::uint64_t m_former_changes = 0;
  std::atomic<bool> m_holds_nothing{true};
  std::atomic<std::uint64_t> m_version{0};

  // What follows belongs to the thread of mirroring.
  boost::asio::io_context m_io;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> m_work;
  boost::asio::steady_timer m_timer;
  Runner m_runner;
  bool m_stopping = false;
  bool m_tells_of_src = true;  ///< the log does not know yet that a tree is away
  std::chrono::steady_clock::time_point m_next_status{};
  std::thread m_thread;
};

}  // namespace pulse2::mirroring
