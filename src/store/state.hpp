#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "store/sqlite.hpp"

namespace pulse2::store {

/// What must survive a restart and can't be read from the trees: `state.sqlite`. Every change is
/// durable when the call returns; after an error nothing changed. Callable from any thread.
class State {
 public:
  using Keys = std::vector<std::pair<std::string, std::string>>;  ///< sorted (src, pid)
  using Time = std::chrono::system_clock::time_point;

  /// Opens or creates the file; see open_migrated() for older and newer ones.
  [[nodiscard]] static base::Expected<std::unique_ptr<State>> open(const std::string& path);

  /// Packages that were put with need_assign and wait for associatePackages.
  [[nodiscard]] bool waits_for_files(std::string_view src, std::string_view pid) const;
  [[nodiscard]] base::Expected<void> set_waiting(std::string_view src, std::string_view pid,
                                                 bool waits);
  [[nodiscard]] Keys waiting() const;

  /// Packages that were dropped: dropping them again is no failure. One that is there again
  /// may still be among them.
  [[nodiscard]] base::Expected<bool> was_dropped(std::string_view src, std::string_view pid) const;
  [[nodiscard]] base::Expected<void> set_dropped(std::string_view src, std::string_view pid,
                                                 bool dropped);

  /// Folders that pushPackage made and that no associatePackages emptied yet: detection leaves
  /// them alone for a day.
  [[nodiscard]] base::Expected<void> note_upload(std::string_view folder, Time now);
  [[nodiscard]] base::Expected<void> forget_upload(std::string_view folder);
  /// Those noted at `oldest` or later, in byte order.
  [[nodiscard]] base::Expected<std::vector<std::string>> uploads_since(Time oldest) const;
  /// Forgets those noted before.
  [[nodiscard]] base::Expected<void> forget_uploads_before(Time oldest);

  /// Small texts that a part of the server keeps for itself, under a kind and a name of its own.
  using Notes = std::vector<std::pair<std::string, std::string>>;  ///< (name, text), by name
  [[nodiscard]] base::Expected<Notes> notes(std::string_view kind);
  /// Adds or replaces.
  [[nodiscard]] base::Expected<void> set_note(std::string_view kind, std::string_view name,
                                              std::string_view text);
  [[nodiscard]] base::Expected<void> remove_note(std::string_view kind, std::string_view name);

 private:
  explicit State(Database database) : m_database(std::move(database)) {}
  [[nodiscard]] base::Expected<void> load_waiting();
  /// Runs a statement whose parameters are blobs.
  [[nodiscard]] base::Expected<void> run(const char* sql,
                                         std::initializer_list<std::string_view> blobs);

  mutable std::mutex m_mutex;  ///< guards all that follows
  mutable Database m_database;
  Keys m_waiting;  ///< asked for with every package that is published
};

}  // namespace pulse2::store
