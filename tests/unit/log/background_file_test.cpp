#include "log/background_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

namespace pulse2::log {
namespace {

class BackgroundFileTest : public testing::Test {
 protected:
  void SetUp() override {
    m_folder = std::filesystem::temp_directory_path() /
               ("pulse2-background-" + std::to_string(::getpid()) + "-" +
                testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(m_folder);
  }
  void TearDown() override { std::filesystem::remove_all(m_folder); }

  [[nodiscard]] std::string path(const std::string& name = "access.log") const {
    return (m_folder / name).string();
  }

  static std::vector<std::string> lines_of(const std::string& path) {
    std::vector<std::string> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
      lines.push_back(line);
    return lines;
  }

  static bool wait_for(const std::function<bool()>& condition) {
    for (int i = 0; i < 3000 && !condition(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return condition();
  }

  std::filesystem::path m_folder;
};

TEST_F(BackgroundFileTest, WritesEveryLineOfEveryThreadWhole) {
  {
    BackgroundFile file(path());
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&file, thread] {
        for (int i = 0; i < 2000; ++i)
          EXPECT_EQ(0U, file.write(std::string(30, static_cast<char>('a' + thread))));
      });
    }
    for (auto& thread : threads)
      thread.join();
  }
  const auto lines = lines_of(path());
  EXPECT_EQ(8000U, lines.size());
  for (const auto& line : lines)
    ASSERT_EQ(std::string(30, line.at(0)), line);
}

TEST_F(BackgroundFileTest, WritesSoon) {
  BackgroundFile file(path());
  file.write("one");
  EXPECT_TRUE(wait_for([&] { return lines_of(path()).size() == 1; }));
  file.write("two");
  EXPECT_TRUE(wait_for([&] { return lines_of(path()).size() == 2; }));
}

TEST_F(BackgroundFileTest, OpensAMovedFileAgain) {
  BackgroundFile file(path());
  file.write("before");
  ASSERT_TRUE(wait_for([&] { return lines_of(path()).size() == 1; }));
  std::filesystem::rename(path(), path("moved"));
  file.reopen();
  EXPECT_TRUE(wait_for([&] { return std::filesystem::exists(path()); }));
  file.write("after");
  EXPECT_TRUE(wait_for([&] { return lines_of(path()).size() == 1; }));
  EXPECT_EQ(std::vector<std::string>{"before"}, lines_of(path("moved")));
}

TEST_F(BackgroundFileTest, TellsWhatWasLost) {
  BackgroundFile file(path());
  // More than may wait.
  const std::string large(9 << 20, 'x');
  EXPECT_EQ(0U, file.write(large));
  EXPECT_EQ(0U, file.write(large));
  EXPECT_EQ(2U, file.write("small"));
  EXPECT_EQ(0U, file.write("small"));
  EXPECT_TRUE(wait_for([&] { return lines_of(path()).size() == 2; }));
}

}  // namespace
}  // namespace pulse2::log
