#include "base/uuid.hpp"

#include <gtest/gtest.h>

namespace pulse2::base {
namespace {

TEST(Uuid, KnowsBothForms) {
  EXPECT_TRUE(is_uuid("35f23420-4050-4734-b172-d458915ef17d"));
  EXPECT_TRUE(is_uuid("35F23420-4050-4734-B172-D458915EF17D"));
  EXPECT_TRUE(is_uuid("UUID1"));
  EXPECT_TRUE(is_uuid("UUID907"));
  EXPECT_FALSE(is_standard_uuid("UUID1"));
}

TEST(Uuid, RefusesWhatCouldBeAPath) {
  for (const char* text :
       {"", "UUID", "UUID0", "UUID01", "UUID-1", "UUID1/", "UUID1/../x", "uuid1", "../x", "bad",
        "35f23420-4050-4734-b172-d458915ef17", "35f23420-4050-4734-b172-d458915ef17d/",
        "UUID9999999999999999999", "35f23420/4050/4734/b172/d458915ef17d"}) {
    EXPECT_FALSE(is_uuid(text)) << text;
  }
}

// The UUID was recorded from another implementation; the ticks are Python's uuid.UUID(…).time of
// it.
TEST(Uuid, Version1HoldsTimeSequenceAndNode) {
  const auto node = Mac::parse("00:11:22:33:44:55").value();
  EXPECT_EQ(uuid_ticks(0), 0x01B21DD213814000U);
  EXPECT_EQ(uuid_version_1(0x01F1E6D6A77935B3, 0x124C, node),
            "a77935b3-e6d6-11f1-924c-001122334455");
  // Only 14 bits of the sequence fit.
  EXPECT_EQ(uuid_version_1(0x01F1E6D6A77935B3, 0xD24C, node),
            "a77935b3-e6d6-11f1-924c-001122334455");
}

}  // namespace
}  // namespace pulse2::base
