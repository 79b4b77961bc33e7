#include "pxe_service/parcel_queue.hpp"

#include <gtest/gtest.h>

namespace pulse2::pxe_service {
namespace {

Parcel parcel(const char* last_byte, const std::string& document, bool is_told = true) {
  Parcel made;
  made.mac = base::Mac::parse(std::string("00:11:22:33:44:") + last_byte).value();
  made.document = document;
  made.is_told = is_told;
  return made;
}

constexpr std::size_t k_plenty = 1 << 20;

TEST(ParcelQueue, FirstComeFirstServed) {
  ParcelQueue queue(k_plenty);
  EXPECT_FALSE(queue.take());
  (void)queue.add(parcel("01", "a"));
  (void)queue.add(parcel("02", "b"));
  EXPECT_EQ(queue.take()->document, "a");
  EXPECT_EQ(queue.take()->document, "b");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0U);
}

TEST(ParcelQueue, KeepsTheLatestOfEachMachine) {
  ParcelQueue queue(k_plenty);
  (void)queue.add(parcel("01", "old"));
  (void)queue.add(parcel("01", "minimal", false));
  (void)queue.add(parcel("01", "new"));
  EXPECT_EQ(queue.count(), 2U);
  EXPECT_EQ(queue.take()->document, "minimal");
  EXPECT_EQ(queue.take()->document, "new");
}

TEST(ParcelQueue, WhatComesBackDoesNotReplaceANewerOne) {
  ParcelQueue queue(k_plenty);
  (void)queue.add(parcel("01", "old"));
  auto taken = queue.take();
  (void)queue.add(parcel("01", "new"));
  EXPECT_EQ(queue.put_back(*taken), 0U);
  EXPECT_EQ(queue.count(), 1U);
  EXPECT_EQ(queue.take()->document, "new");
  EXPECT_EQ(queue.put_back(*taken), 0U);
  EXPECT_EQ(queue.take()->document, "old");
}

TEST(ParcelQueue, GivesUpTheOldestWithinItsBound) {
  ParcelQueue queue(4000);
  (void)queue.add(parcel("01", std::string(1000, 'a')));
  (void)queue.add(parcel("02", std::string(1000, 'b')));
  (void)queue.add(parcel("03", std::string(1000, 'c')));
  EXPECT_EQ(queue.add(parcel("04", std::string(2000, 'd'))), 2U);
  EXPECT_LE(queue.size(), 4000U);
  EXPECT_EQ(queue.take()->document.front(), 'c');
}

TEST(ParcelQueue, TakesOneThatIsTooLargeAlone) {
  ParcelQueue queue(100);
  (void)queue.add(parcel("01", "a"));
  EXPECT_EQ(queue.add(parcel("02", std::string(1000, 'b'))), 1U);
  EXPECT_EQ(queue.count(), 1U);
}

}  // namespace
}  // namespace pulse2::pxe_service
