#include "store/state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "store/migration.hpp"
#include "temporary_folder.hpp"

namespace pulse2::store {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using testing::ElementsAre;
using testing::HasSubstr;

class StateTest : public testing::Test {
 protected:
  std::unique_ptr<State> open() {
    auto state = State::open(m_path);
    EXPECT_TRUE(state) << state.error().for_operator();
    return state ? std::move(*state) : nullptr;
  }
  /// A file as the first version of the server wrote it.
  void write_schema_1() {
    auto database = Database::open(m_path);
    ASSERT_TRUE(database);
    ASSERT_TRUE(
        database->execute("CREATE TABLE waiting (src BLOB NOT NULL, pid BLOB NOT NULL,"
                          " PRIMARY KEY (src, pid)) WITHOUT ROWID;"
                          "CREATE TABLE dropped (src BLOB NOT NULL, pid BLOB NOT NULL,"
                          " PRIMARY KEY (src, pid)) WITHOUT ROWID;"
                          "INSERT INTO waiting VALUES (CAST('/src' AS BLOB), CAST('p' AS BLOB));"
                          "PRAGMA user_version=1;"));
  }
  std::int64_t schema_of(const std::string& path) {
    auto database = Database::open(path);
    EXPECT_TRUE(database);
    return *database->schema_version();
  }

  test::TemporaryFolder m_folder;
  std::string m_path = m_folder / "state.sqlite";
};

TEST_F(StateTest, RemembersAcrossARestart) {
  auto state = open();
  ASSERT_TRUE(state->set_waiting("/src", "a", true));
  ASSERT_TRUE(state->set_waiting("/src", "b", true));
  ASSERT_TRUE(state->set_waiting("/src", "a", false));
  ASSERT_TRUE(state->set_dropped("/src", "gone", true));
  state.reset();
  state = open();
  EXPECT_FALSE(state->waits_for_files("/src", "a"));
  EXPECT_TRUE(state->waits_for_files("/src", "b"));
  EXPECT_FALSE(state->waits_for_files("/other", "b"));
  EXPECT_THAT(state->waiting(), ElementsAre(State::Keys::value_type("/src", "b")));
  EXPECT_TRUE(state->was_dropped("/src", "gone").value());
  EXPECT_FALSE(state->was_dropped("/src", "a").value());
  ASSERT_TRUE(state->set_dropped("/src", "gone", false));
  EXPECT_FALSE(state->was_dropped("/src", "gone").value());
}

TEST_F(StateTest, ForgetsUploadsInTime) {
  using namespace std::chrono_literals;
  const State::Time now{1'700'000'000s};
  auto state = open();
  ASSERT_TRUE(state->note_upload("/in/old", now - 25h));
  ASSERT_TRUE(state->note_upload("/in/new", now - 23h));
  ASSERT_TRUE(state->note_upload("/in/done", now));
  ASSERT_TRUE(state->forget_upload("/in/done"));
  EXPECT_THAT(state->uploads_since(now - 24h).value(), ElementsAre("/in/new"));
  ASSERT_TRUE(state->forget_uploads_before(now - 24h));
  EXPECT_THAT(state->uploads_since(now - 48h).value(), ElementsAre("/in/new"));
}

TEST_F(StateTest, AnOlderSchemaIsBroughtForwardAfterABackup) {
  write_schema_1();
  auto state = open();
  EXPECT_TRUE(state->waits_for_files("/src", "p"));
  EXPECT_TRUE(state->note_upload("/in/x", State::Time{}));
  state.reset();
  EXPECT_EQ(schema_of(m_path), 3);
  const std::string backup = m_path + ".schema-1";
  ASSERT_TRUE(fs::exists(backup));
  EXPECT_EQ(schema_of(backup), 1);
  auto copy = Database::open(backup);
  auto row = copy->prepare("SELECT pid FROM waiting");
  ASSERT_TRUE(row->step().value());
  EXPECT_EQ(row->bytes(0), "p");
}

TEST_F(StateTest, AFreshFileNeedsNoBackup) {
  open();
  EXPECT_FALSE(fs::exists(m_path + ".schema-0"));
}

TEST_F(StateTest, ANewerSchemaIsRefusedAndLeftAsItIs) {
  ASSERT_TRUE(open()->set_waiting("/src", "p", true));
  {
    auto database = Database::open(m_path);
    ASSERT_TRUE(database->execute("PRAGMA user_version=1000"));
  }
  const auto state = State::open(m_path);
  ASSERT_FALSE(state);
  EXPECT_EQ(state.error().kind, ErrorKind::conflict);
  EXPECT_THAT(state.error().message, HasSubstr("newer version"));
  EXPECT_EQ(schema_of(m_path), 1000);
}

TEST_F(StateTest, AMigrationThatFailsChangesNothing) {
  write_schema_1();
  const auto failed = open_migrated(m_path, {"", "CREATE TABLE t (x); CREATE TABLE t (y);"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(schema_of(m_path), 1);
  EXPECT_TRUE(open_migrated(m_path, {"", "CREATE TABLE t (x);"}));
}

TEST_F(StateTest, WithoutABackupNothingIsMigrated) {
  write_schema_1();
  // The name of the copy is taken by a folder that holds something.
  m_folder.write("state.sqlite.schema-1/file", "");
  ASSERT_FALSE(State::open(m_path));
  EXPECT_EQ(schema_of(m_path), 1);
  EXPECT_FALSE(fs::exists(m_path + ".schema-1.new"));
}

}  // namespace
}  // namespace pulse2::store
