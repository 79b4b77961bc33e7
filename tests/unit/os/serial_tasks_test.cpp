#include "os/serial_tasks.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

namespace pulse2::os {
namespace {

using namespace std::chrono_literals;

TEST(SerialTasks, runs_tasks_of_a_key_in_their_order_and_one_at_a_time) {
  ThreadPool pool(4);
  SerialTasks tasks(pool);
  std::vector<int> order;  // no lock: TSan and the order show that none is needed
  std::promise<void> end;
  for (int i = 0; i < 500; ++i) {
    tasks.post("key", [&order, &end, i] {
      order.push_back(i);
      if (i == 499) end.set_value();
    });
  }
  ASSERT_EQ(end.get_future().wait_for(20s), std::future_status::ready);
  pool.stop();
  ASSERT_EQ(order.size(), 500U);
  for (int i = 0; i < 500; ++i)
    EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST(SerialTasks, lets_other_keys_pass_those_that_wait) {
  ThreadPool pool(2);
  SerialTasks tasks(pool);
  std::promise<void> release;
  auto released = release.get_future().share();
  std::atomic<int> held{0};
  // More waiters than threads: a thread for each would leave none.
  for (int i = 0; i < 10; ++i) {
    tasks.post("held", [released, &held] {
      released.wait();
      ++held;
    });
  }
  std::promise<void> other;
  std::promise<void> none;
  tasks.post("other", [&] { other.set_value(); });
  tasks.post("", [&] { none.set_value(); });
  EXPECT_EQ(other.get_future().wait_for(20s), std::future_status::ready);
  EXPECT_EQ(none.get_future().wait_for(20s), std::future_status::ready);
  EXPECT_EQ(held, 0);
  std::promise<void> last;
  tasks.post("held", [&] { last.set_value(); });
  release.set_value();
  EXPECT_EQ(last.get_future().wait_for(20s), std::future_status::ready);
  EXPECT_EQ(held, 10);
}

TEST(SerialTasks, drops_what_waits_when_the_pool_stops) {
  auto watched = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = watched;
  std::promise<void> running;
  std::promise<void> release;
  ThreadPool pool(1);
  {
    SerialTasks tasks(pool);
    tasks.post("key", [&] {
      running.set_value();
      release.get_future().wait();
    });
    tasks.post("key", [watched] {});
    watched.reset();
    running.get_future().wait();
    auto stopped = std::async(std::launch::async, [&] { pool.stop(); });
    release.set_value();
    stopped.wait();
  }
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace pulse2::os
