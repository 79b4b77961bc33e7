#include <algorithm>

#include "doctor/probes.hpp"
#include "doctor/program.hpp"
#include "mirroring/target.hpp"

namespace pulse2::doctor {
namespace {

Finding look_for(const std::string& option, const std::string& program, const std::string& fix) {
  const auto found = find_program(program);
  if (!found) return fault(option + ": " + program + " is not there or may not be run", fix);
  return good(*found + " is there");
}

Findings look_for_mirroring(const config::Main& main) {
  Findings findings{
      look_for("[main] package_mirror_command", main.package_mirror_command, "install rsync")};
  const auto& targets = main.package_mirror_target;
  const bool by_ssh = std::any_of(targets.begin(), targets.end(), [](const std::string& target) {
    return mirroring::Target(target).kind() == mirroring::Target::Kind::remote_shell;
  });
  if (by_ssh) {
    findings.push_back(look_for("[main] package_mirror_target", "ssh", "install openssh-client"));
  }
  return findings;
}

Finding look_for_iso_tool(const std::string& configured) {
  for (const std::string& tool :
       {configured, std::string("genisoimage"), std::string("xorrisofs")}) {
    if (const auto found = find_program(tool)) return good(*found + " makes ISO images");
  }
  return fault("[imaging_api] isogen_tool: neither " + configured +
                   " nor genisoimage nor xorrisofs is there",
               "install genisoimage or xorriso");
}

}  // namespace

Findings probe_tools(const Subject& subject) {
  Findings findings;
  if (!subject.settings().main.package_mirror_target.empty()) {
    findings = look_for_mirroring(subject.settings().main);
  }
  if (const auto& imaging = subject.settings().imaging_api) {
    findings.push_back(look_for_iso_tool(imaging->isogen_tool));
  }
  return findings;
}

}  // namespace pulse2::doctor
