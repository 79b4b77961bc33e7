#include "imaging/unregistration.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "temporary_folder.hpp"

namespace pulse2::imaging {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr const char* k_uuid = "UUID17";
constexpr const char* k_image = "302c19d2-212b-4b9a-b04e-4fced0b83466";
constexpr const char* k_menu = "001122334455";

/// A computer with a menu and an image. What begin() leaves is what a crash after it leaves; a
/// crash before its end is made by hand.
class UnregistrationTest : public testing::Test {
 protected:
  UnregistrationTest() {
    for (const char* name : {"computers", "bootmenus", "masters"})
      fs::create_directories(m_folder / name);
    m_settings.computers_folder = m_folder / "computers";
    m_settings.bootmenus_folder = m_folder / "bootmenus";
    m_settings.masters_folder = m_folder / "masters";
    m_settings.archives_folder = m_folder / "archives";
    register_computer();
    m_state = store::State::open(m_folder / "state.sqlite").value();
  }

  void register_computer() const {
    m_folder.write(std::string("computers/") + k_uuid + "/hostname", "pc1");
    m_folder.write(std::string("bootmenus/") + k_menu, "menu");
    for (const char* name : {"log.txt", "progress.txt", "CONF", "conf.txt", "size.txt"})
      m_folder.write(std::string("masters/") + k_image + "/" + name, name);
  }

  Unregistrations start() { return Unregistrations(m_settings, *m_state); }

  Unregistration begin(bool archive) {
    return start().begin(k_uuid, m_mac, {k_image, "bad"}, archive).value();
  }

  /// Names in a folder; none when it is missing.
  [[nodiscard]] std::vector<std::string> names_in(const std::string& name) const {
    std::vector<std::string> names;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator(m_folder / name, missing))
      names.push_back(entry.path().filename());
    return names;
  }

  void expect_gone() const {
    for (const char* name : {"computers", "bootmenus", "masters"})
      EXPECT_THAT(names_in(name), IsEmpty()) << name;
  }
  void expect_archived() const {
    expect_gone();
    EXPECT_THAT(names_in("archives"), ElementsAre("UUID17-1"));
    EXPECT_THAT(names_in("archives/UUID17-1"), UnorderedElementsAre(k_uuid, k_menu, k_image));
    EXPECT_EQ(m_folder.read(std::string("archives/UUID17-1/") + k_image + "/CONF"), "CONF");
  }

  /// The next start.
  void recover() {
    auto next = start();
    const auto unfinished = next.recover();
    ASSERT_EQ(unfinished.size(), 1);
    EXPECT_FALSE(next.has_folder(k_uuid));
    EXPECT_TRUE(next.finish(unfinished.front()));
    EXPECT_THAT(start().recover(), IsEmpty());
  }

  test::TemporaryFolder m_folder;
  config::ImagingApi m_settings;
  base::Mac m_mac = base::Mac::parse("00:11:22:33:44:55").value();
  std::unique_ptr<store::State> m_state;
};

TEST_F(UnregistrationTest, MovesIntoAnArchiveOfItsOwn) {
  for (const char* archive : {"UUID17-1", "UUID17-2"}) {
    auto work = begin(true);
    EXPECT_EQ(work.archive, archive);
    ASSERT_TRUE(start().finish(work));
    expect_gone();
    register_computer();
  }
}

TEST_F(UnregistrationTest, Deletes) {
  ASSERT_TRUE(start().finish(begin(false)));
  expect_gone();
  EXPECT_THAT(names_in("archives"), IsEmpty());
}

TEST_F(UnregistrationTest, AnImageThatIsNotWholeStays) {
  fs::remove(m_folder / (std::string("masters/") + k_image + "/CONF"));
  ASSERT_TRUE(start().finish(begin(false)));
  EXPECT_THAT(names_in("masters"), ElementsAre(k_image));
}

