#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "mirroring/command.hpp"
#include "mirroring/job.hpp"
#include "mirroring/output.hpp"
#include "mirroring/places.hpp"
#include "os/child_process.hpp"
#include "os/thread_pool.hpp"

namespace pulse2::mirroring {

/// How the program is run.
struct RunOptions {
  CommandOptions command;
  std::chrono::seconds idle_limit{600};  ///< without progress, then it is ended; 0: never
  std::string mark;                      ///< `NAME=value` in the environment of all that is started
};

/// Does what a plan wants done, with one program after the other. Belongs to one thread, that of
/// the executor; disks are waited for on the pool.
class Runner {
 public:
  /// The references outlive the runner.
  Runner(boost::asio::any_io_executor executor, os::ThreadPool& pool, Places& places);

  struct Work {
    Job job;
    std::shared_ptr<const RunOptions> options;
    /// Folders of the tree that are not copied with it.
    std::function<std::vector<std::string>()> left_alone;
    std::function<void()> on_sweep;  ///< called before what is gone here is removed there
  };
  /// Never fails: what went wrong is the outcome.
  [[nodiscard]] boost::asio::awaitable<Outcome> perform(Work work);

  /// Ends the job's program with its children, TERM first.
  void stop(std::uint64_t job);
  void stop_all();

 private:
  struct Run {
    os::ChildResult child;
    Output output;
    std::string failure;  ///< it could not be started
  };
  template <class Value>
  using Awaitable = boost::asio::awaitable<Value>;

  [[nodiscard]] Awaitable<Outcome> copy_package(const Work& work);
  [[nodiscard]] Awaitable<Outcome> remove_package(const Work& work, const std::string& folder);
  [[nodiscard]] Awaitable<Outcome> copy_empty(const Work& work, const std::string& folder);
  [[nodiscard]] static Extras extras_below(const Work& work, const std::string& parent);
  [[nodiscard]] Awaitable<void> begin_reading(const std::string& folder);
  [[nodiscard]] Awaitable<Outcome> copy_tree(const Work& work);
  [[nodiscard]] Awaitable<Outcome> verify(const Work& work);
  /// Runs the program, once more with `--mkpath` where the target lacks the folder above.
  [[nodiscard]] Awaitable<Outcome> run_and_make_path(
      const Work& work, std::function<Arguments(const Extras&)> arguments, Extras extras);
  [[nodiscard]] Awaitable<Run> run(const Work& work, Arguments arguments, int patience);
  [[nodiscard]] Outcome outcome_of(const Work& work, const Run& run) const;
  [[nodiscard]] bool is_stopped(const Work& work) const;

  boost::asio::any_io_executor m_executor;
  os::ThreadPool& m_pool;
  Places& m_places;
  std::map<std::uint64_t, os::ChildProcess*> m_children;  ///< by job
  std::set<std::uint64_t> m_stopped;                      ///< jobs
  bool m_stops_all = false;
};

}  // namespace pulse2::mirroring
