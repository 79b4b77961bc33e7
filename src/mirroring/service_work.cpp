#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "base/text.hpp"
#include "catalog/package_reader.hpp"
#include "log/log.hpp"
#include "mirroring/service.hpp"
#include "mirroring/status_text.hpp"
#include "os/file.hpp"

/// What the thread of mirroring does.
namespace pulse2::mirroring {

namespace asio = boost::asio;
using Names = std::vector<std::string>;

namespace {

constexpr std::chrono::minutes k_status_interval{5};

std::string describe(const Job& job) {
  return job.kind == Job::Kind::tree ? job.src : job.package.pid;
}

}  // namespace

asio::awaitable<void> Service::run() {
  while (!m_stopping) {
    fill_lanes();
    std::vector<Job> jobs;
    std::chrono::steady_clock::time_point next;
    {
      const std::unique_lock lock(m_mutex);
      jobs = m_plan.start(now());
      next = m_plan.next_wake();
      publish_locked();
    }
    for (Job& job : jobs) {
      asio::co_spawn(m_io, work(std::move(job)), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
      });
    }
    report();
    flush();
    m_timer.expires_at(next);
    co_await m_timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<void> Service::work(Job job) {
  const Outcome outcome = co_await m_runner.perform(work_for(job));
  Plan::Finished finished;
  {
    const std::unique_lock lock(m_mutex);
    finished = m_plan.finish(job.id, outcome, now());
    // With the plan locked: what is marked again later is written after this.
    if (finished.cleared && m_store) {
      m_store->clear(job.src, job.package.folder, job.target);
    }
    publish_locked();
  }
  note(job, outcome, finished);
  m_timer.cancel();
}

Runner::Work Service::work_for(const Job& job) {
  Runner::Work work;
  work.job = job;
  {
    const std::shared_lock lock(m_mutex);
    work.options = m_run_options;
  }
  work.on_sweep = [this, id = job.id] {
    const std::unique_lock lock(m_mutex);
    m_plan.begin_sweep(id);
  };
  work.left_alone = [this, src = job.src] { return left_alone(src); };
  return work;
}

/// What is ours alone, and packages that wait for their files.
Names Service::left_alone(const std::string& src) const {
  Names folders;
  if (os::status_of(src + "/" + std::string(catalog::k_staging_folder))) {
    folders.emplace_back(catalog::k_staging_folder);
  }
  const auto snapshot = m_catalog.snapshot();
  for (const auto& entry : snapshot->packages(src)) {
    if (entry->waits_for_files) folders.push_back(entry->folder);
  }
  return folders;
}

void Service::note(const Job& job, const Outcome& outcome, const Plan::Finished& finished) {
  switch (outcome.result) {
    case Outcome::Result::done:
      m_tells_of_src = true;
      log::debug("mirroring.done", "{} at {}", describe(job), job.target);
      if (job.repairs && finished.cleared) {
        log::info("mirroring.repaired", "{} at {} is as it is here again", describe(job),
                  job.target);
      }
      break;
    case Outcome::Result::differs:
      if (!finished.marked) break;
      log::warning("mirroring.differs", "{} at {} differs in {} files and is copied again: {}",
                   describe(job), job.target, outcome.differences, outcome.error);
      break;
    case Outcome::Result::package_failed:
    case Outcome::Result::target_failed:
      log::warning("mirroring.failed", "{} at {}: {}", describe(job), job.target, outcome.error);
      break;
    case Outcome::Result::src_gone:
      if (std::exchange(m_tells_of_src, false)) {
        log::error("mirroring.src_gone",
                   "{}: nothing of it is copied before it is back, or SIGHUP confirms the change",
                   outcome.error);
      }
      break;
    case Outcome::Result::stopped:
      log::debug("mirroring.stopped", "{} at {}", describe(job), job.target);
      break;
  }
  if (finished.marked) mark_again(job);
}

void Service::mark_again(const Job& job) {
  const auto store = this->store();
  if (!store) return;
  complain(*store, store->add({{job.src, job.package, {job.target}, m_clock.now()}}));
}

void Service::fill_lanes() {
  const auto store = this->store();
  if (!store) return;
  place_former(*store);
  Names srcs;
  {
    const std::shared_lock lock(m_mutex);
    srcs = m_plan.options().srcs;
  }
  for (const std::string& src : srcs)
    fill(*store, src);
}

/// What a target holds is not known: every package of the tree is taken for missing there.
void Service::fill(PendingStore& store, const std::string& src) {
  Names targets;
  {
    const std::shared_lock lock(m_mutex);
    targets = m_plan.unfilled(src);
  }
  if (targets.empty() || !m_catalog.is_listed(src)) return;
  const auto snapshot = m_catalog.snapshot();
  const Moment moment = now();
  std::vector<Package> packages;
  std::vector<PendingStore::Row> rows;
  for (const auto& entry : snapshot->packages(src)) {
    packages.push_back({entry->id, entry->folder});
    rows.push_back({src, packages.back(), targets, moment.date});
  }
  const auto done = store.fill(src, targets, rows, moment.date);
  complain(store, done);
  if (!done) return;
  {
    const std::unique_lock lock(m_mutex);
    m_plan.fill(src, targets, packages, moment);
  }
  log::info("mirroring.filled", "{}: {} packages are pending for {}", src, packages.size(),
            base::join(targets, ", "));
}

/// The former server noted ids without trees and folders.
void Service::place_former(PendingStore& store) {
  Names srcs;
  std::vector<PendingStore::Former> former;
  {
    const std::shared_lock lock(m_mutex);
    srcs = m_plan.options().srcs;
    former = m_former;
  }
  const auto is_listed = [this](const std::string& src) { return m_catalog.is_listed(src); };
  if (former.empty() || !std::all_of(srcs.begin(), srcs.end(), is_listed)) return;
  const auto snapshot = m_catalog.snapshot();
  std::vector<PendingStore::Row> rows;
  for (const auto& [pid, targets] : former) {
    for (const std::string& src : srcs) {
      const auto entry = snapshot->find(src, pid);
      if (entry) rows.push_back({src, {pid, entry->folder}, targets, m_clock.now()});
    }
  }
  const auto done = store.replace_former(rows);
  complain(store, done);
  if (!done) return;
  const std::unique_lock lock(m_mutex);
  for (const auto& row : rows)
    m_plan.restore(row.src, row.package, row.targets, row.since);
  m_former.clear();
  ++m_former_changes;
  publish_locked();
}

void Service::report() {
  std::vector<Event> events;
  {
    const std::unique_lock lock(m_mutex);
    events = m_plan.take_events();
  }
  for (const Event& event : events)
    tell(event);
  if (m_clock.steady() >= m_next_status) log_status();
}

void Service::tell(const Event& event) {
  switch (event.kind) {
    case Event::Kind::target_down:
      log::warning("mirroring.target_down", "{} does not work, next try in {} s: {}", event.target,
                   event.time.count(), event.text);
      return;
    case Event::Kind::target_back:
      log::info("mirroring.target_back", "{} works again", event.target);
      return;
    case Event::Kind::verified:
      log::info("mirroring.verified", "{} at {} was compared; packages that differed: {}",
                event.src, event.target, event.count);
      if (const auto store = this->store()) {
        complain(*store, store->set_verified(event.src, event.target, m_clock.now()));
      }
      return;
    case Event::Kind::held:
      log::warning("mirroring.held", "package {} of {} is held back for {} s: {} lacks it{}",
                   event.pid, event.src, event.time.count(), event.target,
                   event.text.empty() ? "" : "; its last error: " + event.text);
      return;
    case Event::Kind::not_shown:
      log::warning("mirroring.held_more", "{} more packages are held back too long", event.count);
      return;
  }
}

void Service::log_status() {
  m_next_status = m_clock.steady() + k_status_interval;
  for (const TargetReport& target : status()) {
    if (target.pending == 0 && !target.is_counting) continue;
    log::info("mirroring.status", "{}", one_line(target, m_clock.now()));
  }
}

}  // namespace pulse2::mirroring
