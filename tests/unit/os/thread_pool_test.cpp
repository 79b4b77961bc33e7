#include "os/thread_pool.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <string>

namespace pulse2::os {
namespace {

TEST(ThreadPool, runs_every_task_once) {
  std::atomic<int> sum{0};
  std::promise<void> all;
  ThreadPool pool(4);
  for (int i = 1; i <= 1000; ++i) {
    pool.post([&] {
      if (++sum == 1000) all.set_value();
    });
  }
  ASSERT_EQ(all.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  pool.stop();
  EXPECT_EQ(sum, 1000);
}

TEST(ThreadPool, prefers_normal_tasks) {
  std::string order;
  std::promise<void> begin;
  std::promise<void> end;
  ThreadPool pool(1);
  pool.post([&] { begin.get_future().wait(); });
  pool.post(
      [&] {
        order += "low";
        end.set_value();
      },
      ThreadPool::Priority::low);
  pool.post([&] { order += "normal,"; });
  begin.set_value();
  end.get_future().wait();
  EXPECT_EQ(order, "normal,low");
}

TEST(ThreadPool, keeps_a_thread_free_of_low_tasks) {
  std::promise<void> release;
  auto released = release.get_future().share();
  std::promise<void> normal_ran;
  ThreadPool pool(2);
  for (int i = 0; i < 8; ++i)
    pool.post([released] { released.wait(); }, ThreadPool::Priority::low);
  pool.post([&] { normal_ran.set_value(); });
  EXPECT_EQ(normal_ran.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  release.set_value();
}

TEST(ThreadPool, drops_what_waits_when_it_stops) {
  auto held = std::make_shared<int>(1);
  std::promise<void> running;
  std::promise<void> release;
  ThreadPool pool(1);
  pool.post([&] {
    running.set_value();
    release.get_future().wait();
  });
  running.get_future().wait();
  pool.post([held] { *held = 2; });
  std::thread stopper([&] { pool.stop(); });
  while (held.use_count() > 1)
    std::this_thread::yield();
  release.set_value();
  stopper.join();
  EXPECT_EQ(*held, 1);
  pool.post([held] { *held = 3; });
  EXPECT_EQ(held.use_count(), 1);
}

TEST(ThreadPool, is_nicer_than_its_process) {
  constexpr int k_nicer = 3;
  const int own = ::getpriority(PRIO_PROCESS, 0);
  std::promise<int> niceness;
  ThreadPool pool(1, k_nicer);
  pool.post([&] { niceness.set_value(::getpriority(PRIO_PROCESS, 0)); });
  EXPECT_EQ(niceness.get_future().get(), std::min(own + k_nicer, 19));
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), own) << "other threads keep theirs";
}

}  // namespace
}  // namespace pulse2::os
