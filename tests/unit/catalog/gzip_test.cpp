#include "catalog/gzip.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/hash.hpp"
#include "temporary_folder.hpp"

namespace pulse2::catalog {
namespace {

std::string joined(GzipJoiner joiner) {
  std::string all;
  for (const auto& buffer : joiner.finish())
    all += *buffer;
  return all;
}

/// What gzip(1) makes of it; it checks length and CRC and complains about what follows.
std::string gunzip(const std::string& compressed) {
  const test::TemporaryFolder folder;
  folder.write("file.gz", compressed);
  if (std::system(("gzip -d '" + (folder / "file.gz") + "'").c_str()) != 0) return "refused";
  return folder.read("file");
}

TEST(GzipJoiner, joins_pieces_and_texts) {
  const std::string big(300'000, 'b');
  const auto first = std::make_shared<const DeflatedPiece>(deflate_piece("first piece, "));
  const auto second = std::make_shared<const DeflatedPiece>(deflate_piece(big));
  GzipJoiner joiner;
  joiner.add_plain("<head>");
  joiner.add(first);
  joiner.add(second);
  joiner.add(first);
  joiner.add_plain("");
  joiner.add_plain("<tail>");
  EXPECT_EQ(gunzip(joined(std::move(joiner))), "<head>first piece, " + big + "first piece, <tail>");
  EXPECT_LT(second->bytes.size(), 2000U);
}

TEST(GzipJoiner, keeps_bytes_that_do_not_compress) {
  std::string noise;
  for (int i = 0; i < 5000; ++i) {
    const auto digest = base::md5(std::to_string(i));
    noise.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  }
  GzipJoiner joiner;
  joiner.add_plain(noise);
  EXPECT_EQ(gunzip(joined(std::move(joiner))), noise);
}

TEST(GzipJoiner, makes_an_empty_file_of_nothing) {
  EXPECT_EQ(gunzip(joined(GzipJoiner())), "");
}

}  // namespace
}  // namespace pulse2::catalog
