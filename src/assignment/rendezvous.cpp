#include "assignment/rendezvous.hpp"

#include <cstdint>
#include <tuple>

#include "base/hash.hpp"

namespace pulse2::assignment {
namespace {

std::uint64_t weight_of(std::string_view uuid, std::string_view candidate) {
  std::string text(uuid);
  // A separator that neither has: ("a", "bc") and ("ab", "c") are different pairs.
  text += '\0';
  text += candidate;
  return base::stable_hash(text);
}

/// The candidate with the highest weight, those equal to `excluded` left out.
std::optional<std::size_t> best(std::string_view uuid, std::span<const std::string> candidates,
                                std::optional<std::string_view> excluded) {
  std::optional<std::size_t> winner;
  std::uint64_t winner_weight = 0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i] == excluded) continue;
    const std::uint64_t weight = weight_of(uuid, candidates[i]);
    // Equal weights are told apart by the texts, so that the order never counts.
    if (!winner || std::tie(weight, candidates[i]) > std::tie(winner_weight, candidates[*winner])) {
      winner = i;
      winner_weight = weight;
    }
  }
  return winner;
}

}  // namespace

std::optional<std::size_t> choose(std::string_view uuid, std::span<const std::string> candidates) {
  return best(uuid, candidates, std::nullopt);
}

std::optional<std::size_t> choose_fallback(std::string_view uuid,
                                           std::span<const std::string> candidates) {
  const auto first = choose(uuid, candidates);
  if (!first) return std::nullopt;
  const auto second = best(uuid, candidates, candidates[*first]);
  return second ? second : first;
}

}  // namespace pulse2::assignment
