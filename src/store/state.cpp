#include "store/state.hpp"

#include <algorithm>

#include "store/migration.hpp"

namespace pulse2::store {

using base::Expected;

namespace {

const Migrations& migrations() {
  static const Migrations steps = {
      "CREATE TABLE waiting (src BLOB NOT NULL, pid BLOB NOT NULL,"
      " PRIMARY KEY (src, pid)) WITHOUT ROWID;"
      "CREATE TABLE dropped (src BLOB NOT NULL, pid BLOB NOT NULL,"
      " PRIMARY KEY (src, pid)) WITHOUT ROWID;",
      // noted: seconds since 1970
      "CREATE TABLE uploads (folder BLOB NOT NULL PRIMARY KEY, noted INTEGER NOT NULL)"
      " WITHOUT ROWID;",
      "CREATE TABLE notes (kind TEXT NOT NULL, name TEXT NOT NULL, text BLOB NOT NULL,"
      " PRIMARY KEY (kind, name)) WITHOUT ROWID;",
  };
  return steps;
}

std::int64_t seconds(State::Time time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

Expected<std::unique_ptr<State>> State::open(const std::string& path) {
  auto database = open_migrated(path, migrations());
  if (!database) return tl::unexpected(std::move(database).error());
  // What was acknowledged survives a power cut: every transaction is synced.
  PULSE2_TRY(database->execute("PRAGMA synchronous=FULL"));
  std::unique_ptr<State> state(new State(std::move(*database)));
  PULSE2_TRY(state->load_waiting());
  return state;
}

Expected<void> State::load_waiting() {
  auto select = m_database.prepare("SELECT src, pid FROM waiting");
  if (!select) return tl::unexpected(std::move(select).error());
  for (;;) {
    auto row = select->step();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) break;
    m_waiting.emplace_back(select->bytes(0), select->bytes(1));
  }
  std::sort(m_waiting.begin(), m_waiting.end());
  return {};
}

Expected<void> State::run(const char* sql, std::initializer_list<std::string_view> blobs) {
  auto statement = m_database.prepare(sql);
  if (!statement) return tl::unexpected(std::move(statement).error());
  int index = 0;
  for (const auto blob : blobs)
    statement->bind_blob(++index, blob);
  return statement->run();
}

bool State::waits_for_files(std::string_view src, std::string_view pid) const {
  const std::lock_guard lock(m_mutex);
  return std::binary_search(m_waiting.begin(), m_waiting.end(), Keys::value_type(src, pid));
}

Expected<void> State::set_waiting(std::string_view src, std::string_view pid, bool waits) {
  const std::lock_guard lock(m_mutex);
  Keys::value_type key(src, pid);
  const auto place = std::lower_bound(m_waiting.begin(), m_waiting.end(), key);
  const bool is_waiting = place != m_waiting.end() && *place == key;
  if (is_waiting == waits) return {};
  if (waits) {
    PULSE2_TRY(run("INSERT OR IGNORE INTO waiting VALUES (?, ?)", {src, pid}));
    m_waiting.insert(place, std::move(key));
  } else {
    PULSE2_TRY(run("DELETE FROM waiting WHERE src=? AND pid=?", {src, pid}));
    m_waiting.erase(place);
  }
  return {};
}

State::Keys State::waiting() const {
  const std::lock_guard lock(m_mutex);
  return m_waiting;
}

Expected<bool> State::was_dropped(std::string_view src, std::string_view pid) const {
  const std::lock_guard lock(m_mutex);
  auto select = m_database.prepare("SELECT 1 FROM dropped WHERE src=? AND pid=?");
  if (!select) return tl::unexpected(std::move(select).error());
  select->bind_blob(1, src);
  select->bind_blob(2, pid);
  return select->step();
}

Expected<void> State::set_dropped(std::string_view src, std::string_view pid, bool dropped) {
  const std::lock_guard lock(m_mutex);
  return run(dropped ? "INSERT OR IGNORE INTO dropped VALUES (?, ?)"
                     : "DELETE FROM dropped WHERE src=? AND pid=?",
             {src, pid});
}

Expected<void> State::note_upload(std::string_view folder, Time now) {
  const std::lock_guard lock(m_mutex);
  auto insert = m_database.prepare("INSERT OR REPLACE INTO uploads VALUES (?, ?)");
  if (!insert) return tl::unexpected(std::move(insert).error());
  insert->bind_blob(1, folder);
  insert->bind(2, seconds(now));
  return insert->run();
}

Expected<void> State::forget_upload(std::string_view folder) {
  const std::lock_guard lock(m_mutex);
  return run("DELETE FROM uploads WHERE folder=?", {folder});
}

Expected<std::vector<std::string>> State::uploads_since(Time oldest) const {
  const std::lock_guard lock(m_mutex);
  auto select = m_database.prepare("SELECT folder FROM uploads WHERE noted>=? ORDER BY folder");
  if (!select) return tl::unexpected(std::move(select).error());
  select->bind(1, seconds(oldest));
  std::vector<std::string> folders;
  for (;;) {
    auto row = select->step();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) return folders;
    folders.emplace_back(select->bytes(0));
  }
}

Expected<void> State::forget_uploads_before(Time oldest) {
  const std::lock_guard lock(m_mutex);
  auto remove = m_database.prepare("DELETE FROM uploads WHERE noted<?");
  if (!remove) return tl::unexpected(std::move(remove).error());
  remove->bind(1, seconds(oldest));
  return remove->run();
}

Expected<State::Notes> State::notes(std::string_view kind) {
  const std::lock_guard lock(m_mutex);
  auto select = m_database.prepare("SELECT name, text FROM notes WHERE kind=? ORDER BY name");
  if (!select) return tl::unexpected(std::move(select).error());
  select->bind_text(1, kind);
  Notes found;
  for (;;) {
    auto row = select->step();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) return found;
    found.emplace_back(select->bytes(0), select->bytes(1));
  }
}

Expected<void> State::set_note(std::string_view kind, std::string_view name,
                               std::string_view text) {
  const std::lock_guard lock(m_mutex);
  auto insert = m_database.prepare("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)");
  if (!insert) return tl::unexpected(std::move(insert).error());
  insert->bind_text(1, kind);
  insert->bind_text(2, name);
  insert->bind_blob(3, text);
  return insert->run();
}

Expected<void> State::remove_note(std::string_view kind, std::string_view name) {
  const std::lock_guard lock(m_mutex);
  auto erase = m_database.prepare("DELETE FROM notes WHERE kind=? AND name=?");
  if (!erase) return tl::unexpected(std::move(erase).error());
  erase->bind_text(1, kind);
  erase->bind_text(2, name);
  return erase->run();
}

}  // namespace pulse2::store
