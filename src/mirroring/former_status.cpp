#include "mirroring/former_status.hpp"

#include "base/pickle.hpp"

namespace pulse2::mirroring {

base::Expected<FormerStatus> read_former_status(std::string_view bytes) {
  auto pickle = base::read_pickle(bytes);
  if (!pickle) return tl::unexpected(std::move(pickle).error());
  const auto* dict = pickle->as_dict();
  if (dict == nullptr) return base::fail(base::ErrorKind::malformed, "the status is no dict");
  FormerStatus status;
  for (const auto& [key, value] : *dict) {
    const std::string* pid = key.as_text();
    const auto* targets = value.as_list();
    if (pid == nullptr || targets == nullptr) continue;
    for (const base::Pickle& target : *targets) {
      if (const std::string* name = target.as_text()) status[*pid].push_back(*name);
    }
  }
  return status;
}

}  // namespace pulse2::mirroring
