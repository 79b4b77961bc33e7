#include "catalog/editor.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "base/hash.hpp"
#include "catalog/package_reader.hpp"
#include "os/file.hpp"
#include "temporary_folder.hpp"

namespace pulse2::catalog {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;

class SilentReporter final : public Reporter {
 public:
  void report(Severity, std::string_view, const std::string&) override {}
};

class EditorTest : public testing::Test {
 protected:
  EditorTest() {
    m_folder.write("src/p/conf.xml",
                   "<package id=\"p\"><name>Old</name><version><label>1</label></version><mine>kept"
                   "</mine><commands><command>run</command></commands></package>");
    m_folder.write("src/p/a.txt", "a");
    m_folder.write("src/p/sub/b.txt", "b");
    m_folder.write("upload/r/c.txt", "c");
    start();
  }
  ~EditorTest() override { stop(); }

  void start() {
    m_pool = std::make_unique<os::ThreadPool>(4);
    auto state = store::State::open(m_folder / "state.sqlite");
    ASSERT_TRUE(state) << state.error().for_operator();
    m_state = std::move(*state);
    CatalogOptions options;
    options.srcs = {m_src};
    options.cache_file = m_folder / "cache.sqlite";
    options.waits_for_files = [this](std::string_view src, std::string_view pid) {
      return m_state->waits_for_files(src, pid);
    };
    m_catalog = std::make_unique<Catalog>(std::move(options), *m_pool, m_reporter);
    m_editor = std::make_unique<Editor>(EditorOptions{{m_src}, {}, m_real_deletion}, *m_catalog,
                                        *m_state, m_ledger, m_locks, *m_pool, m_reporter);
    m_editor->recover();
    ASSERT_TRUE(m_catalog->start());
    ASSERT_TRUE(m_catalog->wait_until_ready(10s, true));
  }
  void stop() {
    if (m_catalog) m_catalog->stop();
    if (m_pool) m_pool->stop();
    m_editor.reset();
    m_catalog.reset();
    m_state.reset();
    m_pool.reset();
  }
  void restart() {
    stop();
    start();
  }

  static Editor::Change set_label(const std::string& label) {
    return [label](package::Package& description, bool) -> base::Expected<void> {
      description.label = label;
      return {};
    };
  }
  Snapshot::EntryPointer find(std::string_view pid) const {
    return m_catalog->snapshot()->find(m_src, pid);
  }
  base::Expected<Editor::EntryPointer> add(std::string_view pid, const std::string& item) {
    auto folder = os::open_file(m_folder / "upload/r", O_RDONLY | O_DIRECTORY);
    return m_editor->add(m_src, pid, {{folder->get(), item}});
  }
  bool has(const std::string& name) const { return fs::exists(m_folder / name); }
  /// Lets every change of the state file fail.
  void break_state() {
    auto database = store::Database::open(m_folder / "state.sqlite");
    ASSERT_TRUE(database->execute("DROP TABLE waiting; DROP TABLE dropped;"));
  }
  bool is_staging_empty() const {
    return !has("src/.pulse2-staging") || fs::is_empty(m_folder / "src/.pulse2-staging");
  }
  static std::string line(const std::string& content, const std::string& name) {
    return base::md5_hex(content) + "  " + name + "\n";
  }

