#include "catalog/file_hasher.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <mutex>
#include <optional>

#include "temporary_folder.hpp"

namespace pulse2::catalog {
namespace {

using namespace std::chrono_literals;

/// Files below a root, and what was told of them.
class Files final : public HashedFiles {
 public:
  explicit Files(std::string root) : m_root(std::move(root)) {}

  void add(const std::string& name, std::optional<os::FileStatus> status = {}) {
    m_names.push_back(name);
    m_statuses.push_back(status ? *status : *os::status_of(m_root + "/" + name));
  }
  [[nodiscard]] std::size_t count() const { return m_names.size(); }
  [[nodiscard]] const std::string& name(std::size_t file) const { return m_names[file]; }

  [[nodiscard]] std::string path(std::size_t file) const override { return m_names[file]; }
  [[nodiscard]] const os::FileStatus& status(std::size_t file) const override {
    return m_statuses[file];
  }
  void take(std::size_t file, base::Expected<base::Md5Digest> digest) override {
    const std::lock_guard lock(m_mutex);
    EXPECT_TRUE(told.emplace(file, std::move(digest)).second) << "told twice of " << file;
  }

  std::map<std::size_t, base::Expected<base::Md5Digest>> told;

 private:
  std::string m_root;
  std::vector<std::string> m_names;
  std::vector<os::FileStatus> m_statuses;
  std::mutex m_mutex;
};

class FileHasherTest : public testing::Test {
 protected:
  void hash() {
    for (std::size_t file = 0; file < m_files->count(); ++file)
      m_hasher.add(m_files, file);
    ASSERT_TRUE(m_tasks.wait_idle(60s));
  }
  base::ErrorKind failure(std::size_t file) { return m_files->told.at(file).error().kind; }

  test::TemporaryFolder m_folder;
  os::Root m_root = *os::Root::open(m_folder.path());
  os::ThreadPool m_pool{4};
  TaskGroup m_tasks{m_pool};
  ProgressMeter m_meter;
  FileHasher m_hasher{m_root, m_tasks, m_meter, os::ThreadPool::Priority::normal};
  std::shared_ptr<Files> m_files = std::make_shared<Files>(m_folder.path());
};

TEST_F(FileHasherTest, HashesFilesOfAllSizesTogether) {
  std::uint64_t bytes = 0;
  // More than there are lanes in all threads; around the sizes of blocks and of chunks.
  for (const std::size_t around : {1U, 64U, 1000U, 65536U, 131072U, 300000U}) {
    for (std::size_t more = 0; more < 20; ++more) {
      const std::size_t size = around + more - 1;
      const std::string name = std::to_string(around) + "-" + std::to_string(more);
      m_folder.write(name, std::string(size, static_cast<char>('a' + more)));
      m_files->add(name);
      bytes += size;
    }
  }
  hash();
  ASSERT_EQ(m_files->told.size(), m_files->count());
  for (const auto& [file, digest] : m_files->told) {
    ASSERT_TRUE(digest) << m_files->name(file);
    EXPECT_EQ(*digest, base::md5(m_folder.read(m_files->name(file)))) << m_files->name(file);
  }
  EXPECT_EQ(m_meter.read().bytes_done, bytes);
  EXPECT_EQ(m_meter.read().files_done, m_files->count());
}

TEST_F(FileHasherTest, FilesThatFailHarmNoOthers) {
  for (int i = 0; i < 40; ++i) {
    const std::string name = "good-" + std::to_string(i);
    m_folder.write(name, name);
    m_files->add(name);
  }
  m_folder.write("changed", "first");
  auto other = *os::status_of(m_folder / "changed");
  other.mtime_ns += 1;
  m_files->add("changed", other);
  m_files->add("missing", other);
  hash();
  EXPECT_EQ(failure(40), base::ErrorKind::conflict);
  EXPECT_EQ(failure(41), base::ErrorKind::not_found);
  for (std::size_t i = 0; i < 40; ++i)
    EXPECT_TRUE(m_files->told.at(i)) << i;
  EXPECT_EQ(m_files->told.size(), 42U);
}

TEST_F(FileHasherTest, GoesOnWithLargeFilesAfterEachTurn) {
  // Together more than a thread reads before it makes way.
  const std::string bytes(40U << 20U, 'x');
  for (const char* name : {"one", "two", "three", "four"}) {
    m_folder.write(name, bytes);
    m_files->add(name);
  }
  os::ThreadPool single(1);
  TaskGroup tasks(single);
  FileHasher hasher(m_root, tasks, m_meter, os::ThreadPool::Priority::normal);
  for (std::size_t file = 0; file < m_files->count(); ++file)
    hasher.add(m_files, file);
  ASSERT_TRUE(tasks.wait_idle(60s));
  ASSERT_EQ(m_files->told.size(), 4U);
  const auto expected = base::md5(bytes);
  for (const auto& [file, digest] : m_files->told)
    EXPECT_EQ(*digest, expected);
}

TEST_F(FileHasherTest, HashesWhatIsAddedLater) {
  m_folder.write("first", "1");
  m_files->add("first");
  hash();
  m_folder.write("second", "2");
  m_files->add("second");
  m_hasher.add(m_files, 1);
  ASSERT_TRUE(m_tasks.wait_idle(60s));
  EXPECT_EQ(*m_files->told.at(1), base::md5("2"));
}

TEST_F(FileHasherTest, TellsNothingOnceCancelled) {
  m_folder.write("file", "1");
  m_files->add("file");
  m_tasks.cancel();
  m_hasher.add(m_files, 0);
  ASSERT_TRUE(m_tasks.wait_idle(60s));
  EXPECT_TRUE(m_files->told.empty());
}

}  // namespace
}  // namespace pulse2::catalog
