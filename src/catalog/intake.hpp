#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "catalog/detector.hpp"
#include "catalog/package_taker.hpp"
#include "catalog/tree_guard.hpp"
#include "os/clock.hpp"

namespace pulse2::catalog {

/// A folder from which complete packages are moved into a tree.
struct DropFolder {
  std::string folder;  ///< tmp_input_dir
  std::string src;     ///< of the tree

  bool operator==(const DropFolder&) const = default;
};

/// Takes over what is put into drop folders. look() is for one thread, take_over() for any.
class Intake {
 public:
  /// All must outlive it.
  Intake(const DetectionParts& parts, const TreeGuard& guard, const os::Clock& clock)
      : m_parts(parts), m_guard(guard), m_clock(clock) {}

  /// The packages that stand in the folder and may be taken over: neither uploads of clients nor,
  /// after a warning, anything in a folder that others may write to. A missing folder is empty.
  [[nodiscard]] Sighting look(const std::string& folder, const OnFolder& on_folder);

  /// Forgets the uploads that are too old to be left alone.
  void forget_old_uploads() const;

  struct Result {
    Outcome outcome = Outcome::done;
    std::string package;  ///< the folder in the tree, empty when nothing was taken over
  };
  /// Moves a complete package into its tree, also across file systems: durable, and only as a
  /// whole. What is in the way of that is logged once.
  [[nodiscard]] Result take_over(const DropFolder& drop, const std::string& name);

 private:
  struct Move;

  [[nodiscard]] bool is_closed_to_others(const std::string& folder, const os::FileStatus& status);
  [[nodiscard]] std::vector<std::string> uploads() const;
  [[nodiscard]] base::Expected<std::string> move_in(const DropFolder& drop,
                                                    const std::string& name) const;
  [[nodiscard]] base::Expected<void> check(const DropFolder& drop, const Move& move) const;
  void complain(const std::string& path, const std::string& reason);

  DetectionParts m_parts;
  const TreeGuard& m_guard;
  const os::Clock& m_clock;
  std::mutex m_mutex;                               ///< guards m_complaints
  std::map<std::string, std::string> m_complaints;  ///< what was said last, by path
};

}  // namespace pulse2::catalog
