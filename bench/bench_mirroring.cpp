// 50 targets and 10,000 packages in the plan of mirroring, without a single process.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mirroring/plan.hpp"

namespace pulse2::mirroring {
namespace {

constexpr int k_targets = 50;
constexpr int k_packages = 10'000;
constexpr int k_dead_targets = 5;
constexpr const char* k_src = "/var/lib/pulse2/packages";

class NoPackages final : public PackageSource {
 public:
  [[nodiscard]] bool waits_for_files(std::string_view, std::string_view) const override {
    return false;
  }
  [[nodiscard]] std::optional<Package> next_package(std::string_view,
                                                    std::string_view) const override {
    return std::nullopt;
  }
};

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::string target_name(int number) {
  return "mirror-" + std::to_string(number) + ".example.org";
}

/// A server with its targets, a few of which are dead, and a clock that is moved.
class Simulation {
 public:
  Simulation() {
    PlanOptions options;
    options.srcs = {k_src};
    options.copies_trees = false;
    options.hold_warning = std::chrono::seconds(3600);
    for (int i = 0; i < k_targets; ++i)
      options.targets.push_back({target_name(i), 0, {}});
    for (int i = 0; i < k_dead_targets; ++i)
      m_dead.insert(target_name(i));
    (void)m_plan->configure(std::move(options), m_now);
    for (int i = 0; i < k_packages; ++i) {
      const std::string id = "c0ffee01-2222-3333-4444-" + std::to_string(100'000'000'000 + i);
      m_packages.push_back({id, id});
    }
  }

  void make_all_pending() { m_plan->fill(k_src, m_plan->unfilled(k_src), m_packages, m_now); }
  void synchronise_all() { m_plan->fill(k_src, m_plan->unfilled(k_src), {}, m_now); }
  void change(std::size_t package) {
    m_plan->begin_change(k_src, {m_packages[package]}, m_now);
    m_plan->end_change(k_src, {m_packages[package]});
  }

  /// Everything that begins ends at once; five seconds pass. The number of jobs.
  std::size_t round() {
    m_now.steady += std::chrono::seconds(5);
    m_now.date += std::chrono::seconds(5);
    std::size_t count = 0;
    const auto jobs = m_plan->start(m_now);
    for (const Job& job : jobs) {
      const auto result =
          m_dead.contains(job.target) ? Outcome::Result::target_failed : Outcome::Result::done;
      benchmark::DoNotOptimize(m_plan->finish(job.id, {result, {}}, m_now));
      ++count;
    }
    benchmark::DoNotOptimize(m_plan->take_events());
    return count;
  }
  [[nodiscard]] const Plan& plan() const { return *m_plan; }
  [[nodiscard]] const std::vector<Package>& packages() const { return m_packages; }
  [[nodiscard]] const Moment& now() const { return m_now; }

 private:
  NoPackages m_source;
  std::unique_ptr<Plan> m_plan = std::make_unique<Plan>(m_source, 1);
  Moment m_now{std::chrono::steady_clock::now(), std::chrono::system_clock::now(), 0};
  std::vector<Package> m_packages;
  std::set<std::string> m_dead;
};

void fill(benchmark::State& state) {
  double bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto simulation = std::make_unique<Simulation>();
    const double before = resident_bytes();
    state.ResumeTiming();
    simulation->make_all_pending();
    state.PauseTiming();
    bytes = resident_bytes() - before;
    simulation.reset();
    state.ResumeTiming();
  }
  state.counters["bytes"] = bytes;
}
BENCHMARK(fill)->Unit(benchmark::kMillisecond)->Iterations(1);

/// A round with work for every target.
void busy_round(benchmark::State& state) {
  Simulation simulation;
  simulation.make_all_pending();
  std::size_t jobs = 0;
  for (auto _ : state)
    jobs += simulation.round();
  state.counters["jobs"] =
      benchmark::Counter(static_cast<double>(jobs), benchmark::Counter::kAvgIterations);
}
BENCHMARK(busy_round)->Unit(benchmark::kMicrosecond)->Iterations(2000);

/// A round with nothing to do.
void idle_round(benchmark::State& state) {
  Simulation simulation;
  simulation.synchronise_all();
  for (auto _ : state)
    benchmark::DoNotOptimize(simulation.round());
}
BENCHMARK(idle_round)->Unit(benchmark::kMicrosecond);

/// One package changes and goes everywhere.
void one_change(benchmark::State& state) {
  Simulation simulation;
  simulation.synchronise_all();
  std::size_t next = 0;
  for (auto _ : state) {
    simulation.change(next++ % simulation.packages().size());
    benchmark::DoNotOptimize(simulation.round());
  }
}
BENCHMARK(one_change)->Unit(benchmark::kMicrosecond);

/// What a list of all packages asks while all of them are pending.
void lookups_of_a_list(benchmark::State& state) {
  Simulation simulation;
  simulation.make_all_pending();
  for (auto _ : state) {
    for (const Package& package : simulation.packages())
      benchmark::DoNotOptimize(simulation.plan().is_held(k_src, package.pid));
  }
}
BENCHMARK(lookups_of_a_list)->Unit(benchmark::kMicrosecond);

void status_of_all(benchmark::State& state) {
  Simulation simulation;
  simulation.make_all_pending();
  for (auto _ : state)
    benchmark::DoNotOptimize(simulation.plan().status(simulation.now()));
}
BENCHMARK(status_of_all)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace pulse2::mirroring
