#include "log/background_file.hpp"

#include <chrono>
#include <ctime>
#include <utility>

namespace pulse2::log {
namespace {

constexpr std::size_t k_most_waiting = 8 << 20;  // bytes; beyond them lines are lost
constexpr std::size_t k_enough = 64 << 10;       // bytes that are written at once
constexpr std::chrono::milliseconds k_gathering{100};

}  // namespace

BackgroundFile::BackgroundFile(std::string path) : m_file(std::move(path), false) {}

BackgroundFile::~BackgroundFile() {
  {
    const std::lock_guard lock(m_mutex);
    m_stop = true;
  }
  m_wake.notify_one();
  if (m_thread.joinable()) m_thread.join();
}

std::uint64_t BackgroundFile::write(std::string_view line) {
  bool wake = false;
  std::uint64_t lost = 0;
  {
    const std::lock_guard lock(m_mutex);
    if (m_lines.size() + line.size() >= k_most_waiting) {
      ++m_lost;
      return 0;
    }
    lost = std::exchange(m_lost, 0);
    const auto before = m_lines.size();
    if (before > 0) m_lines += '\n';
    m_lines += line;
    wake = before == 0 || (before < k_enough && m_lines.size() >= k_enough);
    if (!m_thread.joinable()) m_thread = std::thread([this] { run(); });
  }
  if (wake) m_wake.notify_one();
  return lost;
}

void BackgroundFile::reopen() {
  {
    const std::lock_guard lock(m_mutex);
    if (!m_thread.joinable()) return m_file.reopen();
    m_reopen = true;
  }
  m_wake.notify_one();
}

bool BackgroundFile::wait(std::unique_lock<std::mutex>& lock) {
  m_wake.wait(lock, [this] { return !m_lines.empty() || m_reopen || m_stop; });
  m_wake.wait_for(lock, k_gathering,
                  [this] { return m_lines.size() >= k_enough || m_reopen || m_stop; });
  return !m_lines.empty() || m_reopen || !m_stop;
}

void BackgroundFile::run() {
  std::unique_lock lock(m_mutex);
  while (wait(lock)) {
    const auto lines = std::exchange(m_lines, {});
    const bool again = std::exchange(m_reopen, false);
    lock.unlock();
    if (again) m_file.reopen();
    if (!lines.empty()) m_file.write(lines, config::LogLevel::info, std::time(nullptr));
    lock.lock();
  }
}

}  // namespace pulse2::log
