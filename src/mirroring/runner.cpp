#include "mirroring/runner.hpp"

#include <algorithm>
#include <utility>

#include "log/log.hpp"
#include "os/file.hpp"
#include "os/pool_task.hpp"
#include "os/process_environment.hpp"

namespace pulse2::mirroring {

namespace asio = boost::asio;
using base::Expected;
using Result = Outcome::Result;

namespace {

/// While the other side computes checksums, nothing moves here.
constexpr int k_patience_of_verification = 6;
/// rsync(1), EXIT VALUES: errors of connections and protocols; 255 is ssh's, 127 a shell's.
constexpr int k_statuses_of_target[] = {5, 10, 12, 30, 35, 127, 255};
constexpr int k_status_of_file_error = 11;
constexpr int k_status_of_vanished = 24;

bool is_of_target(int status) {
  return std::find(std::begin(k_statuses_of_target), std::end(k_statuses_of_target), status) !=
         std::end(k_statuses_of_target);
}

Outcome failure(Result result, std::string error) {
  return {result, std::move(error)};
}

}  // namespace

Runner::Runner(asio::any_io_executor executor, os::ThreadPool& pool, Places& places)
    : m_executor(std::move(executor)), m_pool(pool), m_places(places) {}

asio::awaitable<Outcome> Runner::perform(Work work) {
  const Target target(work.job.target);
  const bool is_there =
      co_await os::run_on(m_pool, [this, &work] { return m_places.is_as_known(work.job.src); });
  if (!is_there) {
    co_return failure(Result::src_gone, work.job.src + " is not there as it was");
  }
  if (target.kind() == Target::Kind::folder) {
    // Made by --mkpath, it would fill the disk below an unmounted one.
    const auto status =
        co_await os::run_on(m_pool, [&target] { return os::status_of(target.name()); });
    if (!status) co_return failure(Result::target_failed, status.error().for_operator());
  }
  Outcome outcome;
  switch (work.job.kind) {
    case Job::Kind::package:
      outcome = co_await copy_package(work);
      break;
    case Job::Kind::tree:
      outcome = co_await copy_tree(work);
      break;
    case Job::Kind::verification:
      outcome = co_await verify(work);
      break;
  }
  if (is_stopped(work)) outcome.result = Result::stopped;
  m_stopped.erase(work.job.id);
  co_return outcome;
}

bool Runner::is_stopped(const Work& work) const {
  return m_stops_all || m_stopped.contains(work.job.id);
}

asio::awaitable<Outcome> Runner::copy_package(const Work& work) {
  const Job& job = work.job;
  const auto place = co_await os::run_on(
      m_pool, [this, &job] { return m_places.look(job.src, job.package.folder); });
  if (!place) co_return failure(Result::package_failed, place.error().for_operator());
  if (!place->is_there) co_return co_await remove_package(work, place->folder);
  Extras extras;
  extras.bandwidth = job.bandwidth;
  extras.checksum = job.repairs;
  const auto arguments = [&work](const Extras& with) {
    return mirroring::copy_package(work.options->command, Target(work.job.target), work.job.src,
                                   work.job.package.folder, with);
  };
  co_return co_await run_and_make_path(work, arguments, extras);
}

asio::awaitable<Outcome> Runner::remove_package(const Work& work, const std::string& folder) {
  const Job& job = work.job;
  const auto made =
      co_await os::run_on(m_pool, [&] { return m_places.make_empty(job.src, folder); });
  if (!made) co_return failure(Result::package_failed, made.error().for_operator());
  if (*made) {
    const Outcome emptied = co_await copy_empty(work, folder);
    if (emptied.result != Result::done || is_stopped(work)) co_return emptied;
  }
  // Once more: an unmounted tree has no packages, and the target would lose all of its own.
  const bool is_there =
      co_await os::run_on(m_pool, [this, &job] { return m_places.is_as_known(job.src); });
  if (!is_there) co_return failure(Result::src_gone, job.src + " is not there as it was");
  work.on_sweep();
  const std::string parent = parent_of(job.src, folder);
  co_await begin_reading(parent);
  Run swept = co_await run(
      work,
      copy_level0(work.options->command, Target(job.target), parent, extras_below(work, parent)),
      1);
  m_places.end_reading(parent);
  // A sibling that vanished meanwhile has a removal of its own.
  if (swept.child.status == k_status_of_vanished) swept.child.status = 0;
  co_return outcome_of(work, swept);
}

asio::awaitable<Outcome> Runner::copy_empty(const Work& work, const std::string& folder) {
  const Job& job = work.job;
  Extras extras;
  extras.bandwidth = job.bandwidth;
  const auto arguments = [&](const Extras& with) {
    return mirroring::copy_package(work.options->command, Target(job.target), job.src, folder,
                                   with);
  };
  Outcome outcome = co_await run_and_make_path(work, arguments, extras);
  const bool stood_there =
      co_await os::run_on(m_pool, [&] { return m_places.remove_empty(job.src, folder); });
  // Taken away for another run: the one level that follows removes the package as well.
  if (!stood_there && outcome.result == Result::package_failed) outcome = {};
  co_return outcome;
}

/// What is left alone of the tree, as far as it stands directly in a folder (absolute) of it.
Extras Runner::extras_below(const Work& work, const std::string& parent) {
  Extras extras;
  extras.bandwidth = work.job.bandwidth;
  for (const std::string& folder : work.left_alone()) {
    if (parent_of(work.job.src, folder) != parent) continue;
    extras.left_alone.push_back(folder.substr(folder.rfind('/') + 1));
  }
  return extras;
}

asio::awaitable<void> Runner::begin_reading(const std::string& folder) {
  (void)co_await os::run_on(m_pool, [&] {
    m_places.begin_reading(folder);
    return true;
  });
}

asio::awaitable<Outcome> Runner::copy_tree(const Work& work) {
  Extras extras;
  extras.bandwidth = work.job.bandwidth;
  extras.left_alone = work.left_alone();
  const auto arguments = [&work](const Extras& with) {
    return mirroring::copy_tree(work.options->command, Target(work.job.target), work.job.src, with);
  };
  co_await begin_reading(work.job.src);
  Outcome outcome = co_await run_and_make_path(work, arguments, extras);
  m_places.end_reading(work.job.src);
  co_return outcome;
}

asio::awaitable<Outcome> Runner::verify(const Work& work) {
  Extras extras;
  extras.bandwidth = work.job.bandwidth;
  const Job& job = work.job;
  const auto place = co_await os::run_on(
      m_pool, [&] { return os::status_of(job.src + "/" + job.package.folder); });
  // What has gone is removed by a job of its own.
  if (!place) co_return Outcome{};
  const auto arguments = verify_package(work.options->command, Target(job.target), job.src,
                                        job.package.folder, extras);
  const Run verified = co_await run(work, arguments, k_patience_of_verification);
  Outcome outcome = outcome_of(work, verified);
  outcome.differences = verified.output.differences();
  if (outcome.result == Result::done && outcome.differences > 0) {
    outcome.result = Result::differs;
    for (const auto& name : verified.output.first_differences())
      outcome.error += (outcome.error.empty() ? "" : ", ") + name;
  } else if (verified.child.status == k_status_of_file_error) {
    // The folder above the package is missing there.
    outcome.result = Result::differs;
    outcome.differences = 1;
  }
  co_return outcome;
}

asio::awaitable<Outcome> Runner::run_and_make_path(
    const Work& work, std::function<Arguments(const Extras&)> arguments, Extras extras) {
  const Run first = co_await run(work, arguments(extras), 1);
  if (first.child.status != k_status_of_file_error || first.output.tells_of_full_disk() ||
      is_stopped(work)) {
    co_return outcome_of(work, first);
  }
  log::info("mirroring.make_path", "{} at {} failed with status 11 and is repeated with --mkpath",
            work.job.kind == Job::Kind::tree ? work.job.src : work.job.package.pid,
            work.job.target);
  extras.make_path = true;
  const Run second = co_await run(work, arguments(extras), 1);
  co_return outcome_of(work, second);
}

asio::awaitable<Runner::Run> Runner::run(const Work& work, Arguments arguments, int patience) {
  auto finished = std::make_unique<Run>();
  os::ChildOptions options;
  options.arguments = std::move(arguments);
  options.inherits_environment = false;
  options.environment = os::small_environment();
  options.environment.push_back(work.options->mark);
  options.idle_limit = work.options->idle_limit * patience;
  options.keep_output = 0;
  options.on_line = [output = &finished->output](std::string_view line) {
    output->add(line);
    output->finish();
  };
  auto child = os::ChildProcess::start(m_executor, std::move(options));
  if (!child) {
    finished->failure = child.error().for_operator();
    co_return std::move(*finished);
  }
  m_children[work.job.id] = child->get();
  if (is_stopped(work)) (*child)->stop();
  finished->child = co_await (*child)->wait();
  m_children.erase(work.job.id);
  co_return std::move(*finished);
}

Outcome Runner::outcome_of(const Work& work, const Run& run) const {
  if (!run.failure.empty()) return failure(Result::target_failed, run.failure);
  const std::string lines = run.output.last_lines();
  if (run.child.timed_out) {
    return failure(Result::target_failed,
                   "ended after " + std::to_string(work.options->idle_limit.count()) +
                       " s without progress" + (lines.empty() ? "" : "; " + lines));
  }
  // What vanishes while a tree is copied changes, and is copied for itself.
  const bool is_tree = work.job.kind == Job::Kind::tree;
  if (run.child.status == 0 || (is_tree && run.child.status == k_status_of_vanished)) return {};
  std::string error = "exit status " + std::to_string(run.child.status);
  if (!lines.empty()) error += ": " + lines;
  const bool is_targets = is_of_target(run.child.status) || run.output.tells_of_full_disk();
  return failure(is_targets ? Result::target_failed : Result::package_failed, std::move(error));
}

void Runner::stop(std::uint64_t job) {
  m_stopped.insert(job);
  const auto child = m_children.find(job);
  if (child != m_children.end()) child->second->stop();
}

void Runner::stop_all() {
  m_stops_all = true;
  for (const auto& [job, child] : m_children)
    child->stop();
}

}  // namespace pulse2::mirroring
