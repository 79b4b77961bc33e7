#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <list>
#include <string>

#include "imaging/computer_table.hpp"
#include "os/clock.hpp"
#include "os/thread_pool.hpp"

namespace pulse2::imaging {

/// The table of computers with its file (options uuid_cache_file and uuid_cache_lifetime). Belongs
/// to the imaging thread; files are read and written on the pool.
class ComputerCache {
 public:
  struct Options {
    std::string file;
    std::chrono::seconds lifetime{300};  ///< how long an address is believed
  };

  /// `pool` and `clock` outlive the cache.
  ComputerCache(const boost::asio::any_io_executor& executor, Options options, os::ThreadPool& pool,
                const os::Clock& clock);
  ComputerCache(const ComputerCache&) = delete;
  ComputerCache& operator=(const ComputerCache&) = delete;

  /// Reads the file, or makes an empty one. Before anything else is asked.
  [[nodiscard]] base::Expected<void> load();

  /// By address, unless the entry is too old to be believed. Null when unknown; valid until the
  /// next change.
  [[nodiscard]] const Computer* find(const base::Mac& mac) const;
  /// By address, whatever its age: the best there is while the agent can't be asked.
  [[nodiscard]] const Computer* find_former(const base::Mac& mac) const {
    return m_table.find(mac);
  }
  /// By UUID, whatever its age.
  [[nodiscard]] const Computer* find(std::string_view uuid) const { return m_table.find(uuid); }

  /// Adds or replaces, with the present time. Durable after save().
  void put(Computer computer);
  bool erase(std::string_view uuid);
  /// Removes the entry of that address if it is too old to be believed.
  void erase_former(const base::Mac& mac);

  /// Returns when all changes until now are in the file. Calls at the same time share one write.
  [[nodiscard]] Awaitable<base::Expected<void>> save();

 private:
  [[nodiscard]] std::int64_t now() const;
  [[nodiscard]] bool is_believed(const Computer& computer) const;

  Options m_options;
  os::ThreadPool& m_pool;
  const os::Clock& m_clock;
  ComputerTable m_table;
  std::uint64_t m_changes = 0;  ///< so far
  std::uint64_t m_saved = 0;    ///< of these, in the file
  bool m_saving = false;
  boost::asio::steady_timer m_save_ended;  ///< never expires: cancelled when a write ends
};

}  // namespace pulse2::imaging
