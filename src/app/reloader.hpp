#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "app/configuration.hpp"
#include "base/error.hpp"

namespace pulse2::app {

/// The parts of a server that can follow another configuration while they run. Each is asked twice:
/// first it prepares, where everything that can fail happens and nothing changes; only when all
/// parts are prepared does each take its change over, which can't fail. So a configuration is
/// swapped as a whole or not at all.
class Reloader {
 public:
  /// Takes the prepared change over; must neither fail nor throw. Requests that run keep what they
  /// began with.
  using Commit = std::function<void()>;
  /// Makes a part ready for `next`, which lives until the commit is over. The error is shown to the
  /// operator.
  using Prepare = std::function<base::Expected<Commit>(const Configuration& next)>;

  /// Parts prepare and commit in the order in which they are added: who is used by others first.
  void add(Prepare part) { m_parts.push_back(std::move(part)); }

  /// All objections; when there are none, every part runs with `next` now.
  [[nodiscard]] Mistakes apply(const Configuration& next) const;

 private:
  std::vector<Prepare> m_parts;
};

}  // namespace pulse2::app
