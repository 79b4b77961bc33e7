#include "base/text_packer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace pulse2::base {

// A packed text is a row of steps: a byte with two counts of four bits, of bytes to take over and
// of bytes to repeat (less k_least_match); for a count of 15 more bytes follow that are added to
// it, the last of which is not 255; then the bytes to take over, and in two bytes how far back
// those to repeat stand. The last step ends after the bytes to take over.
namespace {

static_assert(std::endian::native == std::endian::little, "counted are the bytes that agree");

constexpr std::size_t k_least_match = 4;
constexpr std::size_t k_full_count = 15;
constexpr std::size_t k_most_distance = 0xffff;
constexpr std::size_t k_most_sample = 32U << 10U;
/// Bytes are copied in pieces of this size: up to so many less one are written too far.
constexpr std::size_t k_piece = 16;

void copy_pieces(char* to, const char* from, std::size_t size) noexcept {
  for (std::size_t done = 0; done < size; done += k_piece)
    std::memcpy(to + done, from + done, k_piece);
}

/// Copies within a text; what is copied may reach into what is written.
void repeat(char* to, std::size_t distance, std::size_t size) noexcept {
  const char* from = to - distance;
  if (distance >= k_piece) return copy_pieces(to, from, size);
  for (std::size_t i = 0; i < size; ++i)
    to[i] = from[i];
}

std::size_t read_count(const char*& in, std::size_t count) noexcept {
  if (count < k_full_count) return count;
  unsigned char more = 0;
  do {
    more = static_cast<unsigned char>(*in++);
    count += more;
  } while (more == 0xff);
  return count;
}

void write_rest_of_count(std::string& out, std::size_t count) {
  if (count < k_full_count) return;
  count -= k_full_count;
  for (; count >= 0xff; count -= 0xff)
    out += '\xff';
  out += static_cast<char>(count);
}

}  // namespace

std::uint32_t TextPacker::hash_at(const char* bytes) noexcept {
  std::uint32_t four = 0;
  std::memcpy(&four, bytes, sizeof four);
  return (four * 2654435761U) >> (32U - k_hash_bits);
}

TextPacker::TextPacker(std::string_view sample)
    : m_sample(sample.substr(sample.size() - std::min(sample.size(), k_most_sample))),
      m_sample_size(m_sample.size()) {
  for (std::size_t i = 0; i + k_least_match <= m_sample_size; ++i)
    m_places[hash_at(&m_sample[i])] = static_cast<std::uint32_t>(i + 1);
  m_sample.append(k_piece, '\0');
}

/// Packs one text.
class TextPacker::Writer {
 public:
  Writer(const TextPacker& packer, std::string_view text)
      : m_sample_size(packer.m_sample_size), m_places(packer.m_places) {
    m_window.reserve(m_sample_size + text.size());
    m_out.reserve(text.size() / 4 + k_piece);
    m_window.append(packer.m_sample, 0, m_sample_size).append(text);
  }

  std::string run() {
    std::size_t taken = m_sample_size;  // what stands before is packed
    std::size_t at = m_sample_size;
    while (at + k_least_match <= m_window.size()) {
      const std::size_t from = look_up(at);
      const std::size_t length = from == k_nowhere ? 0 : length_of_match(from, at);
      if (length < k_least_match) {
        ++at;
        continue;
      }
      write_step(taken, at - taken, length);
      write_distance(at - from);
      at += length;
      taken = at;
    }
    if (taken < m_window.size()) write_step(taken, m_window.size() - taken, k_least_match);
    // Bytes that may be read in vain.
    m_out.append(k_piece, '\0');
    m_out.shrink_to_fit();
    return std::move(m_out);
  }

 private:
  static constexpr std::size_t k_nowhere = static_cast<std::size_t>(-1);

  void note(std::size_t at) {
    m_places[hash_at(&m_window[at])] = static_cast<std::uint32_t>(at + 1);
  }

  /// Where the bytes at `at` may have stood before.
  std::size_t look_up(std::size_t at) {
    const std::size_t place = m_places[hash_at(&m_window[at])];
    note(at);
    return place == 0 || at - (place - 1) > k_most_distance ? k_nowhere : place - 1;
  }

  [[nodiscard]] std::size_t length_of_match(std::size_t from, std::size_t at) const {
    // What is repeated stands in the sample or in the text, never in both.
    const std::size_t end = from < m_sample_size ? m_sample_size : m_window.size();
    const std::size_t most = std::min(end - from, m_window.size() - at);
    std::size_t length = 0;
    while (length + sizeof(std::uint64_t) <= most) {
      const std::uint64_t differs = eight_at(from + length) ^ eight_at(at + length);
      if (differs != 0) {
        return length + static_cast<std::size_t>(std::countr_zero(differs)) / 8;
      }
      length += sizeof differs;
    }
    while (length < most && m_window[from + length] == m_window[at + length])
      ++length;
    return length;
  }

  [[nodiscard]] std::uint64_t eight_at(std::size_t at) const {
    std::uint64_t eight = 0;
    std::memcpy(&eight, &m_window[at], sizeof eight);
    return eight;
  }

  void write_step(std::size_t literals_at, std::size_t literals, std::size_t match) {
    const std::size_t repeats = match - k_least_match;
    m_out += static_cast<char>((std::min(literals, k_full_count) << 4U) |
                               std::min(repeats, k_full_count));
    write_rest_of_count(m_out, literals);
    write_rest_of_count(m_out, repeats);
    m_out.append(m_window, literals_at, literals);
  }

  void write_distance(std::size_t distance) {
    m_out += static_cast<char>(distance & 0xffU);
    m_out += static_cast<char>(distance >> 8U);
  }

  std::size_t m_sample_size;
  Places m_places;
  std::string m_window;  ///< the sample and the text
  std::string m_out;
};

std::string TextPacker::pack(std::string_view text) const {
  return Writer(*this, text).run();
}

void TextPacker::unpack(std::string_view packed, std::size_t size, std::string& out) const {
  const std::size_t begin = out.size();
  out.resize(begin + size + k_piece);
  char* const text = out.data() + begin;
  const char* const sample_end = m_sample.data() + m_sample_size;
  const char* in = packed.data();
  std::size_t done = 0;
  while (done < size) {
    const auto counts = static_cast<unsigned char>(*in++);
    const std::size_t literals = read_count(in, counts >> 4U);
    const std::size_t match = read_count(in, counts & 0xfU) + k_least_match;
    copy_pieces(text + done, in, literals);
    in += literals;
    done += literals;
    if (done == size) break;
    const auto low = static_cast<unsigned char>(in[0]);
    const std::size_t distance = low | static_cast<std::size_t>(static_cast<unsigned char>(in[1]))
                                           << 8U;
    in += 2;
    if (distance > done) {
      copy_pieces(text + done, sample_end - (distance - done), match);
    } else {
      repeat(text + done, distance, match);
    }
    done += match;
  }
  out.resize(begin + size);
}

}  // namespace pulse2::base
