#pragma once

#include <string>

#include "doctor/subject.hpp"
#include "mirroring/target.hpp"

namespace pulse2::doctor {

/// What came of asking a mirror target for the list of one folder.
struct RemoteListing {
  enum class Outcome {
    listed,
    no_folder,  ///< the target was reached, the folder is not there
    refused,    ///< by the target, or by the way to it
    not_tried,  ///< the program that mirrors is not rsync
  };
  Outcome outcome = Outcome::not_tried;
  std::string words;  ///< what the program said, one line
};

/// Lists a package tree at the target by the program, the options and the user that mirror packages
/// there: so names, keys, passwords and modules are tried. Takes half a minute at most.
[[nodiscard]] RemoteListing list_at(const Subject& subject, const mirroring::Target& target);

}  // namespace pulse2::doctor
