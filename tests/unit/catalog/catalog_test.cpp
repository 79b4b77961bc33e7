#include "catalog/catalog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <thread>

#include "base/hash.hpp"
#include "catalog/package_reader.hpp"
#include "list_reporter.hpp"
#include "temporary_folder.hpp"

namespace pulse2::catalog {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string conf_xml(const std::string& pid) {
  return "<package id=\"" + pid + "\"><name>Label of " + pid +
         "</name><version><label>1.0</label></version><commands><command name=\"c\">run</command>"
         "</commands></package>";
}

using test::ListReporter;

class CatalogTest : public testing::Test {
 protected:
  CatalogTest() { fs::create_directory(m_src); }

  void add(const std::string& folder, const std::string& pid, const std::string& content) {
    m_folder.write("src/" + folder + "/conf.xml", conf_xml(pid));
    m_folder.write("src/" + folder + "/install.bat", content);
  }

  CatalogOptions options() const {
    CatalogOptions result;
    result.srcs = {m_src};
    result.cache_file = m_folder / "cache.sqlite";
    return result;
  }

  /// The snapshot when all is done. Waits before: file times advance in coarse steps.
  std::shared_ptr<const Snapshot> scan(const CatalogOptions& with) {
    std::this_thread::sleep_for(25ms);
    m_reporter = std::make_unique<ListReporter>();
    Catalog catalog(with, m_pool, *m_reporter);
    EXPECT_TRUE(catalog.start());
    EXPECT_TRUE(catalog.wait_until_ready(60s, true));
    m_progress = catalog.progress();
    return catalog.snapshot();
  }
  std::shared_ptr<const Snapshot> scan() { return scan(options()); }

  /// Sets a file's times to some seconds ago.
  void age(const std::string& name, int seconds) {
    const auto then = fs::file_time_type::clock::now() - std::chrono::seconds(seconds);
    fs::last_write_time(m_folder / ("src/" + name), then);
  }

  test::TemporaryFolder m_folder;
  std::string m_src = m_folder / "src";
  os::ThreadPool m_pool{4};
  std::unique_ptr<ListReporter> m_reporter;
  Progress m_progress;
};

std::vector<std::string> ids(const Snapshot& snapshot, const std::string& src) {
  std::vector<std::string> found;
  for (const auto& package : snapshot.packages(src))
    found.push_back(package->id);
  return found;
}

std::vector<std::string> names(const Entry& package) {
  std::vector<std::string> found;
  for (const auto& file : package.files)
    found.push_back(file.name);
  return found;
}

TEST_F(CatalogTest, gives_the_ids_and_sizes_of_the_contract) {
  add("test", "test-id", "I can't be installed");
  const auto snapshot = scan();
  const auto package = snapshot->find(m_src + "/", "test-id");
  ASSERT_TRUE(package);
  EXPECT_EQ(package->size, 66U);
  EXPECT_EQ(package->basepath(), m_src + "/test");
  EXPECT_THAT(names(*package), ElementsAre("install.bat", "MD5SUMS"));
  EXPECT_EQ(base::to_hex(package->files[0].id), "7885517b39317add6a1d362968b01774");
  EXPECT_EQ(base::to_hex(package->files[1].id), "5d3ff03e396aa072f5cae2b2ddcd88b9");
  const auto file = snapshot->find_file(m_src, "7885517b39317add6a1d362968b01774");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->path + "/" + file->name, "/test/install.bat");
  EXPECT_FALSE(snapshot->find_file(m_src, "7885517b39317add6a1d362968b01775"));
  EXPECT_FALSE(snapshot->find_file(m_src, "x"));
  EXPECT_FALSE(snapshot->find_file("/other", "7885517b39317add6a1d362968b01774"));
  EXPECT_EQ(m_folder.read("src/test/MD5SUMS"),
            base::md5_hex("I can't be installed") + "  install.bat\n");
  const auto record = package->record();
  EXPECT_EQ(record.find("label")->as_string(), "Label of test-id");
  EXPECT_EQ(record.find("size")->as_int(), 66);
}

