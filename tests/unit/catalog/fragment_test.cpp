#include "catalog/fragment.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace pulse2::catalog {
namespace {

const std::string k_text = "<value><struct>\n<member>\n<name>id</name>\n<value><string>p</string>";

TEST(Fragment, gives_its_text_back) {
  const Fragment fragment(k_text);
  EXPECT_EQ(fragment.size(), k_text.size());
  EXPECT_EQ(fragment.text(), k_text);
  std::string out = "before ";
  fragment.append_to(out);
  EXPECT_EQ(out, "before " + k_text);
}

TEST(Fragment, is_compressed_once_for_all_threads) {
  const Fragment fragment(k_text);
  std::vector<const DeflatedPiece*> seen(4);
  std::vector<std::thread> threads;
  threads.reserve(seen.size());
  for (auto& piece : seen)
    threads.emplace_back([&fragment, &piece] { piece = &fragment.deflated(); });
  for (auto& thread : threads)
    thread.join();
  for (const auto* piece : seen)
    EXPECT_EQ(piece, seen[0]);
  EXPECT_EQ(seen[0]->bytes, deflate_piece(k_text).bytes);
  EXPECT_EQ(seen[0]->plain_size, k_text.size());
}

}  // namespace
}  // namespace pulse2::catalog
