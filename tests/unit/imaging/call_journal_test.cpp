#include "imaging/call_journal.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <semaphore>

namespace pulse2::imaging {
namespace {

using base::ErrorKind;
using base::Expected;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Ids = std::vector<std::int64_t>;

/// A journal whose writes are remembered and end when the test lets them.
class CallJournalTest : public ::testing::Test {
 protected:
  Expected<void> write(const std::vector<CallChange>& changes) {
    m_begun.release();
    m_go.acquire();
    Ids ids;
    for (const CallChange& change : changes)
      ids.push_back(std::get<RemovedCall>(change).id);
    m_batches.push_back(std::move(ids));
    if (m_batches.size() == m_failing) return base::fail(ErrorKind::no_space, "as the test wants");
    return {};
  }

  /// Another caller, who waits until its change is durable.
  void make(std::int64_t id) {
    boost::asio::co_spawn(m_io, m_journal.make(RemovedCall{id}),
                          [this, id](const std::exception_ptr&, Expected<void> made) {
                            (made ? m_made : m_failed).push_back(id);
                          });
    m_io.restart();
    m_io.poll();
  }

  /// Lets one write go on to its end, and its callers learn of it.
  void end_write() {
    m_go.release();
    const std::size_t ended = m_made.size() + m_failed.size();
    while (m_made.size() + m_failed.size() == ended)
      m_io.run_one();
    m_io.poll();
  }

  boost::asio::io_context m_io;
  std::counting_semaphore<> m_begun{0};
  std::counting_semaphore<> m_go{0};
  std::vector<Ids> m_batches;
  std::size_t m_failing = 0;
  Ids m_made;
  Ids m_failed;
  os::ThreadPool m_pool{1};
  CallJournal m_journal{m_io.get_executor(), m_pool,
                        [this](const auto& changes) { return write(changes); }};
};

TEST_F(CallJournalTest, WhatComesDuringAWriteIsWrittenTogether) {
  make(1);
  m_begun.acquire();
  for (const int id : {2, 3, 4})
    make(id);
  EXPECT_THAT(m_made, IsEmpty()) << "nothing is acknowledged before it is durable";
  end_write();
  EXPECT_THAT(m_made, ElementsAre(1));
  m_begun.acquire();
  make(5);
  end_write();
  EXPECT_THAT(m_made, ElementsAre(1, 2, 3, 4));
  end_write();
  EXPECT_THAT(m_batches, ElementsAre(Ids{1}, Ids{2, 3, 4}, Ids{5}));
}

TEST_F(CallJournalTest, AFailureIsThatOfAllInTheTransactionAndOfNoOthers) {
  m_failing = 2;
  make(1);
  m_begun.acquire();
  make(2);
  make(3);
  end_write();
  m_begun.acquire();
  make(4);
  end_write();
  EXPECT_THAT(m_failed, ElementsAre(2, 3));
  end_write();
  EXPECT_THAT(m_made, ElementsAre(1, 4));
  make(5);
  end_write();
  EXPECT_THAT(m_made, ElementsAre(1, 4, 5));
}

}  // namespace
}  // namespace pulse2::imaging
