#pragma once

#include <sys/types.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace pulse2::os {

/// How a program is run: no shell, no descriptors of ours, no input, no terminal to ask on, a
/// session and so a process group of its own.
struct ChildOptions {
  std::vector<std::string> arguments;    ///< the first one is the program, looked up in PATH
  std::vector<std::string> environment;  ///< `NAME=value`, beside or instead of our own
  bool inherits_environment = true;      ///< false: it gets `environment` and nothing else
  std::chrono::seconds limit{0};         ///< then it is stopped; 0: it may run for ever
  /// So long without output or a byte read or written by the program, then it is stopped; 0: it may
  /// rest for ever.
  std::chrono::milliseconds idle_limit{0};
  /// Each line of its output, standard error included, without its end; a carriage return ends one
  /// too. May be empty.
  std::function<void(std::string_view line)> on_line;
  std::size_t keep_output = 64U << 10U;  ///< bytes from the end of its output
};

/// How a program ended.
struct ChildResult {
  int status = 0;          ///< exit status; 128 + the signal that ended it
  bool timed_out = false;  ///< by either limit
  std::string output;      ///< the last part of what it wrote
};

/// A running program. For one thread, that of the executor.
class ChildProcess {
 public:
  /// Error: the program can't be started; `not_found` when there is none.
  [[nodiscard]] static base::Expected<std::unique_ptr<ChildProcess>> start(
      boost::asio::any_io_executor executor, ChildOptions options);
  /// Kills what still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Returns when the program has ended. To be awaited once; this object outlives it.
  [[nodiscard]] boost::asio::awaitable<ChildResult> wait();
  /// Asks the program and its children to end (SIGTERM), and kills them five seconds later, the
  /// children as soon as the program has ended.
  void stop();
  /// How long it has neither written output nor read or written a byte; looked at once a second
  /// with an idle_limit, 0 without.
  [[nodiscard]] std::chrono::milliseconds idle() const;

  [[nodiscard]] pid_t pid() const noexcept;

 private:
  class Implementation;
  explicit ChildProcess(std::shared_ptr<Implementation> implementation);
  std::shared_ptr<Implementation> m_implementation;
};

}  // namespace pulse2::os
