#include "catalog/fingerprint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "catalog/package_reader.hpp"
#include "temporary_folder.hpp"

namespace pulse2::catalog {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// Looks at a package again and again.
class FingerprintTest : public testing::Test {
 protected:
  FingerprintTest() {
    m_folder.write("src/p/conf.xml",
                   "<package id='p'><name>n</name><version><label>1</label></version>"
                   "<commands><command>run</command></commands></package>");
    m_folder.write("src/p/MD5SUMS", "");
    m_folder.write("src/p/a", "content");
    m_folder.write("src/p/sub/b", "content");
  }

  FoundPackage look() const {
    const auto root = os::Root::open(m_folder / "src");
    NoReporter reporter;
    auto package = read_package(*root, "p", reporter);
    EXPECT_TRUE(package) << package.error().reason;
    return *package;
  }
  Fingerprint fingerprint() const { return fingerprint_of(look()); }
  /// File times advance in coarse steps.
  static void let_time_pass() { std::this_thread::sleep_for(25ms); }
  std::string path(const std::string& name) const { return m_folder / ("src/p/" + name); }

  test::TemporaryFolder m_folder;
};

TEST_F(FingerprintTest, an_untouched_folder_keeps_it) {
  const auto before = fingerprint();
  EXPECT_TRUE(before.is_known());
  EXPECT_EQ(fingerprint(), before);
  EXPECT_FALSE(Fingerprint{}.is_known());
  EXPECT_FALSE(Fingerprint{}.has_same_content(Fingerprint{}));
}

TEST_F(FingerprintTest, content_counts_wherever_it_is) {
  for (const char* name : {"a", "sub/b", "conf.xml", "MD5SUMS"}) {
    const auto before = fingerprint();
    let_time_pass();
    std::ofstream(path(name), std::ios::app) << " ";
    EXPECT_FALSE(fingerprint().has_same_content(before)) << name;
  }
}

TEST_F(FingerprintTest, names_count) {
  const auto before = fingerprint();
  fs::rename(path("a"), path("c"));
  const auto renamed = fingerprint();
  EXPECT_FALSE(renamed.has_same_content(before));
  m_folder.write("src/p/d", "");
  EXPECT_FALSE(fingerprint().has_same_content(renamed));
}

TEST_F(FingerprintTest, a_file_put_in_the_place_of_another_counts_whatever_its_times) {
  const auto before = fingerprint();
  m_folder.write("other", "CONTENT");
  fs::last_write_time(m_folder / "other", fs::last_write_time(path("a")));
  fs::rename(m_folder / "other", path("a"));
  EXPECT_FALSE(fingerprint().has_same_content(before));
}

TEST_F(FingerprintTest, rights_and_links_change_no_content) {
  const auto before = fingerprint();
  let_time_pass();
  ASSERT_EQ(chmod(path("a").c_str(), 0600), 0);
  const auto other_rights = fingerprint();
  EXPECT_NE(other_rights, before);
  EXPECT_TRUE(other_rights.has_same_content(before));
  let_time_pass();
  fs::create_hard_link(path("a"), m_folder / "backup");
  EXPECT_NE(fingerprint(), other_rights);
  EXPECT_TRUE(fingerprint().has_same_content(before));
}

TEST_F(FingerprintTest, what_is_no_file_of_the_package_does_not_count) {
  const auto before = fingerprint();
  m_folder.write("src/p/.pulse2-tmp.x", "on its way");
  fs::create_directory(path("empty"));
  EXPECT_EQ(fingerprint(), before);
}

TEST_F(FingerprintTest, the_newest_change_shows_in_folders_too) {
  const auto long_ago = fs::file_time_type::clock::now() - 1h;
  for (const char* name : {"a", "sub/b", "conf.xml", "MD5SUMS", "sub", ""})
    fs::last_write_time(path(name), long_ago);
  const auto before = look().newest_ns;
  fs::last_write_time(path("sub"), long_ago + 10min);
  EXPECT_EQ(look().newest_ns, before + std::chrono::nanoseconds(10min).count());
  fs::last_write_time(path(""), long_ago + 20min);
  EXPECT_EQ(look().newest_ns, before + std::chrono::nanoseconds(20min).count());
  fs::last_write_time(path("sub/b"), long_ago + 30min);
  EXPECT_EQ(look().newest_ns, before + std::chrono::nanoseconds(30min).count());
}

}  // namespace
}  // namespace pulse2::catalog
