#include "app/reloader.hpp"

namespace pulse2::app {

Mistakes Reloader::apply(const Configuration& next) const {
  Mistakes objections;
  std::vector<Commit> commits;
  for (const auto& prepare : m_parts) {
    auto commit = prepare(next);
    if (commit) {
      commits.push_back(*std::move(commit));
    } else {
      objections.push_back(commit.error().for_operator());
    }
  }
  if (!objections.empty()) return objections;
  for (const auto& commit : commits)
    commit();
  return {};
}

}  // namespace pulse2::app
