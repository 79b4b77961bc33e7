#include "doctor/examine.hpp"

#include <exception>
#include <string>

#include "doctor/probes.hpp"
#include "doctor/subject.hpp"

namespace pulse2::doctor {
namespace {

void add(Findings& all, std::string_view probe, Findings found) {
  for (Finding& finding : found) {
    finding.probe = probe;
    all.push_back(std::move(finding));
  }
}

Findings look_at_file(const config::Loaded& loaded) {
  Findings found;
  for (const auto& error : loaded.errors)
    found.push_back(fault(error.to_text(), "correct the line"));
  for (const auto& warning : loaded.warnings)
    found.push_back(doubt(warning.to_text(), "correct the line"));
  if (found.empty()) found.push_back(good(loaded.file + " has no mistakes"));
  return found;
}

Findings look(const Probe& probe, const Subject& subject) {
  try {
    return probe.look(subject);
  } catch (const std::exception& exception) {
    return {skip(std::string("could not be looked at: ") + exception.what(), "report it")};
  }
}

}  // namespace

const std::vector<Probe>& probes() {
  static const std::vector<Probe> k_probes = {
      {"account", probe_account},
      {"configuration", probe_configuration_file},
      {"certificate", probe_certificate},
      {"address", probe_address},
      {"ports", probe_ports},
      {"folders", probe_folders},
      {"space", probe_space},
      {"clock", probe_clock},
      {"descriptors", probe_descriptors},
      {"tools", probe_tools},
      {"mirror target", probe_targets},
      {"agent", probe_agent},
      {"download", probe_downloads},
  };
  return k_probes;
}

Findings examine(const config::Loaded& loaded) {
  Findings all;
  add(all, "configuration", look_at_file(loaded));
  if (!loaded.ok()) {
    add(all, "machine", {skip("not looked at", "correct the configuration first")});
    return all;
  }
  const Subject subject = make_subject(loaded);
  for (const Probe& probe : probes())
    add(all, probe.name, look(probe, subject));
  return all;
}

}  // namespace pulse2::doctor
