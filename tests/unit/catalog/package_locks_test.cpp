#include "catalog/package_locks.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace pulse2::catalog {
namespace {

TEST(PackageLocks, one_package_has_one_holder) {
  PackageLocks locks;
  {
    const auto guard = locks.lock("p");
    EXPECT_FALSE(locks.try_lock("p"));
    EXPECT_TRUE(locks.try_lock("q"));
  }
  EXPECT_TRUE(locks.try_lock("p"));
}

TEST(PackageLocks, a_guard_can_be_handed_on) {
  PackageLocks locks;
  auto first = locks.try_lock("p");
  ASSERT_TRUE(first);
  {
    const auto second = std::move(*first);
    first.reset();
    EXPECT_FALSE(locks.try_lock("p"));
  }
  EXPECT_TRUE(locks.try_lock("p"));
}

TEST(PackageLocks, holders_follow_each_other) {
  PackageLocks locks;
  int count = 0;  // guarded by the package's lock
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) {
        const auto guard = locks.lock("p");
        ++count;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(count, 4000);
}

}  // namespace
}  // namespace pulse2::catalog
