#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Which of several services a machine gets. Pure.
namespace pulse2::assignment {

/// Index of the candidate for this uuid by rendezvous hashing (the highest of the hashes of uuid
/// and candidate): evenly spread, the same in every process, independent of the candidates' order;
/// when a candidate goes away, only its own machines move. Nothing without candidates.
[[nodiscard]] std::optional<std::size_t> choose(std::string_view uuid,
                                                std::span<const std::string> candidates);

/// Index of the second best candidate: where choose() would go if its answer went away. It differs
/// from choose() when there are two candidates with different texts; with one, it is that one.
[[nodiscard]] std::optional<std::size_t> choose_fallback(std::string_view uuid,
                                                         std::span<const std::string> candidates);

}  // namespace pulse2::assignment