TEST_F(UnregistrationTest, WithoutAFolderThereIsNothing) {
  fs::remove_all(m_folder / "computers/UUID17");
  const auto begun = start().begin(k_uuid, m_mac, {}, true);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().kind, base::ErrorKind::not_found);
  EXPECT_THAT(names_in("archives"), IsEmpty());
}

TEST_F(UnregistrationTest, OneAtATimeForEachComputer) {
  (void)begin(true);
  register_computer();
  const auto second = start().begin(k_uuid, m_mac, {}, true);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, base::ErrorKind::conflict);
  EXPECT_TRUE(start().has_folder(k_uuid));
}

TEST_F(UnregistrationTest, ACrashAfterTheBeginning) {
  (void)begin(true);
  recover();
  expect_archived();
}

TEST_F(UnregistrationTest, ACrashWhileNamesWereTakenAside) {
  const auto work = begin(true);
  // As if the note had been made, and only some of the names and no archive.
  const std::string image = m_folder / ("masters/" + work.images.front());
  fs::rename(image + ".archiving", image);
  fs::remove(m_folder / "archives/UUID17-1");
  auto note = m_state->notes("unregistration").value().front().second;
  const std::string moved = "<boolean>1</boolean>";
  const auto at = note.find(moved);
  ASSERT_NE(at, std::string::npos) << note;
  note.replace(at, moved.size(), "<boolean>0</boolean>");
  ASSERT_TRUE(m_state->set_note("unregistration", k_uuid, note));
  recover();
  expect_archived();
}

TEST_F(UnregistrationTest, ACrashBetweenTwoMoves) {
  (void)begin(true);
  fs::rename(m_folder / "computers/UUID17.archiving", m_folder / "archives/UUID17-1/UUID17");
  recover();
  expect_archived();
}

TEST_F(UnregistrationTest, ACrashDuringACopyToAnotherFileSystem) {
  (void)begin(true);
  // One copy was whole and its original not yet removed, another one was not.
  fs::copy(m_folder / "computers/UUID17.archiving", m_folder / "archives/UUID17-1/UUID17",
           fs::copy_options::recursive);
  fs::remove(m_folder / "computers/UUID17.archiving/hostname");
  m_folder.write("archives/UUID17-1/.pulse2-tmp.x/CONF", "CO");
  recover();
  expect_archived();
  EXPECT_EQ(m_folder.read("archives/UUID17-1/UUID17/hostname"), "pc1");
}

TEST_F(UnregistrationTest, ACrashWhileAllIsDeleted) {
  (void)begin(false);
  fs::remove_all(m_folder / "computers/UUID17.archiving");
  recover();
  expect_gone();
}

TEST_F(UnregistrationTest, ACrashAfterWhichTheComputerCameBack) {
  (void)begin(true);
  register_computer();
  auto next = start();
  const auto unfinished = next.recover();
  ASSERT_EQ(unfinished.size(), 1);
  EXPECT_TRUE(next.has_folder(k_uuid));
  EXPECT_TRUE(next.finish(unfinished.front()));
  EXPECT_THAT(names_in("computers"), ElementsAre(k_uuid));
  EXPECT_THAT(names_in("archives/UUID17-1"), UnorderedElementsAre(k_uuid, k_menu, k_image));
}

TEST_F(UnregistrationTest, AFailurePutsAllBack) {
  // A name that is taken can't be given.
  m_folder.write(std::string("masters/") + k_image + ".archiving/x", "");
  EXPECT_FALSE(start().begin(k_uuid, m_mac, {k_image}, true));
  EXPECT_THAT(names_in("computers"), ElementsAre(k_uuid));
  EXPECT_THAT(names_in("bootmenus"), ElementsAre(k_menu));
  EXPECT_THAT(names_in("archives"), IsEmpty());
  EXPECT_THAT(start().recover(), IsEmpty());
}

}  // namespace
}  // namespace pulse2::imaging
