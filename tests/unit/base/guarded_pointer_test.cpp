#include "base/guarded_pointer.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace pulse2::base {
namespace {

constexpr int k_threads = 40;  // more than there are places

/// What each of many threads gets.
std::vector<std::shared_ptr<const int>> seen_by_all(const GuardedPointer<int>& pointer) {
  std::vector<std::shared_ptr<const int>> seen(k_threads);
  std::vector<std::thread> threads;
  threads.reserve(seen.size());
  for (auto& one : seen)
    threads.emplace_back([&pointer, &one] { one = pointer.get(); });
  for (auto& thread : threads)
    thread.join();
  return seen;
}

TEST(GuardedPointer, gives_all_threads_the_same_value) {
  GuardedPointer<int> pointer(std::make_shared<const int>(1));
  const auto next = std::make_shared<const int>(2);
  pointer.set(next);
  for (const auto& seen : seen_by_all(pointer))
    EXPECT_EQ(seen, next);
}

TEST(GuardedPointer, frees_the_old_value_when_nobody_keeps_it) {
  auto first = std::make_shared<const int>(1);
  const std::weak_ptr<const int> watched = first;
  GuardedPointer<int> pointer(std::move(first));
  auto kept = pointer.get();
  pointer.set(std::make_shared<const int>(2));
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(*kept, 1);
  kept = nullptr;
  EXPECT_TRUE(watched.expired());
}

TEST(GuardedPointer, ends_with_one_of_two_values_set_at_a_time) {
  GuardedPointer<int> pointer(std::make_shared<const int>(0));
  const auto set_often = [&pointer](int value) {
    for (int i = 0; i < 1000; ++i)
      pointer.set(std::make_shared<const int>(value));
  };
  std::thread other(set_often, 1);
  set_often(2);
  other.join();
  const auto seen = seen_by_all(pointer);
  for (const auto& one : seen)
    EXPECT_EQ(one, seen.front());
}

}  // namespace
}  // namespace pulse2::base
