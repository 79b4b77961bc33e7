#include "pxe_service/call_room.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pulse2::pxe_service {
namespace {

TEST(CallRoom, OneClientGetsHalfOfIt) {
  CallRoom room({4, 1000});
  std::vector<CallRoom::Place> places;
  places.push_back(room.enter("a", 1));
  places.push_back(room.enter("a", 1));
  EXPECT_FALSE(room.enter("a", 1));
  places.push_back(room.enter("b", 1));
  places.push_back(room.enter("c", 1));
  EXPECT_TRUE(places.back());
  EXPECT_FALSE(room.enter("d", 1)) << "all places are taken";
  EXPECT_EQ(room.calls(), 4U);
  places.clear();
  EXPECT_EQ(room.calls(), 0U);
  EXPECT_TRUE(room.enter("a", 1));
}

TEST(CallRoom, BytesCountToo) {
  CallRoom room({100, 1000});
  const auto first = room.enter("a", 500);
  EXPECT_TRUE(first);
  EXPECT_FALSE(room.enter("a", 1));
  EXPECT_FALSE(room.enter("b", 501));
  const auto second = room.enter("b", 500);
  EXPECT_TRUE(second);
  EXPECT_FALSE(room.enter("c", 1));
}

}  // namespace
}  // namespace pulse2::pxe_service
