#include "app/mirroring_part.hpp"

#include <algorithm>

namespace pulse2::app {
namespace {

using std::chrono::seconds;

std::vector<mirroring::TargetRules> rules_of(const config::Main& main) {
  std::vector<mirroring::TargetRules> rules;
  for (const std::string& name : main.package_mirror_target) {
    const auto is_same = [&name](const auto& each) { return each.name == name; };
    if (std::any_of(rules.begin(), rules.end(), is_same)) continue;
    rules.push_back({name, main.package_mirror_bandwidth.value_for(name),
                     main.package_mirror_windows.value_for(name)});
  }
  return rules;
}

mirroring::CommandOptions command_of(const config::Main& main) {
  mirroring::CommandOptions command;
  command.program = main.package_mirror_command;
  command.package = main.package_mirror_command_options;
  command.level0 = main.package_mirror_level0_command_options;
  command.tree = main.package_global_mirror_command_options;
  command.ssh = main.package_mirror_command_options_ssh_options;
  command.partial_dir = main.package_mirror_partial_dir;
  return command;
}

}  // namespace

mirroring::ServiceOptions mirroring_options(const config::Settings& settings) {
  const config::Main& main = settings.main;
  mirroring::ServiceOptions options;
  options.status_file = main.package_mirror_status_file;
  options.run.command = command_of(main);
  options.run.idle_limit = seconds(main.package_mirror_idle_limit);
  mirroring::PlanOptions& plan = options.plan;
  plan.srcs = settings.sources();
  plan.targets = rules_of(main);
  plan.round = seconds(main.package_mirror_loop);
  plan.copies_trees = main.package_global_mirror_activate;
  plan.tree_round = seconds(main.package_global_mirror_loop);
  plan.verify_round = seconds(main.package_mirror_verify_loop);
  plan.processes = static_cast<std::size_t>(main.package_mirror_processes);
  if (!main.package_mirror_hold.all) {
    plan.hold = static_cast<std::size_t>(main.package_mirror_hold.targets);
  }
  plan.hold_warning = seconds(main.package_mirror_hold_warning);
  return options;
}

}  // namespace pulse2::app
