#pragma once

#include <set>
#include <string>
#include <utility>

#include "config/load.hpp"

namespace pulse2::config {

/// (section, option) pairs whose values could not be read: rules that need them are not applied.
using Failed = std::set<std::pair<std::string, std::string>>;

/// Adds errors for values that are right each on its own but not together: mount points that two
/// sections share or that are reserved, package trees inside each other.
void check_relations(Loaded& loaded, const Failed& failed);

}  // namespace pulse2::config
