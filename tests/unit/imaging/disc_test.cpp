#include "imaging/disc.hpp"

#include <gmock/gmock.h>

#include "imaging/image_text.hpp"

namespace pulse2::imaging {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<Volume> planned(const std::vector<Images::File>& files, std::uint64_t boot_size,
                            std::uint64_t capacity) {
  return plan_volumes(files, boot_size, capacity).value();
}

TEST(PlanVolumes, BootFilesCount) {
  EXPECT_THAT(planned({{"a", 60}, {"b", 30}}, 10, 100), ElementsAre(ElementsAre("a", "b")));
  EXPECT_THAT(planned({{"a", 60}, {"b", 30}}, 11, 100),
              ElementsAre(ElementsAre("a"), ElementsAre("b")));
  EXPECT_THAT(planned({}, 11, 100), ElementsAre(ElementsAre()));
}

TEST(PlanVolumes, WhatIsLargerThanAVolumeHasOneOfItsOwn) {
  EXPECT_THAT(planned({{"a", 500}, {"b", 1}, {"c", 500}, {"d", 1}}, 10, 100),
              ElementsAre(ElementsAre(), ElementsAre("a"), ElementsAre("b"), ElementsAre("c"),
                          ElementsAre("d")));
}

TEST(PlanVolumes, BootFilesLargerThanAVolume) {
  EXPECT_THAT(planned({{"a", 1}}, 1000, 100), ElementsAre(ElementsAre(), ElementsAre("a")));
}

TEST(PlanVolumes, FilesOfTheBootPartAreNoData) {
  EXPECT_THAT(
      planned({{"CONF", 50}, {"PTABS", 50}, {"conf.txt", 9}, {"size.txt", 9}, {"z", 1}}, 99, 100),
      ElementsAre(ElementsAre("z")));
}

TEST(PlanVolumes, ThereIsALimit) {
  const std::vector<Images::File> files(2000, {"x", 10});
  const auto volumes = plan_volumes(files, 0, 10);
  ASSERT_FALSE(volumes);
  EXPECT_EQ(volumes.error().kind, base::ErrorKind::limit_exceeded);
}

TEST(Disc, Names) {
  EXPECT_EQ(disc_name("Image ISO", 1, 2), "Image ISO-2.iso");
  EXPECT_EQ(disc_name("Image ISO", 3, 2), "Image ISO-3-2.iso");
  EXPECT_EQ(graft_point("a=b\\c", "/x=y/z"), "a\\=b\\\\c=/x\\=y/z");
  EXPECT_EQ(volume_label("short"), "short");
  EXPECT_EQ(volume_label(std::string(40, 'x')), std::string(32, 'x'));
  EXPECT_EQ(volume_label(std::string(31, 'x') + "\xC3\xA9"), std::string(31, 'x'));
}

TEST(Disc, TheMenuIsOneEntryHoweverTheTitle) {
  const std::string menu = disc_menu("\xC3\xA9t\xC3\xA9", "x\nroot (hd1)");
  EXPECT_THAT(menu, HasSubstr("\ntitle \x82t\x82\ndesc x root (hd1)\nkernel "));
}

TEST(Disc, Progress) {
  EXPECT_EQ(progress_of(" 45.23% done, estimate finish Thu Nov 26 14:00:00 2026"), 45);
  EXPECT_EQ(progress_of("100% done"), 100);
  for (const char* line : {"", "% done", "x% done", "Total extents", "900% done"})
    EXPECT_EQ(progress_of(line), std::nullopt) << line;
}

TEST(ImageText, Size) {
  EXPECT_EQ(parse_image_size("1000\t/revosave\n"), 1024000);
  EXPECT_EQ(parse_image_size("about 3 of 4"), 3072);
  for (const char* text : {"", "none", "99999999999999999999", "18446744073709551615"})
    EXPECT_EQ(parse_image_size(text), std::nullopt) << text;
}

TEST(ImageText, AnErrorBeginsALine) {
  EXPECT_TRUE(tells_of_error("fine\nERROR: disk full\n"));
  EXPECT_TRUE(tells_of_error("ERROR: "));
  EXPECT_FALSE(tells_of_error("no ERROR: here\nERROR none\n error: x\n"));
}

TEST(ImageText, Entries) {
  const char* conf = "title Image \n desc  a description \nptabs (hd0) x\ndescription no\n";
  EXPECT_EQ(conf_entry(conf, "title"), "Image");
  EXPECT_EQ(conf_entry(conf, "desc"), "a description");
  EXPECT_EQ(conf_entry("description no\n", "desc"), "");
  EXPECT_THAT(lines_of("a\n\nb"), ElementsAre("a\n", "\n", "b"));
}

}  // namespace
}  // namespace pulse2::imaging
