#include "app/run.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "app/application.hpp"
#include "app/command_line.hpp"
#include "app/configuration.hpp"
#include "app/daemon.hpp"
#include "app/lifecycle.hpp"
#include "app/pid_file.hpp"
#include "app/privileges.hpp"
#include "app/setup.hpp"
#include "app/signals.hpp"
#include "doctor/examine.hpp"
#include "doctor/report.hpp"
#include "log/log.hpp"
#include "os/descriptors.hpp"
#include "os/inherited_sockets.hpp"
#include "os/service_manager.hpp"

namespace pulse2::app {
namespace {

void complain(const std::string& text) {
  std::cerr << "pulse2-package-server: " << text << '\n';
}

/// Prints the effective configuration and everything wrong with it.
int check_config(const config::Loaded& loaded) {
  std::cout << config::effective_text(loaded);
  for (const auto& warning : loaded.warnings)
    std::cerr << "warning: " << warning.to_text() << '\n';
  const auto mistakes = mistakes_of(loaded);
  for (const auto& mistake : mistakes)
    std::cerr << "error: " << mistake.to_text() << '\n';
  return mistakes.empty() ? 0 : k_exit_failure;
}

/// Prints what is wrong with the file and this machine.
int examine(const config::Loaded& loaded, bool json) {
  // Questions to other machines hold passwords.
  set_core_dumps(loaded.settings.daemon.core_dumps);
  const auto findings = doctor::examine(loaded);
  std::cout << (json ? doctor::report_json(findings) : doctor::report_text(findings));
  return doctor::is_healthy(findings) ? 0 : k_exit_failure;
}

/// Prints why the server does not start.
int list(const Mistakes& mistakes, const std::string& file) {
  for (const std::string& mistake : mistakes)
    complain(mistake);
  complain("mistakes in " + file + ": " + std::to_string(mistakes.size()));
  return k_exit_failure;
}

/// What the process was given by whoever started it.
struct Inheritance {
  std::vector<os::InheritedSocket> sockets;
  os::ServiceManager manager;
  StartReport report;
};

/// Everything that needs the privileges of the start, in the order that contract 02 wants.
base::Expected<std::optional<PidFile>> prepare(Application& application,
                                               const config::Settings& settings, bool daemon) {
  std::optional<PidFile> pid_file;
  if (daemon) {
    auto written = PidFile::write(settings.daemon.pidfile);
    if (!written) return tl::unexpected(std::move(written).error());
    pid_file.emplace(*std::move(written));
  }
  PULSE2_TRY(make_state_folder(settings.main.state_dir, settings.daemon));
  PULSE2_TRY(application.bind());
  PULSE2_TRY(drop_privileges(settings.daemon));
  PULSE2_TRY(check_state_folder(settings.main.state_dir));
  // A change of the user may have changed it.
  set_core_dumps(settings.daemon.core_dumps);
  return pid_file;
}

int serve(Configuration configuration, Inheritance inheritance) {
  const config::Settings settings = configuration.settings();
  const bool daemon = configuration.daemon;
  const Signals signals;
  umask(settings.daemon.umask);
  const auto refuse = [&](const base::Error& error) {
    log::critical("start.failed", "{}", error.for_operator());
    inheritance.report.failed(error.for_operator());
    return k_exit_failure;
  };
  set_core_dumps(settings.daemon.core_dumps);
  if (const auto done = open_logs_for(settings.daemon); !done) return refuse(done.error());
  log::start(logging_of(configuration));
  log_doubts(configuration);

  Application application(std::move(configuration), std::move(inheritance.sockets));
  // Held until the application has stopped.
  const auto pid_file = prepare(application, settings, daemon);
  if (!pid_file) return refuse(pid_file.error());
  if (const auto started = application.start(); !started) return refuse(started.error());
  inheritance.report.succeeded();
  Lifecycle(application, signals, inheritance.manager).run();
  return 0;
}

}  // namespace

int run(int argc, const char* const* argv) {
  os::fill_standard_streams();
  os::keep_from_children(STDERR_FILENO + 1);
  const auto parsed = parse_command_line(argc, argv);
  if (const auto* exit = std::get_if<Exit>(&parsed)) return exit->status;
  const auto& command_line = std::get<CommandLine>(parsed);

  auto loaded = load_file(command_line.file);
  if (!loaded) {
    complain(loaded.error().for_operator());
    return k_exit_no_file;
  }
  if (command_line.check_config) return check_config(*loaded);
  if (command_line.create_folders) return create_folders(*loaded);
  if (command_line.doctor) return examine(*loaded, command_line.json);
  auto configuration = check_for_start(*std::move(loaded), !command_line.foreground);
  if (!configuration) return list(configuration.error(), command_line.file);

  Inheritance inheritance;
  const int passed = os::count_inherited_sockets();
  auto sockets = os::take_inherited_sockets();
  if (!sockets) {
    complain(sockets.error().for_operator());
    return k_exit_failure;
  }
  inheritance.sockets = *std::move(sockets);
  inheritance.manager = os::ServiceManager::from_environment();
  if (command_line.foreground) return serve(*std::move(configuration), std::move(inheritance));
  auto forked = daemonise(passed);
  if (!forked) {
    complain(forked.error().for_operator());
    return k_exit_failure;
  }
  if (forked->exit_status) return *forked->exit_status;
  inheritance.report = std::move(forked->report);
  return serve(*std::move(configuration), std::move(inheritance));
}

}  // namespace pulse2::app