TEST_F(CatalogTest, finds_packages_at_any_depth_outermost_first) {
  add("b/deep/er", "nested", "1");
  add("a", "outer", "2");
  add("a/inner", "not a package of its own", "3");
  m_folder.write("src/conf.xml", conf_xml("the root is none"));
  add(".pulse2-staging/x", "staged", "4");
  m_folder.write("src/a/.pulse2-tmp.abcdef", "left behind");
  m_folder.write("src/a/a.txt", "5");
  const auto snapshot = scan();
  EXPECT_THAT(ids(*snapshot, m_src), ElementsAre("outer", "nested"));
  EXPECT_THAT(
      names(*snapshot->find_any("outer")),
      ElementsAre("a.txt", "inner/conf.xml", "inner/install.bat", "install.bat", "MD5SUMS"));
}

TEST_F(CatalogTest, prefers_conf_json) {
  add("p", "from-xml", "1");
  m_folder.write("src/p/conf.json",
                 R"({"id": "from-json", "name": "n", "version": "2", "description": "",
                     "licenses": "", "commands": {"command": {"name": "", "command": "x"}}})");
  const auto snapshot = scan();
  EXPECT_THAT(ids(*snapshot, m_src), ElementsAre("from-json")) << m_reporter->text();
  EXPECT_THAT(names(*snapshot->find_any("from-json")), ElementsAre("install.bat", "MD5SUMS"));
}

TEST_F(CatalogTest, serves_the_first_of_two_folders_with_one_id) {
  add("b", "same", "second");
  add("a", "same", "first");
  const auto snapshot = scan();
  ASSERT_THAT(ids(*snapshot, m_src), ElementsAre("same"));
  EXPECT_EQ(snapshot->find_any("same")->folder, "a");
  EXPECT_THAT(m_reporter->text(), HasSubstr("catalog.duplicate_id: " + m_src + "/b"));
  ASSERT_THAT(snapshot->broken(), SizeIs(1));
  EXPECT_EQ(snapshot->broken()[0].duplicate_of, "same");
}

TEST_F(CatalogTest, reports_broken_packages_and_serves_the_others) {
  add("good", "good", "1");
  m_folder.write("src/bad/conf.xml", "<package id='x'>\n<name>\n</package>");
  add("latin", "latin", "1");
  m_folder.write("src/latin/caf\xe9", "x");
  const auto snapshot = scan();
  EXPECT_THAT(ids(*snapshot, m_src), ElementsAre("good"));
  ASSERT_THAT(snapshot->broken(), SizeIs(2));
  EXPECT_EQ(m_progress.packages_broken, 2U);
  EXPECT_THAT(m_reporter->text(), HasSubstr(m_src + "/bad/conf.xml: line "));
  EXPECT_THAT(m_reporter->text(), HasSubstr("not UTF-8"));
}

TEST_F(CatalogTest, serves_a_package_without_payload) {
  m_folder.write("src/p/conf.xml", conf_xml("empty"));
  const auto snapshot = scan();
  const auto package = snapshot->find_any("empty");
  ASSERT_TRUE(package);
  EXPECT_EQ(package->size, 0U);
  EXPECT_THAT(names(*package), ElementsAre("MD5SUMS"));
  EXPECT_TRUE(fs::exists(m_src + "/p/MD5SUMS"));
}

TEST_F(CatalogTest, reads_nothing_at_the_second_start) {
  add("a", "a", "content");
  add("b/c", "c", "more content");
  const auto first = scan();
  EXPECT_EQ(m_progress.files_done, 2U);
  const auto written = fs::last_write_time(m_src + "/a/MD5SUMS");
  const auto second = scan();
  EXPECT_EQ(m_progress.files_done, 0U);
  EXPECT_EQ(m_progress.bytes_done, 0U);
  EXPECT_EQ(fs::last_write_time(m_src + "/a/MD5SUMS"), written);
  ASSERT_THAT(ids(*second, m_src), ElementsAre("a", "c"));
  EXPECT_EQ(second->find_any("a")->fragment->text(), first->find_any("a")->fragment->text());
}

