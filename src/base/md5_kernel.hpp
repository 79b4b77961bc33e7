#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

/// MD5's compression (RFC 1321) of several messages at once, one in each lane of a vector. Included
/// by one source for each instruction set, which is compiled for it: everything here has internal
/// linkage and uses nothing of the standard library that could be shared with other sources.
///
/// Written with the vector extensions of GCC and Clang: the same text becomes SSE2, AVX2, AVX-512
/// or another machine's vectors.
namespace pulse2::base {

/// One message on its way through a kernel.
struct Md5Lane {
  std::uint32_t state[4];
  const unsigned char* bytes;  ///< where the next block begins
};

/// Takes `blocks` blocks of 64 bytes into each of its lanes and advances their `bytes`.
using Md5Kernel = void (*)(Md5Lane* lanes, std::size_t blocks);

/// The sines of RFC 1321. Defined elsewhere on purpose: a compiler that saw the values would make
/// each one in a register, which takes two instructions more than adding it from memory (AVX-512,
/// GCC 12: 7.4 GB/s instead of 5.9).
extern const std::uint32_t k_md5_sines[64];

void md5_kernel_1(Md5Lane* lanes, std::size_t blocks);
void md5_kernel_4(Md5Lane* lanes, std::size_t blocks);
#if defined(__x86_64__)
void md5_kernel_8(Md5Lane* lanes, std::size_t blocks);   // needs AVX2
void md5_kernel_16(Md5Lane* lanes, std::size_t blocks);  // needs AVX-512F
#endif

namespace {

#define PULSE2_INLINE __attribute__((always_inline)) inline

inline constexpr int k_words = 16;  ///< of 32 bits, in a block

template <int Lanes>
struct VectorOf {
  using Type [[gnu::vector_size(Lanes * 4)]] = std::uint32_t;
};
template <>
struct VectorOf<1> {
  using Type = std::uint32_t;
};
template <int Lanes>
using Vector = typename VectorOf<Lanes>::Type;

template <int... Numbers>
using Sequence = std::integer_sequence<int, Numbers...>;

/// Which word of the block the step takes.
constexpr int word_of(int step) {
  switch (step / 16) {
    case 0:
      return step;
    case 1:
      return (5 * step + 1) % k_words;
    case 2:
      return (3 * step + 5) % k_words;
    default:
      return (7 * step) % k_words;
  }
}

/// By how many bits the step rotates.
constexpr int shift_of(int step) {
  constexpr int k_shifts[4][4] = {
      {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  return k_shifts[step / 16][step % 4];
}

template <int Round, class V>
PULSE2_INLINE V mixed(V b, V c, V d) {
  if constexpr (Round == 0) return d ^ (b & (c ^ d));
  if constexpr (Round == 1) return c ^ (d & (b ^ c));
  if constexpr (Round == 2) return b ^ c ^ d;
  if constexpr (Round == 3) return c ^ (b | ~d);
}

template <int Step, class V>
PULSE2_INLINE void do_step(V& a, V b, V c, V d, V word) {
  constexpr int k_shift = shift_of(Step);
  // What does not wait for the step before is added first.
  a = a + (word + k_md5_sines[Step]) + mixed<Step / 16>(b, c, d);
  a = ((a << k_shift) | (a >> (32 - k_shift))) + b;
}

template <class V, int... Steps>
PULSE2_INLINE void do_steps(V (&state)[4], const V (&words)[k_words], Sequence<Steps...>) {
  // The four parts of the state take turns as a, d, c and b.
  (do_step<Steps>(state[(64 - Steps) % 4], state[(65 - Steps) % 4], state[(66 - Steps) % 4],
                  state[(67 - Steps) % 4], words[word_of(Steps)]),
   ...);
}

/// The elements of the lower, or higher, halves of x and y in turn.
template <bool IsHigher, class V, int... I>
PULSE2_INLINE V interleave(V x, V y, Sequence<I...>) {
  constexpr int k_lanes = sizeof...(I);
  constexpr int k_first = IsHigher ? k_lanes / 2 : 0;
  return __builtin_shufflevector(x, y, (k_first + I / 2 + (I % 2) * k_lanes)...);
}

/// Rows become columns: each stage deals the rows out like cards.
template <int Lanes, class V>
PULSE2_INLINE void transpose(V (&rows)[Lanes]) {
  using Indices = std::make_integer_sequence<int, Lanes>;
#pragma GCC unroll 4
  for (int stage = 1; stage < Lanes; stage *= 2) {
    V next[Lanes];
#pragma GCC unroll 8
    for (int i = 0; i < Lanes / 2; ++i) {
      next[2 * i] = interleave<false>(rows[i], rows[i + Lanes / 2], Indices{});
      next[2 * i + 1] = interleave<true>(rows[i], rows[i + Lanes / 2], Indices{});
    }
#pragma GCC unroll 16
    for (int i = 0; i < Lanes; ++i)
      rows[i] = next[i];
  }
}

/// The next block of each lane, as vectors of first words, second words…
template <int Lanes, class V>
PULSE2_INLINE void load_words(V (&words)[k_words], const unsigned char* const (&bytes)[Lanes]) {
  if constexpr (Lanes == 1) {
    std::memcpy(words, bytes[0], sizeof words);
  } else {
#pragma GCC unroll 16
    for (int first = 0; first < k_words; first += Lanes) {
      V rows[Lanes];
#pragma GCC unroll 16
      for (int lane = 0; lane < Lanes; ++lane)
        std::memcpy(&rows[lane], bytes[lane] + first * 4, sizeof rows[lane]);
      transpose<Lanes>(rows);
#pragma GCC unroll 16
      for (int i = 0; i < Lanes; ++i)
        words[first + i] = rows[i];
    }
  }
}

template <int Lanes>
void compress(Md5Lane* lanes, std::size_t blocks) {
  std::uint32_t parts[4][Lanes];
  const unsigned char* bytes[Lanes];
  for (int lane = 0; lane < Lanes; ++lane) {
    bytes[lane] = lanes[lane].bytes;
    for (int part = 0; part < 4; ++part)
      parts[part][lane] = lanes[lane].state[part];
  }
  Vector<Lanes> state[4];
  std::memcpy(state, parts, sizeof state);
  for (; blocks > 0; --blocks) {
    Vector<Lanes> words[k_words];
    load_words<Lanes>(words, bytes);
    Vector<Lanes> next[4] = {state[0], state[1], state[2], state[3]};
    do_steps(next, words, std::make_integer_sequence<int, 64>{});
    for (int part = 0; part < 4; ++part)
      state[part] = state[part] + next[part];
    for (int lane = 0; lane < Lanes; ++lane)
      bytes[lane] += sizeof words / Lanes;
  }
  std::memcpy(parts, state, sizeof parts);
  for (int lane = 0; lane < Lanes; ++lane) {
    lanes[lane].bytes = bytes[lane];
    for (int part = 0; part < 4; ++part)
      lanes[lane].state[part] = parts[part][lane];
  }
}

#undef PULSE2_INLINE

}  // namespace
}  // namespace pulse2::base
