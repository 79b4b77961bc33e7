#include "app/run.hpp"

#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "app/application.hpp"
#include "app/command_line.hpp"
#include "app/daemon.hpp"
#include "app/preflight.hpp"
#include "config/load.hpp"
#include "log/log.hpp"
#include "os/file.hpp"

namespace pulse2::app {
namespace {

/// No configuration file is near this size.
constexpr std::uint64_t k_longest_file = 16 << 20;

void complain(const std::string& text) {
  std::cerr << "pulse2-package-server: " << text << '\n';
}

/// Prints the effective configuration and everything wrong with it.
int check_config(const config::Loaded& loaded) {
  std::cout << config::effective_text(loaded);
  for (const auto& warning : loaded.warnings)
    std::cerr << "warning: " << warning.to_text() << '\n';
  for (const auto& error : loaded.errors)
    std::cerr << "error: " << error.to_text() << '\n';
  return loaded.ok() ? 0 : k_exit_failure;
}

/// All errors of the file, and those of the machine when the file itself is right.
std::optional<Preflight> checked(const config::Loaded& loaded) {
  for (const auto& error : loaded.errors)
    std::cerr << error.to_text() << '\n';
  if (!loaded.ok()) {
    complain(std::to_string(loaded.errors.size()) + " errors in " + loaded.file);
    return std::nullopt;
  }
  Preflight preflight = check_machine(loaded.settings);
  for (const std::string& error : preflight.errors)
    complain(error);
  if (!preflight.errors.empty()) return std::nullopt;
  return preflight;
}

void log_doubts(const config::Loaded& loaded, const Preflight& preflight) {
  for (const auto& warning : loaded.warnings) {
    log::warning("config.warning", "{}", warning.to_text());
  }
  for (const auto& note : loaded.notes)
    log::info("config.note", "{}", note.to_text());
  for (const std::string& warning : preflight.warnings) {
    log::warning("start.warning", "{}", warning);
  }
}

config::LoggingPlan logging_of(const config::Settings& settings, bool daemon) {
  config::LoggingPlan plan = settings.logging_plan.value_or(config::default_logging(daemon));
  if (!daemon) config::add_standard_error(plan);
  return plan;
}

/// The signals that the server acts on; blocked in every thread, so that only next_signal() takes
/// them.
sigset_t handled_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGUSR1);
  return signals;
}

int next_signal(const sigset_t& signals) {
  int received = 0;
  while (sigwait(&signals, &received) == EINTR) {
  }
  return received;
}

void serve_until_stopped(const sigset_t& signals) {
  int received = next_signal(signals);
  for (; received == SIGUSR1; received = next_signal(signals)) {
    log::reopen();
    log::info("server.logs_reopened", "log files were opened again");
  }
  log::info("server.stopping", "stopping on {}", received == SIGINT ? "SIGINT" : "SIGTERM");
}

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
  return pid_file;
}

int serve(const config::Loaded& loaded, Preflight preflight, StartReport report, bool daemon) {
  const config::Settings& settings = loaded.settings;
  signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  umask(settings.daemon.umask);
  log::start(logging_of(settings, daemon));
  log_doubts(loaded, preflight);

  const auto refuse = [&report](const base::Error& error) {
    log::critical("start.failed", "{}", error.for_operator());
    report.failed(error.for_operator());
    return k_exit_failure;
  };
  Application application(settings, std::move(preflight));
  // Held until the application has stopped.
  const auto pid_file = prepare(application, settings, daemon);
  if (!pid_file) return refuse(pid_file.error());
  if (const auto started = application.start(); !started) return refuse(started.error());
  report.succeeded();
  serve_until_stopped(signals);
  application.stop();
  return 0;
}

}  // namespace

int run(int argc, const char* const* argv) {
  const auto parsed = parse_command_line(argc, argv);
  if (const auto* exit = std::get_if<Exit>(&parsed)) return exit->status;
  const auto& command_line = std::get<CommandLine>(parsed);

  const auto text = os::read_file(command_line.file, k_longest_file);
  if (!text) {
    complain(text.error().for_operator());
    return k_exit_no_file;
  }
  const config::Loaded loaded = config::load(*text, command_line.file);
  if (command_line.check_config) return check_config(loaded);
  auto preflight = checked(loaded);
  if (!preflight) return k_exit_failure;

  if (command_line.foreground) return serve(loaded, *std::move(preflight), {}, false);
  auto forked = daemonise();
  if (!forked) {
    complain(forked.error().for_operator());
    return k_exit_failure;
  }
  if (forked->exit_status) return *forked->exit_status;
  return serve(loaded, *std::move(preflight), std::move(forked->report), true);
}

}  // namespace pulse2::app