TEST_F(CatalogTest, reads_again_what_changed) {
  add("a", "a", "content");
  add("b", "b", "content");
  scan();
  m_folder.write("src/a/install.bat", "CONTENT");
  scan();
  EXPECT_EQ(m_progress.files_done, 1U);
  EXPECT_EQ(m_folder.read("src/a/MD5SUMS"), base::md5_hex("CONTENT") + "  install.bat\n");
}

TEST_F(CatalogTest, works_without_a_usable_cache) {
  add("a", "a", "content");
  auto with = options();
  with.cache_file = m_folder / "none/cache.sqlite";
  EXPECT_THAT(ids(*scan(with), m_src), ElementsAre("a"));
  EXPECT_THAT(m_reporter->text(), HasSubstr("catalog.cache_unusable"));
  m_folder.write("cache.sqlite", std::string(5000, 'x'));
  EXPECT_THAT(ids(*scan(), m_src), ElementsAre("a"));
  EXPECT_THAT(m_reporter->text(), HasSubstr("catalog.cache_recreated"));
}

TEST_F(CatalogTest, believes_a_newer_md5sums_and_verifies_it) {
  add("p", "p", "content");
  age("p/install.bat", 100);
  const std::string sums = base::md5_hex("content") + "  install.bat\n";
  m_folder.write("src/p/MD5SUMS", sums);
  const auto snapshot = scan();
  EXPECT_THAT(ids(*snapshot, m_src), ElementsAre("p"));
  EXPECT_EQ(m_progress.files_done, 1U);
  scan();
  EXPECT_EQ(m_progress.files_done, 0U);
}

TEST_F(CatalogTest, withdraws_what_belied_its_md5sums) {
  add("p", "p", "content");
  age("p/install.bat", 100);
  const std::string sums = base::md5_hex("CONTENT") + "  install.bat\n";
  m_folder.write("src/p/MD5SUMS", sums);
  for (int start = 0; start < 2; ++start) {
    const auto snapshot = scan();
    EXPECT_THAT(ids(*snapshot, m_src), IsEmpty());
    ASSERT_THAT(snapshot->broken(), SizeIs(1));
    EXPECT_TRUE(snapshot->broken()[0].fingerprint.is_known());
    EXPECT_THAT(m_reporter->text(),
                HasSubstr("ERROR catalog.verification_failed: " + m_src + "/p/install.bat"));
    EXPECT_EQ(m_folder.read("src/p/MD5SUMS"), sums);
  }
}

TEST_F(CatalogTest, does_not_believe_an_older_or_incomplete_md5sums) {
  const std::string lie = base::md5_hex("lie") + "  install.bat\n";
  add("old", "old", "content");
  m_folder.write("src/old/MD5SUMS", lie);
  age("old/MD5SUMS", 100);
  add("partial", "partial", "content");
  m_folder.write("src/partial/other", "x");
  age("partial/install.bat", 100);
  age("partial/other", 100);
  m_folder.write("src/partial/MD5SUMS", lie);
  const auto snapshot = scan();
  EXPECT_THAT(ids(*snapshot, m_src), ElementsAre("old", "partial"));
  EXPECT_EQ(m_folder.read("src/old/MD5SUMS"), base::md5_hex("content") + "  install.bat\n");
  EXPECT_EQ(m_folder.read("src/partial/MD5SUMS"),
            base::md5_hex("content") + "  install.bat\n" + base::md5_hex("x") + "  other\n");
}

