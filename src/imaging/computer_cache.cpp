#include "imaging/computer_cache.hpp"

#include <fcntl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "log/log.hpp"
#include "os/file.hpp"
#include "os/pool_task.hpp"
#include "os/tree.hpp"

namespace pulse2::imaging {

namespace asio = boost::asio;
using base::ErrorKind;
using base::Expected;

namespace {

constexpr mode_t k_mode = 0666;
/// Room for a million computers.
constexpr std::uint64_t k_longest_file = 256U << 20U;

}  // namespace

ComputerCache::ComputerCache(const asio::any_io_executor& executor, Options options,
                             os::ThreadPool& pool, const os::Clock& clock)
    : m_options(std::move(options)),
      m_pool(pool),
      m_clock(clock),
      m_save_ended(executor, asio::steady_timer::time_point::max()) {}

Expected<void> ComputerCache::load() {
  const auto folder = os::open_file(os::folder_of(m_options.file), O_RDONLY | O_DIRECTORY);
  if (!folder) return tl::unexpected(folder.error());
  PULSE2_TRY(os::remove_leftovers_at(folder->get()));
  auto text = os::read_file(m_options.file, k_longest_file);
  if (!text && text.error().kind == ErrorKind::not_found) {
    return os::write_file_atomically(m_options.file, "", os::less_umask(k_mode));
  }
  if (!text) return tl::unexpected(std::move(text).error());
  auto read = parse_table(*text);
  for (const auto& problem : read.problems) {
    log::warning("imaging.cache.skipped", "{} {}", m_options.file, problem);
  }
  for (auto& computer : read.computers)
    m_table.put(std::move(computer));
  return {};
}

std::int64_t ComputerCache::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(m_clock.now().time_since_epoch()).count();
}

bool ComputerCache::is_believed(const Computer& computer) const {
  return now() - computer.updated <= m_options.lifetime.count();
}

const Computer* ComputerCache::find(const base::Mac& mac) const {
  const Computer* computer = m_table.find(mac);
  return computer != nullptr && is_believed(*computer) ? computer : nullptr;
}

void ComputerCache::erase_former(const base::Mac& mac) {
  const Computer* computer = m_table.find(mac);
  if (computer != nullptr && !is_believed(*computer)) erase(std::string(computer->uuid));
}

void ComputerCache::put(Computer computer) {
  computer.updated = now();
  m_table.put(std::move(computer));
  ++m_changes;
}

bool ComputerCache::erase(std::string_view uuid) {
  const bool erased = m_table.erase(uuid);
  if (erased) ++m_changes;
  return erased;
}

Awaitable<Expected<void>> ComputerCache::save() {
  const std::uint64_t wanted = m_changes;
  while (m_saving) {
    co_await m_save_ended.async_wait(asio::as_tuple(asio::use_awaitable));
    if (m_saved >= wanted) co_return Expected<void>{};
  }
  if (m_saved >= wanted) co_return Expected<void>{};
  m_saving = true;
  const std::uint64_t saved = m_changes;
  const std::string text = render_table(m_table.all());
  auto written = co_await os::run_on(m_pool, [&] {
    return os::write_file_atomically(m_options.file, text, os::less_umask(k_mode));
  });
  m_saving = false;
  if (written) m_saved = saved;
  m_save_ended.cancel();
  co_return written;
}

}  // namespace pulse2::imaging
