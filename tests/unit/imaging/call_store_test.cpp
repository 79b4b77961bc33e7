#include "imaging/call_store.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "store/sqlite.hpp"
#include "temporary_folder.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::imaging {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

AddedCall call(std::int64_t id, const std::string& method = "imaging.logClientAction") {
  return {{id, std::chrono::milliseconds(1795394466000 + id), "UUID1", method},
          xmlrpc::encode_call(method, {"step", static_cast<int>(id)})};
}

class CallStoreTest : public ::testing::Test {
 protected:
  static std::unique_ptr<CallStore> open(const std::string& path) {
    auto store = CallStore::open(path);
    EXPECT_TRUE(store) << store.error().for_operator();
    return store ? *std::move(store) : nullptr;
  }

  static std::vector<std::int64_t> ids(CallStore& store) {
    std::vector<std::int64_t> found;
    const auto calls = store.all();
    EXPECT_TRUE(calls);
    for (const WaitingCall& each : *calls)
      found.push_back(each.id);
    return found;
  }

  /// What a server finds that is started after this one was killed now.
  std::vector<std::int64_t> ids_after_a_crash() {
    const std::string copy = m_folder / "copy";
    for (const char* suffix : {"", "-wal"})
      fs::copy_file(m_path + suffix, copy + suffix, fs::copy_options::overwrite_existing);
    return ids(*open(copy));
  }

  test::TemporaryFolder m_folder;
  std::string m_path = m_folder / "calls";
  std::unique_ptr<CallStore> m_store = open(m_path);
};

TEST_F(CallStoreTest, ChangesAreMadeTogetherAndSurviveACrash) {
  ASSERT_TRUE(m_store->apply({call(1), call(2), call(3)}));
  EXPECT_THAT(ids_after_a_crash(), ElementsAre(1, 2, 3));
  ASSERT_TRUE(m_store->apply({RemovedCall{2}, call(4), RemovedCall{1}}));
  EXPECT_THAT(ids_after_a_crash(), ElementsAre(3, 4));
  EXPECT_EQ(m_store->params_of(4).value()[1].as_int(), 4);
  EXPECT_FALSE(m_store->params_of(1));
}

TEST_F(CallStoreTest, NoneIsMadeWhenOneFails) {
  ASSERT_TRUE(m_store->apply({call(1)}));
  auto other = store::Database::open(m_path);
  ASSERT_TRUE(other);
  ASSERT_TRUE(
      other->execute("CREATE TRIGGER failure BEFORE INSERT ON calls WHEN NEW.method = 'fails'"
                     " BEGIN SELECT RAISE(ABORT, 'as the test wants'); END"));
  EXPECT_FALSE(m_store->apply({RemovedCall{1}, call(2), call(3, "fails"), call(4)}));
  EXPECT_THAT(ids(*m_store), ElementsAre(1));
  EXPECT_THAT(ids_after_a_crash(), ElementsAre(1));
  ASSERT_TRUE(m_store->apply({call(5)})) << "the next ones are none the worse";
  EXPECT_THAT(ids(*m_store), ElementsAre(1, 5));
}

}  // namespace
}  // namespace pulse2::imaging