  test::TemporaryFolder m_folder;
  std::string m_src = m_folder / "src";
  bool m_real_deletion = true;
  SilentReporter m_reporter;
  NoMirrors m_ledger;
  PackageLocks m_locks;
  std::unique_ptr<os::ThreadPool> m_pool;
  std::unique_ptr<store::State> m_state;
  std::unique_ptr<Catalog> m_catalog;
  std::unique_ptr<Editor> m_editor;
};

TEST_F(EditorTest, AnEditIsPublishedWhenTheCallReturnsAndKeepsUnknownElements) {
  const auto put = m_editor->put(m_src, "p", set_label("New"), true);
  ASSERT_TRUE(put) << put.error().for_operator();
  EXPECT_FALSE(put->is_new);
  EXPECT_EQ(find("p")->label, "New");
  EXPECT_FALSE(find("p")->waits_for_files);
  EXPECT_THAT(m_folder.read("src/p/conf.xml"), HasSubstr("<mine>kept</mine>"));
}

TEST_F(EditorTest, ANewPackageWaitsForItsFilesAcrossARestart) {
  ASSERT_TRUE(m_editor->put(m_src, "n", set_label("New"), true));
  EXPECT_TRUE(find("n")->waits_for_files);
  EXPECT_EQ(m_folder.read("src/n/MD5SUMS"), "");
  restart();
  ASSERT_TRUE(find("n"));
  EXPECT_TRUE(find("n")->waits_for_files);
  ASSERT_TRUE(add("n", "c.txt"));
  EXPECT_FALSE(find("n")->waits_for_files);
  restart();
  EXPECT_FALSE(find("n")->waits_for_files);
  EXPECT_EQ(m_folder.read("src/n/MD5SUMS"), line("c", "c.txt"));
}

TEST_F(EditorTest, AddedFilesAreMovedAndHashed) {
  const auto added = add("p", "c.txt");
  ASSERT_TRUE(added) << added.error().for_operator();
  EXPECT_EQ(m_folder.read("src/p/MD5SUMS"),
            line("a", "a.txt") + line("c", "c.txt") + line("b", "sub/b.txt"));
  EXPECT_EQ(find("p")->files.size(), 4U);
  EXPECT_FALSE(has("upload/r/c.txt"));
  EXPECT_TRUE(is_staging_empty());
}

TEST_F(EditorTest, AFailingCallChangesNothing) {
  const auto before = find("p");
  m_folder.write("upload/r/folder/good.txt", "good");
  ASSERT_EQ(::mkfifo((m_folder / "upload/r/folder/pipe").c_str(), 0600), 0);
  EXPECT_FALSE(add("p", "folder"));
  EXPECT_FALSE(m_editor->remove(m_src, "p", {"a.txt", "nope"}));
  EXPECT_FALSE(m_editor->remove(m_src, "p", {"sub"}));
  EXPECT_FALSE(m_editor->remove(m_src, "p", {"../p/a.txt"}));
  EXPECT_FALSE(m_editor->put(m_src, "p", set_label("bad\x01label"), false));
  EXPECT_EQ(find("p"), before);
  EXPECT_TRUE(has("upload/r/folder/good.txt"));
  EXPECT_TRUE(has("src/p/a.txt"));
  EXPECT_TRUE(is_staging_empty());
}

TEST_F(EditorTest, FilesAreRemovedTogether) {
  ASSERT_TRUE(m_editor->remove(m_src, "p", {"a.txt", "sub/b.txt"}));
  EXPECT_FALSE(has("src/p/a.txt"));
  EXPECT_EQ(m_folder.read("src/p/MD5SUMS"), "");
  EXPECT_EQ(find("p")->files.size(), 1U);
}

TEST_F(EditorTest, AReaderSeesTheOldFolderOrTheNewOne) {
  std::atomic<bool> is_done{false};
  std::atomic<int> missing{0};
  std::thread reader([&] {
    while (!is_done) {
      if (!has("src/p/a.txt") || !has("src/p/MD5SUMS")) ++missing;
    }
  });
  for (int i = 0; i < 30; ++i) {
    m_folder.write("upload/r/c.txt", std::to_string(i));
    ASSERT_TRUE(add("p", "c.txt"));
  }
  is_done = true;
  reader.join();
  EXPECT_EQ(missing, 0);
  EXPECT_EQ(m_folder.read("src/p/c.txt"), "29");
}

TEST_F(EditorTest, ConcurrentEditsOfOnePackageFollowEachOther) {
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 5; ++n) {
        const auto append = [](package::Package& description, bool) -> base::Expected<void> {
          description.description += "x";
          return {};
        };
        if (!m_editor->put(m_src, "p", append, false)) ++failures;
        const std::string other = "other" + std::to_string(i);
        if (!m_editor->put(m_src, other, set_label(other), false)) ++failures;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_THAT(m_folder.read("src/p/conf.xml"), HasSubstr(">" + std::string(40, 'x') + "<"));
  EXPECT_EQ(m_catalog->snapshot()->package_count(), 9U);
}

TEST_F(EditorTest, ADroppedPackageIsGoneAndMayBeDroppedAgain) {
  ASSERT_TRUE(m_editor->drop(m_src, "p"));
  EXPECT_FALSE(has("src/p"));
  EXPECT_FALSE(find("p"));
  EXPECT_TRUE(m_editor->drop(m_src, "p"));
  restart();
  EXPECT_TRUE(m_editor->drop(m_src, "p"));
  EXPECT_FALSE(m_editor->drop(m_src, "never"));
}

TEST_F(EditorTest, WithoutRealDeletionOnlyTheDescriptionIsWithdrawn) {
  stop();
  m_real_deletion = false;
  start();
  ASSERT_TRUE(m_editor->drop(m_src, "p"));
  EXPECT_TRUE(has("src/p/conf.xml.rem"));
  EXPECT_TRUE(has("src/p/a.txt"));
  EXPECT_FALSE(find("p"));
}

TEST_F(EditorTest, WhatIsDoneIsUndoneWhenTheStateCannotBeWritten) {
  ASSERT_TRUE(m_editor->put(m_src, "n", set_label("New"), true));
  const auto before = find("n");
  break_state();
  EXPECT_FALSE(add("n", "c.txt"));
  EXPECT_EQ(find("n"), before);
  EXPECT_FALSE(has("src/n/c.txt"));
  EXPECT_EQ(m_folder.read("src/n/MD5SUMS"), "");
  EXPECT_TRUE(has("upload/r/c.txt"));
  EXPECT_FALSE(m_editor->put(m_src, "other", set_label("Other"), true));
  EXPECT_FALSE(has("src/other"));
  EXPECT_FALSE(find("other"));
  EXPECT_FALSE(m_editor->drop(m_src, "p"));
  EXPECT_TRUE(has("src/p/a.txt"));
  EXPECT_TRUE(find("p"));
  EXPECT_TRUE(is_staging_empty());
}

TEST_F(EditorTest, AnUploadThatComesMeanwhileStays) {
  m_folder.write("upload/r/folder/done.txt", "done");
  m_folder.write("upload/r/folder/.pulse2-tmp.push.1-1", "on its way");
  ASSERT_TRUE(add("p", "folder"));
  EXPECT_TRUE(has("src/p/folder/done.txt"));
  EXPECT_FALSE(has("upload/r/folder/done.txt"));
  EXPECT_TRUE(has("upload/r/folder/.pulse2-tmp.push.1-1"));
}

TEST_F(EditorTest, AfterAChangeTheNextStartReadsNoPayload) {
  ASSERT_TRUE(add("p", "c.txt"));
  ASSERT_TRUE(m_editor->put(m_src, "p", set_label("New"), false));
  ASSERT_TRUE(m_editor->remove(m_src, "p", {"a.txt"}));
  restart();
  EXPECT_EQ(m_catalog->progress().files_total, 0U);
}

TEST_F(EditorTest, AJsonPackageStaysJson) {
  m_folder.write("src/only/conf.json",
                 R"({"id": "only", "name": "Old", "version": "1", "mine": [1, {"deep": null}],)"
                 R"( "commands": {"command": {"name": "n", "command": "c", "x": true}}})");
  restart();
  ASSERT_TRUE(m_editor->put(m_src, "only", set_label("New"), false));
  EXPECT_FALSE(has("src/only/conf.xml"));
  const std::string text = m_folder.read("src/only/conf.json");
  EXPECT_THAT(text, HasSubstr("\"name\": \"New\""));
  EXPECT_THAT(text, HasSubstr("\"deep\": null"));
  EXPECT_THAT(text, HasSubstr("\"x\": true"));
}

TEST_F(EditorTest, TwoDescriptionsAreRewrittenTogether) {
  m_folder.write("src/j/conf.json",
                 R"({"id": "j", "name": "Old", "version": "1", "commands": {}, "mine": 7})");
  m_folder.write("src/j/conf.xml", m_folder.read("src/p/conf.xml"));
  restart();
  const auto put = m_editor->put(m_src, "j", set_label("Both"), false);
  ASSERT_TRUE(put) << put.error().for_operator();
  EXPECT_THAT(m_folder.read("src/j/conf.json"), HasSubstr("Both"));
  EXPECT_THAT(m_folder.read("src/j/conf.json"), HasSubstr("\"mine\": 7"));
  EXPECT_THAT(m_folder.read("src/j/conf.xml"), HasSubstr("<name>Both</name>"));
  EXPECT_EQ(find("j")->label, "Both");
  EXPECT_TRUE(is_staging_empty());
}

TEST_F(EditorTest, AWaitThatACrashKeptFromEndingEndsAtTheNextStart) {
  ASSERT_TRUE(m_editor->put(m_src, "n", set_label("New"), true));
  ASSERT_TRUE(m_editor->put(m_src, "m", set_label("Still waits"), true));
  ASSERT_TRUE(add("n", "c.txt"));
  ASSERT_TRUE(m_state->set_waiting(m_src, "n", true));
  restart();
  EXPECT_FALSE(find("n")->waits_for_files);
  EXPECT_TRUE(find("m")->waits_for_files);
}

TEST_F(EditorTest, AnInterruptedReplacementIsUndoneAtTheNextStart) {
  stop();
  fs::create_directories(m_folder / "src/.pulse2-staging");
  fs::rename(m_folder / "src/p", m_folder / "src/.pulse2-staging/1-1.old");
  m_folder.write("src/.pulse2-staging/1-1.place", "p");
  m_folder.write("src/.pulse2-staging/1-2/conf.xml", "half made");
  start();
  ASSERT_TRUE(find("p"));
  EXPECT_EQ(m_folder.read("src/p/a.txt"), "a");
  EXPECT_TRUE(is_staging_empty());
}

TEST_F(EditorTest, AnEntryStandsForTheFolderThatItsChangeMade) {
  const auto is_as_on_disk = [&](const std::string& pid) {
    const auto root = os::Root::open(m_src);
    NoReporter reporter;
    const auto found = read_package(*root, pid, reporter);
    return found && find(pid)->fingerprint == fingerprint_of(*found);
  };
  ASSERT_TRUE(m_editor->put(m_src, "p", set_label("New"), true));
  EXPECT_TRUE(is_as_on_disk("p"));
  ASSERT_TRUE(m_editor->put(m_src, "n", set_label("New"), true));
  EXPECT_TRUE(is_as_on_disk("n"));
  ASSERT_TRUE(add("p", "c.txt"));
  EXPECT_TRUE(is_as_on_disk("p"));
  ASSERT_TRUE(m_editor->remove(m_src, "p", {"a.txt"}));
  EXPECT_TRUE(is_as_on_disk("p"));
  restart();
  EXPECT_EQ(m_catalog->progress().files_done, 0U);  // all hashes were remembered
}

}  // namespace
}  // namespace pulse2::catalog
