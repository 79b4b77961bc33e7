#include "os/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

#include "base/text.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::os {

namespace asio = boost::asio;
using base::Expected;

namespace {

constexpr auto k_no_throw = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds k_grace{5};
/// How long children get that are asked to end and survive their program.
constexpr std::chrono::seconds k_children_grace{1};
constexpr std::chrono::milliseconds k_poll{50};
constexpr std::chrono::milliseconds k_look{1000};
constexpr std::uint64_t k_most_proc_bytes = 64U << 10U;
/// Longer lines are handed out in parts.
constexpr std::size_t k_longest_line = 64U << 10U;
constexpr int k_first_inherited = 3;
constexpr int k_signal_base = 128;

struct FileActions {
  posix_spawn_file_actions_t actions{};
  FileActions() { ::posix_spawn_file_actions_init(&actions); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions); }
};

struct Attributes {
  posix_spawnattr_t attributes{};
  Attributes() { ::posix_spawnattr_init(&attributes); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  ~Attributes() { ::posix_spawnattr_destroy(&attributes); }
};

/// What execve(2) takes; refers to the texts.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string_view name_of(std::string_view assignment) {
  return assignment.substr(0, assignment.find('='));
}

std::vector<std::string> merged_environment(std::vector<std::string> own) {
  for (char** each = ::environ; each != nullptr && *each != nullptr; ++each) {
    const auto same = [each](const std::string& other) { return name_of(other) == name_of(*each); };
    if (std::none_of(own.begin(), own.end(), same)) own.emplace_back(*each);
  }
  return own;
}

/// Bytes that the process has read and written so far, in files and sockets alike; 0 when the
/// system does not tell.
std::uint64_t moved_bytes(pid_t pid) {
  const auto text = read_file("/proc/" + std::to_string(pid) + "/io", k_most_proc_bytes);
  if (!text) return 0;
  std::uint64_t sum = 0;
  for (const auto line : base::split(*text, '\n')) {
    for (const std::string_view name : {"rchar: ", "wchar: "}) {
      if (!line.starts_with(name)) continue;
      sum += base::parse_integer<std::uint64_t>(line.substr(name.size())).value_or(0);
    }
  }
  return sum;
}

/// The signals that this process blocks or ignores are the program's as usual.
void reset_signals(posix_spawnattr_t& attributes) {
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t ignored;
  sigemptyset(&ignored);
  sigaddset(&ignored, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &ignored);
  const int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;
  ::posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
}

Expected<pid_t> spawn(std::vector<std::string> arguments, std::vector<std::string> variables,
                      int output) {
  FileActions files;
  ::posix_spawn_file_actions_addopen(&files.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files.actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files.actions, output, STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&files.actions, k_first_inherited);
  Attributes attributes;
  reset_signals(attributes.attributes);
  const auto argv = pointers_to(arguments);
  const auto envp = pointers_to(variables);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, argv.front(), &files.actions, &attributes.attributes,
                                   argv.data(), envp.data());
  if (error != 0) return tl::unexpected(base::errno_error(error, arguments.front()));
  return pid;
}

}  // namespace