TEST_F(CatalogTest, follows_links_inside_and_refuses_others) {
  add("p", "p", "content");
  m_folder.write("src/shared/data", "shared");
  m_folder.write("outside/secret", "secret");
  fs::create_symlink(m_src + "/shared/data", m_src + "/p/inside");
  fs::create_symlink("../shared", m_src + "/p/folder");
  fs::create_symlink(m_folder / "outside/secret", m_src + "/p/out");
  fs::create_symlink(".", m_src + "/p/circle");
  fs::create_symlink("none", m_src + "/p/dangling");
  fs::create_symlink("..", m_src + "/shared/up");
  ASSERT_EQ(::mkfifo((m_src + "/p/pipe").c_str(), 0600), 0);
  const auto snapshot = scan();
  ASSERT_THAT(ids(*snapshot, m_src), ElementsAre("p"));
  EXPECT_THAT(m_reporter->text(), HasSubstr("p/out: link not followed"));
  EXPECT_THAT(m_reporter->text(), HasSubstr("p/dangling: link not followed"));
  EXPECT_THAT(m_reporter->text(), HasSubstr("p/circle: leads to a folder that holds it"));
  EXPECT_THAT(m_reporter->text(), HasSubstr("p/pipe: neither file nor folder"));
  const auto found = names(*snapshot->find_any("p"));
  EXPECT_THAT(found, ElementsAre("folder/data", "inside", "install.bat", "MD5SUMS"));
  auto with = options();
  with.follow_links_to = {m_folder / "outside"};
  EXPECT_THAT(names(*scan(with)->find_any("p")),
              ElementsAre("folder/data", "inside", "install.bat", "out", "MD5SUMS"));
}

TEST_F(CatalogTest, keeps_md5sums_in_memory_when_they_cannot_be_written) {
  add("p", "p", "content");
  // A folder in its place fails for root too, whom permissions do not stop.
  m_folder.write("src/p/MD5SUMS/inside", "x");
  const auto snapshot = scan();
  const auto text = snapshot->find_in_memory(m_src, "p/MD5SUMS");
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr(base::md5_hex("content") + "  install.bat\n"));
  EXPECT_FALSE(snapshot->find_in_memory(m_src, "p/install.bat"));
  EXPECT_FALSE(snapshot->find_in_memory(m_src, "q/MD5SUMS"));
  EXPECT_THAT(m_reporter->text(), HasSubstr("catalog.md5sums_in_memory"));
}

TEST_F(CatalogTest, escapes_names_as_md5sum_does) {
  m_folder.write("src/p/conf.xml", conf_xml("p"));
  m_folder.write("src/p/line\nbreak", "x");
  scan();
  EXPECT_EQ(m_folder.read("src/p/MD5SUMS"), "\\" + base::md5_hex("x") + "  line\\nbreak\n");
  EXPECT_EQ(std::system(("cd '" + m_src + "/p' && md5sum -c --quiet MD5SUMS").c_str()), 0);
}

TEST_F(CatalogTest, keeps_srcs_apart) {
  add("p", "same", "one");
  m_folder.write("other/q/conf.xml", conf_xml("same"));
  auto with = options();
  with.srcs = {m_src, m_folder / "other", m_src + "/"};
  const auto snapshot = scan(with);
  EXPECT_EQ(snapshot->package_count(), 2U);
  EXPECT_EQ(snapshot->find(m_src, "same")->folder, "p");
  EXPECT_EQ(snapshot->find(m_folder / "other", "same")->folder, "q");
  EXPECT_EQ(snapshot->find_any("same")->folder, "p");
}

TEST_F(CatalogTest, refuses_to_start_without_its_src) {
  auto with = options();
  with.srcs = {m_folder / "none"};
  ListReporter reporter;
  Catalog catalog(with, m_pool, reporter);
  const auto started = catalog.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, base::ErrorKind::unavailable);
  EXPECT_EQ(catalog.snapshot()->package_count(), 0U);
}

