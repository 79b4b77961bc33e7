#include "os/folder_watcher.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "os/file.hpp"
#include "temporary_folder.hpp"

namespace pulse2::os {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Kind = FolderWatcher::Event::Kind;

class FolderWatcherTest : public testing::Test {
 protected:
  FolderWatcher::Id watch(const std::string& path) {
    const auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
    return *watcher.watch(fd->get());
  }
  /// Waits until an event is as wanted.
  bool comes(const std::function<bool(const FolderWatcher::Event&)>& is_wanted) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < end) {
      const auto taken = watcher.take();
      if (std::any_of(taken.events.begin(), taken.events.end(), is_wanted)) return true;
      watcher.wait(end);
    }
    return false;
  }

  test::TemporaryFolder folder;
  FolderWatcher watcher = *FolderWatcher::open();
};

TEST_F(FolderWatcherTest, tells_what_changed) {
  const auto id = watch(folder.path());
  folder.write("file", "content");
  EXPECT_TRUE(comes([&](const auto& event) {
    return event.id == id && event.kind == Kind::changed && event.name == "file" &&
           !event.is_folder;
  }));
  fs::create_directory(folder / "sub");
  EXPECT_TRUE(comes([&](const auto& event) { return event.name == "sub" && event.is_folder; }));
}

TEST_F(FolderWatcherTest, a_renamed_folder_keeps_its_watch) {
  fs::create_directory(folder / "a");
  const auto id = watch(folder / "a");
  fs::rename(folder / "a", folder / "b");
  EXPECT_TRUE(
      comes([&](const auto& event) { return event.id == id && event.kind == Kind::moved; }));
  EXPECT_EQ(watch(folder / "b"), id);
}

TEST_F(FolderWatcherTest, a_removed_folder_ends_its_watch) {
  fs::create_directory(folder / "a");
  const auto id = watch(folder / "a");
  fs::remove(folder / "a");
  EXPECT_TRUE(
      comes([&](const auto& event) { return event.id == id && event.kind == Kind::ended; }));
}

TEST_F(FolderWatcherTest, tells_that_events_were_lost) {
  std::size_t most = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> most;
  if (most == 0 || most > 1'000'000) GTEST_SKIP() << "the system keeps too many events";
  watch(folder.path());
  folder.write("0", "");
  folder.write("1", "");
  // Two files in turns, for what happens twice in a row is kept once.
  for (std::size_t i = 0; i <= most; ++i) {
    fs::permissions(folder / std::to_string(i % 2), fs::perms::owner_read);
  }
  bool overflowed = false;
  for (auto taken = watcher.take(); !taken.events.empty(); taken = watcher.take())
    overflowed = overflowed || taken.overflowed;
  EXPECT_TRUE(overflowed);
  folder.write("later", "");
  EXPECT_TRUE(comes([](const auto& event) { return event.name == "later"; }));
}

TEST_F(FolderWatcherTest, wake_ends_a_wait) {
  std::thread other([this] { watcher.wake(); });
  watcher.wait(std::nullopt);
  other.join();
}

TEST_F(FolderWatcherTest, a_wait_ends_by_itself) {
  watcher.wait(std::chrono::steady_clock::now() + 1ms);
}

TEST(IsOpenForWriting, tells_a_writer) {
  const test::TemporaryFolder folder;
  folder.write("file", "content");
  const auto reader = open_file(folder / "file", O_RDONLY);
  EXPECT_FALSE(is_open_for_writing(reader->get()));
  const auto writer = open_file(folder / "file", O_WRONLY);
  EXPECT_TRUE(is_open_for_writing(reader->get()));
}

}  // namespace
}  // namespace pulse2::os
