#include "store/state.hpp"

#include <algorithm>

namespace pulse2::store {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::int64_t k_schema = 1;

constexpr const char* k_create =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS waiting (src BLOB NOT NULL, pid BLOB NOT NULL,"
    " PRIMARY KEY (src, pid)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS dropped (src BLOB NOT NULL, pid BLOB NOT NULL,"
    " PRIMARY KEY (src, pid)) WITHOUT ROWID;"
    "PRAGMA user_version=1;"
    "COMMIT;";

std::pair<std::string, std::string> key_of(std::string_view src, std::string_view pid) {
  return {std::string(src), std::string(pid)};
}

}  // namespace

Expected<std::unique_ptr<State>> State::open(const std::string& path) {
  auto database = Database::open(path);
  if (!database) return tl::unexpected(std::move(database).error());
  auto version = database->schema_version();
  if (!version) return tl::unexpected(std::move(version).error());
  if (*version > k_schema) {
    return base::fail(ErrorKind::conflict, path + " was written by a newer version of this server",
                      "schema " + std::to_string(*version));
  }
  // What was acknowledged survives a power cut: every transaction is synced.
  PULSE2_TRY(database->execute("PRAGMA synchronous=FULL"));
  if (*version < k_schema) PULSE2_TRY(database->execute(k_create));
  std::unique_ptr<State> state(new State(std::move(*database)));
  PULSE2_TRY(state->load("waiting", state->m_waiting));
  PULSE2_TRY(state->load("dropped", state->m_dropped));
  return state;
}

Expected<void> State::load(const char* table, Keys& keys) {
  auto select = m_database.prepare(std::string("SELECT src, pid FROM ") + table);
  if (!select) return tl::unexpected(std::move(select).error());
  for (;;) {
    auto row = select->step();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) break;
    keys.push_back(key_of(select->bytes(0), select->bytes(1)));
  }
  std::sort(keys.begin(), keys.end());
  return {};
}

Expected<void> State::change(const char* table, Keys& keys, std::string_view src,
                             std::string_view pid, bool present) {
  const std::lock_guard lock(m_mutex);
  auto key = key_of(src, pid);
  const auto place = std::lower_bound(keys.begin(), keys.end(), key);
  const bool is_present = place != keys.end() && *place == key;
  if (is_present == present) return {};
  const std::string sql = present ? std::string("INSERT OR IGNORE INTO ") + table + " VALUES (?, ?)"
                                  : std::string("DELETE FROM ") + table + " WHERE src=? AND pid=?";
  auto statement = m_database.prepare(sql);
  if (!statement) return tl::unexpected(std::move(statement).error());
  statement->bind_blob(1, src);
  statement->bind_blob(2, pid);
  PULSE2_TRY(statement->run());
  if (present) {
    keys.insert(place, std::move(key));
  } else {
    keys.erase(place);
  }
  return {};
}

bool State::waits_for_files(std::string_view src, std::string_view pid) const {
  const std::lock_guard lock(m_mutex);
  return std::binary_search(m_waiting.begin(), m_waiting.end(), key_of(src, pid));
}

Expected<void> State::set_waiting(std::string_view src, std::string_view pid, bool waits) {
  return change("waiting", m_waiting, src, pid, waits);
}

std::vector<std::pair<std::string, std::string>> State::waiting() const {
  const std::lock_guard lock(m_mutex);
  return m_waiting;
}

bool State::was_dropped(std::string_view src, std::string_view pid) const {
  const std::lock_guard lock(m_mutex);
  return std::binary_search(m_dropped.begin(), m_dropped.end(), key_of(src, pid));
}

Expected<void> State::set_dropped(std::string_view src, std::string_view pid, bool dropped) {
  return change("dropped", m_dropped, src, pid, dropped);
}

}  // namespace pulse2::store
