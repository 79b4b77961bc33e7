#include "base/md5_lanes.hpp"

#include <algorithm>
#include <cstring>

#include "base/md5_kernel.hpp"

namespace pulse2::base {

namespace {

constexpr std::size_t k_block = 64;
constexpr std::size_t k_most_lanes = 16;

std::vector<std::size_t> find_lane_counts() {
  std::vector<std::size_t> counts{1, 4};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0) counts.push_back(8);
  if (__builtin_cpu_supports("avx512f") != 0) counts.push_back(16);
#endif
  return counts;
}

Md5Kernel kernel_of(std::size_t lanes) {
  switch (lanes) {
#if defined(__x86_64__)
    case 16:
      return md5_kernel_16;
    case 8:
      return md5_kernel_8;
#endif
    case 4:
      return md5_kernel_4;
    default:
      return md5_kernel_1;
  }
}

/// The end of a message: what is left of it, a bit, zeros, and its length in bits.
class Padding {
 public:
  /// Number of blocks.
  std::size_t fill(std::string_view rest, std::uint64_t size) {
    m_bytes.fill(0);
    std::copy(rest.begin(), rest.end(), m_bytes.begin());
    m_bytes[rest.size()] = 0x80;
    const std::uint64_t bits = size * 8;
    const std::size_t blocks = rest.size() + 1 + sizeof bits <= k_block ? 1 : 2;
    std::memcpy(&m_bytes[blocks * k_block - sizeof bits], &bits, sizeof bits);
    return blocks;
  }
  [[nodiscard]] const unsigned char* data() const { return m_bytes.data(); }

 private:
  std::array<unsigned char, 2 * k_block> m_bytes{};
};

/// Deals the parts out to the lanes.
class Dealer {
 public:
  Dealer(std::span<const Md5Part> parts, std::size_t lanes) : m_parts(parts), m_count(lanes) {}

  void run() {
    for (std::size_t lane = 0; lane < m_count; ++lane)
      advance(lane);
    while (m_busy > 0) {
      const std::size_t blocks = fewest_blocks();
      compress(blocks);
      for (std::size_t lane = 0; lane < m_count; ++lane) {
        auto& place = m_places[lane];
        if (place.part == nullptr) continue;
        place.blocks -= blocks;
        if (place.blocks == 0) advance(lane);
      }
    }
  }

 private:
  /// What a lane is busy with.
  struct Place {
    const Md5Part* part = nullptr;  ///< null: nothing
    std::size_t blocks = 0;         ///< left of the bytes that the lane points to
    bool is_padding_due = false;
    Padding padding;
  };

  /// Goes on to what the lane has to do next; it stays idle when nothing is left.
  void advance(std::size_t lane) {
    auto& place = m_places[lane];
    if (place.part != nullptr) {
      if (place.is_padding_due) return pad(lane);
      std::copy_n(m_lanes[lane].state, 4, place.part->message->state.begin());
      place.part = nullptr;
      --m_busy;
    }
    while (place.part == nullptr && m_next < m_parts.size())
      begin(lane, m_parts[m_next++]);
  }

  void begin(std::size_t lane, const Md5Part& part) {
    part.message->size += part.bytes.size();
    auto& place = m_places[lane];
    place.blocks = part.bytes.size() / k_block;
    place.is_padding_due = part.is_last;
    if (place.blocks == 0 && !part.is_last) return;
    place.part = &part;
    ++m_busy;
    std::copy_n(part.message->state.begin(), 4, m_lanes[lane].state);
    m_lanes[lane].bytes = reinterpret_cast<const unsigned char*>(part.bytes.data());
    if (place.blocks == 0) pad(lane);
  }

  void pad(std::size_t lane) {
    auto& place = m_places[lane];
    const auto& bytes = place.part->bytes;
    const auto rest = bytes.substr(bytes.size() / k_block * k_block);
    place.blocks = place.padding.fill(rest, place.part->message->size);
    place.is_padding_due = false;
    m_lanes[lane].bytes = place.padding.data();
  }

  [[nodiscard]] std::size_t fewest_blocks() const {
    std::size_t fewest = SIZE_MAX;
    for (std::size_t lane = 0; lane < m_count; ++lane) {
      if (m_places[lane].part != nullptr) fewest = std::min(fewest, m_places[lane].blocks);
    }
    return fewest;
  }

  void compress(std::size_t blocks) {
    std::size_t busy = 0;
    while (m_places[busy].part == nullptr)
      ++busy;
    // A vector with one lane in use is slower than none (AVX-512: 0.46 GB/s, one lane: 0.59).
    if (m_busy == 1) return md5_kernel_1(&m_lanes[busy], blocks);
    // An idle lane computes along with a busy one, for nothing.
    for (std::size_t lane = 0; lane < m_count; ++lane) {
      if (m_places[lane].part == nullptr) m_lanes[lane].bytes = m_lanes[busy].bytes;
    }
    kernel_of(m_count)(m_lanes.data(), blocks);
  }

  std::span<const Md5Part> m_parts;
  std::size_t m_count;
  std::size_t m_next = 0;  ///< the first part that no lane has taken
  std::size_t m_busy = 0;  ///< lanes with a part
  std::array<Md5Lane, k_most_lanes> m_lanes{};
  std::array<Place, k_most_lanes> m_places{};
};

}  // namespace

const std::vector<std::size_t>& md5_lane_counts() {
  static const std::vector<std::size_t> k_counts = find_lane_counts();
  return k_counts;
}

void md5_take(std::span<const Md5Part> parts, std::size_t lanes) {
  Dealer(parts, lanes).run();
}

Md5Digest md5_digest(const Md5Message& message) {
  Md5Digest digest{};
  std::memcpy(digest.data(), message.state.data(), digest.size());
  return digest;
}

}  // namespace pulse2::base
