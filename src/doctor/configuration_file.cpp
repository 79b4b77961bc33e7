#include <sys/stat.h>

#include "doctor/probes.hpp"
#include "os/file.hpp"

namespace pulse2::doctor {
namespace {

bool holds_passwords(const config::Loaded& loaded) {
  return loaded.is_written("ssl", "password") || loaded.is_written("mmc_agent", "password");
}

}  // namespace

Findings probe_configuration_file(const Subject& subject) {
  const std::string& path = subject.loaded.file;
  Findings findings;
  const auto status = os::status_of(path);
  if (status && (status->mode & S_IWOTH) != 0) {
    findings.push_back(fault("everybody may change " + path, "chmod o-w " + path));
  }
  if (status && (status->mode & S_IROTH) != 0 && holds_passwords(subject.loaded)) {
    findings.push_back(
        doubt("everybody may read " + path + ", which holds passwords", "chmod o= " + path));
  }
  if (!is_readable_later(subject, path)) {
    findings.push_back(doubt("user " + subject.account->name + " may not read " + path +
                                 ": SIGHUP can't take changes over",
                             "chgrp it to a group of that user and chmod g+r it, or restart the "
                             "server for changes"));
  }
  if (findings.empty()) findings.push_back(good(path + " can be read by whom it concerns"));
  return findings;
}

}  // namespace pulse2::doctor
