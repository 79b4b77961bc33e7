#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "imaging/call_store.hpp"
#include "imaging/operations.hpp"
#include "os/thread_pool.hpp"

namespace pulse2::imaging {

/// Changes of the call store, each durable when its coroutine returns. What comes while a write is
/// under way goes to the disk as one transaction when that has ended: a disk that takes its time to
/// sync is waited for once, however many machines boot. Belongs to the imaging thread.
class CallJournal {
 public:
  /// Makes the changes durable, all or none; runs on the pool, never twice at once.
  using Write = std::function<base::Expected<void>(const std::vector<CallChange>&)>;

  /// `pool` outlives the journal.
  CallJournal(boost::asio::any_io_executor executor, os::ThreadPool& pool, Write write);
  CallJournal(const CallJournal&) = delete;
  CallJournal& operator=(const CallJournal&) = delete;

  /// Error: that of the transaction, which all changes in it share.
  [[nodiscard]] Awaitable<base::Expected<void>> make(CallChange change);

 private:
  struct Batch;
  using BatchPointer = std::shared_ptr<Batch>;

  [[nodiscard]] Awaitable<void> write_batches();

  boost::asio::any_io_executor m_executor;
  os::ThreadPool& m_pool;
  Write m_write;
  BatchPointer m_next;  ///< takes changes; null when nothing waits
  bool m_writing = false;
};

}  // namespace pulse2::imaging