class ChildProcess::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(const asio::any_io_executor& executor, ChildOptions options, pid_t pid,
                 UniqueFd output)
      : m_options(std::move(options)),
        m_pid(pid),
        m_output(executor, output.release()),
        m_exit(executor),
        m_limit(executor),
        m_timer(executor),
        m_look(executor) {
    // Older kernels and some sandboxes have no such descriptor: then the exit is polled for.
    const long exit = ::syscall(SYS_pidfd_open, pid, 0);
    if (exit >= 0) m_exit.assign(static_cast<int>(exit));
  }

  [[nodiscard]] pid_t pid() const noexcept { return m_pid; }

  asio::awaitable<ChildResult> wait() {
    const auto self = shared_from_this();
    if (m_options.limit.count() > 0) stop_after_limit();
    if (m_options.idle_limit.count() > 0) look_for_progress();
    asio::co_spawn(m_output.get_executor(), read_output(), asio::detached);
    while (!m_ended)
      co_await await_exit();
    m_limit.cancel();
    m_timer.cancel();
    m_look.cancel();
    // A program that it left behind may hold the pipe open: what is there now is all.
    drain();
    m_output.cancel();
    end_line();
    co_return std::move(m_result);
  }

  [[nodiscard]] std::chrono::milliseconds idle() const {
    if (m_options.idle_limit.count() == 0) return std::chrono::milliseconds(0);
    const auto rest = std::chrono::steady_clock::now() - m_last_progress;
    return std::chrono::duration_cast<std::chrono::milliseconds>(rest);
  }

  void stop() {
    if (m_ended) return;
    m_is_stopped = true;
    send(SIGTERM);
    m_timer.expires_after(k_grace);
    m_timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->send(SIGKILL);
    });
  }

  void kill() {
    if (m_ended) return;
    send(SIGKILL);
    (void)::waitpid(m_pid, nullptr, 0);
    m_ended = true;
  }

 private:
  /// Only before the program was waited for: its number can't be another's.
  void send(int signal) const {
    if (!m_ended) ::kill(-m_pid, signal);
  }

  void stop_after_limit() {
    m_limit.expires_after(m_options.limit);
    m_limit.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->m_result.timed_out = true;
      self->stop();
    });
  }

  void look_for_progress() {
    m_look.expires_after(std::min(k_look, m_options.idle_limit));
    m_look.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self || self->m_ended) return;
      if (self->has_rested_too_long()) {
        self->m_result.timed_out = true;
        self->stop();
      } else {
        self->look_for_progress();
      }
    });
  }

  [[nodiscard]] bool has_rested_too_long() {
    const std::uint64_t moved = moved_bytes(m_pid);
    if (moved != std::exchange(m_moved, moved)) {
      m_last_progress = std::chrono::steady_clock::now();
    }
    return idle() >= m_options.idle_limit;
  }

  asio::awaitable<void> await_exit() {
    if (m_exit.is_open()) {
      co_await m_exit.async_wait(asio::posix::stream_descriptor::wait_read, k_no_throw);
    } else {
      asio::steady_timer pause(m_output.get_executor(), k_poll);
      co_await pause.async_wait(k_no_throw);
    }
    siginfo_t information{};
    constexpr int k_look_only = WEXITED | WNOHANG | WNOWAIT;
    const bool is_known = ::waitid(P_PID, static_cast<id_t>(m_pid), &information, k_look_only) == 0;
    if (is_known && information.si_pid == 0) co_return;
    // Its number is that of its group until it is waited for: children end with it.
    if (m_is_stopped) {
      co_await let_children_end();
      send(SIGKILL);
    }
    int status = 0;
    const pid_t waited = ::waitpid(m_pid, &status, 0);
    m_ended = true;
    if (waited < 0) co_return;
    m_result.status = WIFSIGNALED(status) ? k_signal_base + WTERMSIG(status) : WEXITSTATUS(status);
  }

  /// Children were asked to end too, and may have to put away what they were at: rsync keeps what
  /// it has of a file. The pipe ends with the last of them.
  asio::awaitable<void> let_children_end() {
    asio::steady_timer pause(m_output.get_executor());
    const auto end = std::chrono::steady_clock::now() + k_children_grace;
    while (!m_output_ended && std::chrono::steady_clock::now() < end) {
      pause.expires_after(k_poll);
      co_await pause.async_wait(k_no_throw);
    }
  }

  asio::awaitable<void> read_output() {
    const auto self = shared_from_this();
    while (drain()) {
      const auto [error] =
          co_await m_output.async_wait(asio::posix::stream_descriptor::wait_read, k_no_throw);
      if (error) co_return;
    }
    m_output_ended = true;
  }

  /// Takes what is there; false at the end.
  bool drain() {
    std::array<char, 4096> bytes{};
    for (;;) {
      const auto size = ::read(m_output.native_handle(), bytes.data(), bytes.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
      if (size == 0) return false;
      take({bytes.data(), static_cast<std::size_t>(size)});
    }
  }

  void take(std::string_view bytes) {
    m_last_progress = std::chrono::steady_clock::now();
    m_result.output += bytes;
    if (m_result.output.size() > 2 * m_options.keep_output) {
      m_result.output.erase(0, m_result.output.size() - m_options.keep_output);
    }
    if (!m_options.on_line) return;
    for (const char byte : bytes) {
      if (byte == '\n' || byte == '\r' || m_line.size() >= k_longest_line) end_line();
      if (byte != '\n' && byte != '\r') m_line += byte;
    }
  }

  void end_line() {
    if (!m_line.empty() && m_options.on_line) m_options.on_line(m_line);
    m_line.clear();
  }

  ChildOptions m_options;
  pid_t m_pid;
  asio::posix::stream_descriptor m_output;
  asio::posix::stream_descriptor m_exit;
  asio::steady_timer m_limit;
  asio::steady_timer m_timer;  ///< from SIGTERM to SIGKILL
  asio::steady_timer m_look;   ///< to the next look for progress
  std::chrono::steady_clock::time_point m_last_progress = std::chrono::steady_clock::now();
  std::uint64_t m_moved = 0;
  bool m_is_stopped = false;
  bool m_output_ended = false;
  bool m_ended = false;
  ChildResult m_result;
  std::string m_line;
};

Expected<std::unique_ptr<ChildProcess>> ChildProcess::start(asio::any_io_executor executor,
                                                            ChildOptions options) {
  if (options.arguments.empty()) {
    return base::fail(base::ErrorKind::invalid_argument, "no program to run");
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return tl::unexpected(base::errno_error(errno, "pipe"));
  }
  UniqueFd output(ends[0]);
  const UniqueFd input(ends[1]);
  // Only our end: the program writes as to any pipe.
  if (::fcntl(output.get(), F_SETFL, O_NONBLOCK) != 0) {
    return tl::unexpected(base::errno_error(errno, "pipe"));
  }
  auto variables =
      options.inherits_environment ? merged_environment(options.environment) : options.environment;
  const auto pid = spawn(options.arguments, std::move(variables), input.get());
  if (!pid) return tl::unexpected(pid.error());
  return std::unique_ptr<ChildProcess>(new ChildProcess(
      std::make_shared<Implementation>(executor, std::move(options), *pid, std::move(output))));
}

ChildProcess::ChildProcess(std::shared_ptr<Implementation> implementation)
    : m_implementation(std::move(implementation)) {}

ChildProcess::~ChildProcess() {
  m_implementation->kill();
}

asio::awaitable<ChildResult> ChildProcess::wait() {
  return m_implementation->wait();
}

void ChildProcess::stop() {
  m_implementation->stop();
}

std::chrono::milliseconds ChildProcess::idle() const {
  return m_implementation->idle();
}

pid_t ChildProcess::pid() const noexcept {
  return m_implementation->pid();
}

}  // namespace pulse2::os