TEST_F(CatalogTest, stops_in_the_middle_and_goes_on_at_the_next_start) {
  for (int i = 0; i < 200; ++i) {
    add("p" + std::to_string(i), "p" + std::to_string(i), std::string(100'000, 'x'));
  }
  ListReporter reporter;
  for (int start = 0; start < 3; ++start) {
    Catalog catalog(options(), m_pool, reporter);
    ASSERT_TRUE(catalog.start());
    std::this_thread::sleep_for(5ms * start);
    catalog.stop();
  }
  EXPECT_EQ(scan()->package_count(), 200U);
}

TEST_F(CatalogTest, survives_a_pool_that_stops_first) {
  for (int i = 0; i < 50; ++i)
    add("p" + std::to_string(i), std::to_string(i), "x");
  ListReporter reporter;
  os::ThreadPool pool(2);
  Catalog catalog(options(), pool, reporter);
  ASSERT_TRUE(catalog.start());
  pool.stop();
  catalog.stop();
}

TEST_F(CatalogTest, publishes_while_it_still_hashes) {
  // Sparse files: gigabytes to hash that take no room.
  add("small", "small", "x");
  m_folder.write("src/zbig/conf.xml", conf_xml("big"));
  m_folder.write("src/zbig/image", "");
  fs::resize_file(m_src + "/zbig/image", 8ULL << 30U);
  ListReporter reporter;
  auto with = options();
  with.progress_interval = 20ms;
  Catalog catalog(with, m_pool, reporter);
  ASSERT_TRUE(catalog.start());
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!catalog.snapshot()->find_any("small") && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_TRUE(catalog.snapshot()->find_any("small"));
  while (catalog.progress().bytes_per_second == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(5ms);
  }
  std::this_thread::sleep_for(50ms);
  EXPECT_FALSE(catalog.snapshot()->find_any("big"));
  const auto progress = catalog.progress();
  EXPECT_EQ(progress.phase, Progress::Phase::hashing);
  EXPECT_EQ(progress.bytes_total, (8ULL << 30U) + 1);
  EXPECT_TRUE(progress.time_left);
  catalog.stop();
  EXPECT_THAT(reporter.text(), HasSubstr("of 8.0 GiB"));
}

TEST_F(CatalogTest, entries_stand_for_the_folder_that_is_there) {
  add("new", "new", "content");
  add("current", "current", "content");
  m_folder.write("src/current/MD5SUMS", base::md5_hex("content") + "  install.bat\n");
  add("broken", "", "content");
  add("twice/a", "twice", "content");
  add("twice/b", "twice", "content");
  const auto snapshot = scan();
  const auto root = os::Root::open(m_src);
  NoReporter reporter;
  const auto on_disk = [&](const std::string& folder) {
    const auto package = read_package(*root, folder, reporter);
    return package ? fingerprint_of(*package) : package.error().fingerprint;
  };
  ASSERT_THAT(ids(*snapshot, m_src), ElementsAre("current", "new", "twice"));
  for (const auto& entry : snapshot->packages(m_src))
    EXPECT_EQ(entry->fingerprint, on_disk(entry->folder)) << entry->folder;
  ASSERT_THAT(snapshot->broken(), SizeIs(2));
  for (const auto& broken : snapshot->broken()) {
    EXPECT_TRUE(broken.fingerprint.is_known());
    EXPECT_EQ(broken.fingerprint, on_disk(broken.folder)) << broken.folder;
  }
}

TEST_F(CatalogTest, settles_on_a_file_that_changes_while_it_is_read) {
  m_folder.write("src/p/conf.xml", conf_xml("p"));
  m_folder.write("src/p/image", "");
  fs::resize_file(m_src + "/p/image", 1ULL << 30U);
  ListReporter reporter;
  Catalog catalog(options(), m_pool, reporter);
  ASSERT_TRUE(catalog.start());
  while (catalog.progress().bytes_done == 0)
    std::this_thread::sleep_for(1ms);
  fs::resize_file(m_src + "/p/image", 10);
  ASSERT_TRUE(catalog.wait_until_ready(60s));
  EXPECT_EQ(catalog.snapshot()->find_any("p")->files[0].size, 10U);
  EXPECT_THAT(catalog.snapshot()->broken(), IsEmpty());
}

}  // namespace
}  // namespace pulse2::catalog
