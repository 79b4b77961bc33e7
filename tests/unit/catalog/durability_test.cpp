#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/hash.hpp"
#include "catalog/catalog.hpp"
#include "catalog/package_taker.hpp"
#include "list_reporter.hpp"
#include "temporary_folder.hpp"

namespace {

/// Sees every call that waits for the disk; an errno other than 0 makes it fail.
std::function<int(const std::string& call, const std::string& path)> on_sync;

int watched(const char* call, int fd) {
  if (on_sync) {
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    errno = on_sync(call, std::filesystem::read_symlink(link));
    if (errno != 0) return -1;
  }
  return reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, call))(fd);
}

}  // namespace

// In the place of the C library's.
extern "C" int fsync(int fd) {
  return watched("fsync", fd);
}
extern "C" int syncfs(int fd) noexcept {
  return watched("syncfs", fd);
}

namespace pulse2::catalog {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

class DurabilityTest : public testing::Test {
 protected:
  DurabilityTest() { fs::create_directory(m_src); }
  ~DurabilityTest() override {
    m_catalog.reset();
    on_sync = nullptr;
  }

  void add(const std::string& pid, const std::string& content) {
    m_folder.write("src/" + pid + "/conf.xml",
                   "<package id=\"" + pid + "\"><name>n</name><version><label>1</label></version>" +
                       "<commands><command name=\"c\">run</command></commands></package>");
    m_folder.write("src/" + pid + "/install.bat", content);
  }

  void start() {
    CatalogOptions options;
    options.srcs = {m_src};
    m_catalog = std::make_unique<Catalog>(options, m_pool, m_reporter);
    ASSERT_TRUE(m_catalog->start());
    ASSERT_TRUE(m_catalog->wait_until_ready(60s, true));
  }

  Outcome take(const std::string& pid) {
    const auto state = store::State::open(m_folder / "state.sqlite");
    const auto root = os::Root::open(m_src);
    NoMirrors ledger;
    PackageLocks locks;
    const std::atomic<bool> cancelled{false};
    const PackageTaker taker({*m_catalog, **state, ledger, locks, m_pool, m_reporter}, cancelled);
    return taker.take(*root, pid);
  }

  /// Takes the package: its folder and MD5SUMS are synced while the catalogue has nothing of it.
  void expect_synced_while_hidden(const std::string& pid) {
    std::mutex mutex;
    std::vector<std::string> synced;
    on_sync = [&](const std::string&, const std::string& path) {
      const std::lock_guard lock(mutex);
      if (!m_catalog->holder(m_src, pid)) synced.push_back(path);
      return 0;
    };
    EXPECT_EQ(take(pid), Outcome::done);
    on_sync = nullptr;
    EXPECT_TRUE(m_catalog->holder(m_src, pid));
    EXPECT_THAT(synced, Contains(m_src + "/" + pid + "/MD5SUMS"));
    EXPECT_THAT(synced, Contains(m_src + "/" + pid));
  }

  test::TemporaryFolder m_folder;
  std::string m_src = m_folder / "src";
  os::ThreadPool m_pool{4};
  test::ListReporter m_reporter;
  std::unique_ptr<Catalog> m_catalog;
};

TEST_F(DurabilityTest, detection_makes_md5sums_durable_before_the_package_is_visible) {
  start();
  add("p", "content");
  expect_synced_while_hidden("p");
}

TEST_F(DurabilityTest, detection_makes_md5sums_durable_that_came_with_the_package) {
  start();
  add("p", "content");
  m_folder.write("src/p/MD5SUMS", base::md5_hex("content") + "  install.bat\n");
  expect_synced_while_hidden("p");
}

TEST_F(DurabilityTest, detection_serves_md5sums_from_memory_that_can_not_be_made_durable) {
  start();
  add("p", "content");
  on_sync = [&](const std::string&, const std::string& path) {
    return path == m_src + "/p/MD5SUMS" ? EIO : 0;
  };
  ASSERT_EQ(take("p"), Outcome::done);
  const auto entry = m_catalog->holder(m_src, "p");
  ASSERT_TRUE(entry);
  ASSERT_TRUE(entry->md5sums_in_memory);
  EXPECT_EQ(*entry->md5sums_in_memory, base::md5_hex("content") + "  install.bat\n");
  EXPECT_THAT(m_reporter.text(), HasSubstr("catalog.md5sums_in_memory"));
}

TEST_F(DurabilityTest, a_scan_serves_md5sums_from_memory_that_can_not_be_made_durable) {
  add("p", "content");
  add("q", "else");
  // A failure is reported once, whatever is asked afterwards.
  std::atomic<bool> has_failed{false};
  on_sync = [&](const std::string& call, const std::string&) {
    return call == "syncfs" && !has_failed.exchange(true) ? ENOSPC : 0;
  };
  start();
  const auto snapshot = m_catalog->snapshot();
  for (const auto& [pid, content] : {std::pair{"p", "content"}, {"q", "else"}}) {
    const auto text = snapshot->find_in_memory(m_src, std::string(pid) + "/MD5SUMS");
    ASSERT_TRUE(text) << pid;
    EXPECT_EQ(*text, base::md5_hex(content) + "  install.bat\n");
  }
  EXPECT_THAT(m_reporter.text(), HasSubstr("catalog.md5sums_in_memory"));
}

TEST_F(DurabilityTest, a_scan_serves_md5sums_from_the_disk_that_are_durable) {
  add("p", "content");
  start();
  EXPECT_FALSE(m_catalog->snapshot()->find_in_memory(m_src, "p/MD5SUMS"));
  EXPECT_EQ(m_reporter.text().find("md5sums_in_memory"), std::string::npos);
}

}  // namespace
}  // namespace pulse2::catalog
