#pragma once

#include <string_view>
#include <vector>

#include "doctor/finding.hpp"
#include "doctor/subject.hpp"

/// What administrators get wrong: each probe looks at one subject and says what to do. A probe
/// changes nothing on the machine.
namespace pulse2::doctor {

[[nodiscard]] Findings probe_account(const Subject& subject);
[[nodiscard]] Findings probe_address(const Subject& subject);
[[nodiscard]] Findings probe_agent(const Subject& subject);
[[nodiscard]] Findings probe_certificate(const Subject& subject);
[[nodiscard]] Findings probe_clock(const Subject& subject);
[[nodiscard]] Findings probe_configuration_file(const Subject& subject);
[[nodiscard]] Findings probe_descriptors(const Subject& subject);
[[nodiscard]] Findings probe_downloads(const Subject& subject);
[[nodiscard]] Findings probe_folders(const Subject& subject);
[[nodiscard]] Findings probe_ports(const Subject& subject);
[[nodiscard]] Findings probe_space(const Subject& subject);
[[nodiscard]] Findings probe_targets(const Subject& subject);
[[nodiscard]] Findings probe_tools(const Subject& subject);

struct Probe {
  std::string_view name;
  Findings (*look)(const Subject&);
};

/// All of them, in the order in which they are reported.
[[nodiscard]] const std::vector<Probe>& probes();

}  // namespace pulse2::doctor
