#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "os/thread_pool.hpp"

namespace pulse2::catalog {

/// Runs `step(0)` to `step(count - 1)` in any order, in this thread and in those of `pool` that
/// are free, and returns when all of them ended. After an error no further step begins; the first
/// one is answered. May be called from a task of the same pool: this thread never waits for a step
/// that no thread has begun.
inline base::Expected<void> for_all(os::ThreadPool& pool, std::size_t count,
                                    const std::function<base::Expected<void>(std::size_t)>& step) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable ended;
    std::size_t next = 0;     ///< the first step that nobody has begun
    std::size_t running = 0;  ///< steps that have not ended
    std::optional<base::Error> error;
  };
  const auto shared = std::make_shared<Shared>();
  // A helper that comes late finds nothing to do, and does not touch `step`, which may be gone.
  const auto help = [shared, count, &step] {
    std::unique_lock lock(shared->mutex);
    while (shared->next < count && !shared->error) {
      const std::size_t index = shared->next++;
      ++shared->running;
      lock.unlock();
      auto done = step(index);
      lock.lock();
      if (!done && !shared->error) shared->error = std::move(done).error();
      if (--shared->running == 0) shared->ended.notify_all();
    }
  };
  for (std::size_t i = 1; i < count && i < pool.size(); ++i)
    pool.post(help);
  help();
  std::unique_lock lock(shared->mutex);
  shared->ended.wait(lock, [&] { return shared->running == 0; });
  if (shared->error) return tl::unexpected(std::move(*shared->error));
  return {};
}

}  // namespace pulse2::catalog
