#include "store/hash_cache.hpp"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace pulse2::store {

using base::ErrorKind;
using base::Expected;
using base::Md5Digest;

namespace {

constexpr std::int64_t k_schema = 1;

constexpr const char* k_create =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS hashes (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE,"
    " device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,"
    " mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, md5 BLOB NOT NULL);"
    "PRAGMA user_version=1;"
    "COMMIT;";

constexpr std::uint32_t k_free = 0xffffffff;

/// A key is an MD5: any of its bytes are as good as a hash.
std::size_t hash_of(const Md5Digest& key) {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

/// Collisions of MD5 could only be made by someone who may change the packages anyhow.
Md5Digest key_of(std::string_view path, const os::FileStatus& status) {
  const std::uint64_t numbers[] = {status.device, status.inode, status.size,
                                   static_cast<std::uint64_t>(status.mtime_ns),
                                   static_cast<std::uint64_t>(status.ctime_ns)};
  std::string bytes(sizeof numbers + path.size(), '\0');
  std::memcpy(bytes.data(), numbers, sizeof numbers);
  std::memcpy(bytes.data() + sizeof numbers, path.data(), path.size());
  return base::md5(bytes);
}

std::string_view view_of(const Md5Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// Opens and brings the tables into being. Errors of kind `malformed` and `conflict` are healed by
/// beginning afresh.
Expected<Database> open_current(const std::string& path) {
  auto database = Database::open(path);
  if (!database) return database;
  auto version = database->schema_version();
  if (!version) return tl::unexpected(std::move(version).error());
  if (*version > k_schema) {
    return base::fail(ErrorKind::conflict, "written by a newer version",
                      "schema " + std::to_string(*version));
  }
  // Losing the last transactions at a power cut costs reading some files again.
  PULSE2_TRY(database->execute("PRAGMA synchronous=NORMAL"));
  if (*version < k_schema) PULSE2_TRY(database->execute(k_create));
  return database;
}

void remove_database(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"})
    ::unlink((path + suffix).c_str());
}

bool is_healed_by_recreation(const base::Error& error) {
  return error.kind == ErrorKind::malformed || error.kind == ErrorKind::conflict;
}

Expected<void> load_rows(Database& database, auto&& add) {
  auto select =
      database.prepare("SELECT id, path, device, inode, size, mtime_ns, ctime_ns, md5 FROM hashes");
  if (!select) return tl::unexpected(std::move(select).error());
  for (;;) {
    auto row = select->step();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) return {};
    add(*select);
  }
}

os::FileStatus status_in(const Statement& row) {
  os::FileStatus status;
  status.device = static_cast<std::uint64_t>(row.integer(2));
  status.inode = static_cast<std::uint64_t>(row.integer(3));
  status.size = static_cast<std::uint64_t>(row.integer(4));
  status.mtime_ns = row.integer(5);
  status.ctime_ns = row.integer(6);
  return status;
}

/// Rows have no mode.
bool is_same_file(os::FileStatus row, const os::FileStatus& status) {
  row.mode = status.mode;
  return row == status;
}

}  // namespace

Expected<std::unique_ptr<HashCache>> HashCache::open(const std::string& path) {
  std::string recreated;
  auto database = open_current(path);
  if (!database && is_healed_by_recreation(database.error())) {
    recreated = database.error().for_operator();
    remove_database(path);
    database = open_current(path);
  }
  if (!database) return tl::unexpected(std::move(database).error());
  std::unique_ptr<HashCache> cache(new HashCache(std::move(*database), std::move(recreated)));
  auto loaded = cache->load();
  if (loaded) return cache;
  if (!is_healed_by_recreation(loaded.error())) return tl::unexpected(std::move(loaded).error());
  // Damage may show only where the rows are read.
  recreated = loaded.error().for_operator();
  cache.reset();
  remove_database(path);
  database = open_current(path);
  if (!database) return tl::unexpected(std::move(database).error());
  return std::unique_ptr<HashCache>(new HashCache(std::move(*database), std::move(recreated)));
}

Expected<void> HashCache::load() {
  const std::lock_guard lock(m_database_mutex);
  std::vector<Row> rows;
  PULSE2_TRY(load_rows(m_database, [&rows](const Statement& statement) {
    const auto digest = statement.bytes(7);
    Row row;
    if (digest.size() != row.digest.size()) return;
    std::memcpy(row.digest.data(), digest.data(), digest.size());
    row.id = statement.integer(0);
    row.key = key_of(statement.bytes(1), status_in(statement));
    rows.push_back(row);
  }));
  m_rows = std::move(rows);
  m_used = std::vector<std::atomic<bool>>(m_rows.size());
  index();
  return {};
}

void HashCache::index() {
  m_slots.assign(std::bit_ceil(m_rows.size() * 2 + 2), k_free);
  for (std::uint32_t row = 0; row < m_rows.size(); ++row)
    m_slots[slot_of(m_rows[row].key)] = row;
}

std::size_t HashCache::slot_of(const Md5Digest& key) const {
  std::size_t slot = hash_of(key) & (m_slots.size() - 1);
  while (m_slots[slot] != k_free && m_rows[m_slots[slot]].key != key)
    slot = (slot + 1) & (m_slots.size() - 1);
  return slot;
}

std::optional<Md5Digest> HashCache::find(const std::string& path, const os::FileStatus& status) {
  if (m_slots.empty()) return std::nullopt;
  const std::uint32_t row = m_slots[slot_of(key_of(path, status))];
  if (row == k_free) return std::nullopt;
  m_used[row].store(true, std::memory_order_relaxed);
  return m_rows[row].digest;
}

std::optional<Md5Digest> HashCache::look_up(const std::string& path, const os::FileStatus& status) {
  // What waits is found where everything else is.
  if (!flush()) return std::nullopt;
  const std::lock_guard lock(m_database_mutex);
  auto select = m_database.prepare(
      "SELECT id, path, device, inode, size, mtime_ns, ctime_ns, md5 FROM hashes WHERE path = ?");
  if (!select) return std::nullopt;
  select->bind_blob(1, path);
  const auto row = select->step();
  if (!row || !*row) return std::nullopt;
  const auto bytes = select->bytes(7);
  Md5Digest digest{};
  if (bytes.size() != digest.size() || !is_same_file(status_in(*select), status)) {
    return std::nullopt;
  }
  std::memcpy(digest.data(), bytes.data(), digest.size());
  return digest;
}

void HashCache::remember(std::string path, const os::FileStatus& status, const Md5Digest& digest) {
  const std::lock_guard lock(m_pending_mutex);
  m_pending.push_back({std::move(path), status, digest});
}

std::size_t HashCache::pending() const {
  const std::lock_guard lock(m_pending_mutex);
  return m_pending.size();
}

Expected<void> HashCache::flush() {
  std::vector<Pending> batch;
  {
    const std::lock_guard lock(m_pending_mutex);
    batch.swap(m_pending);
  }
  if (batch.empty()) return {};
  const std::lock_guard lock(m_database_mutex);
  PULSE2_TRY(m_database.execute("BEGIN IMMEDIATE"));
  if (auto written = write(batch); !written) {
    // The first failure is what counts; without a transaction there is nothing to roll back.
    (void)m_database.execute("ROLLBACK");
    return written;
  }
  return m_database.execute("COMMIT");
}

Expected<void> HashCache::write(const std::vector<Pending>& batch) {
  auto insert = m_database.prepare(
      "INSERT OR REPLACE INTO hashes (path, device, inode, size, mtime_ns, ctime_ns, md5)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)");
  if (!insert) return tl::unexpected(std::move(insert).error());
  for (const auto& item : batch) {
    insert->bind_blob(1, item.path);
    insert->bind(2, static_cast<std::int64_t>(item.status.device));
    insert->bind(3, static_cast<std::int64_t>(item.status.inode));
    insert->bind(4, static_cast<std::int64_t>(item.status.size));
    insert->bind(5, item.status.mtime_ns);
    insert->bind(6, item.status.ctime_ns);
    insert->bind_blob(7, view_of(item.digest));
    PULSE2_TRY(insert->run());
  }
  return {};
}

Expected<void> HashCache::forget_unused() {
  const std::lock_guard lock(m_database_mutex);
  return remove_unused_rows();
}

void HashCache::release() {
  std::vector<Row>().swap(m_rows);
  std::vector<std::uint32_t>().swap(m_slots);
  std::vector<std::atomic<bool>>().swap(m_used);
}

Expected<void> HashCache::remove_unused_rows() {
  const auto is_used = [](const std::atomic<bool>& used) { return used.load(); };
  if (std::all_of(m_used.begin(), m_used.end(), is_used)) return {};
  PULSE2_TRY(m_database.execute("BEGIN IMMEDIATE"));
  auto remove = m_database.prepare("DELETE FROM hashes WHERE id = ?");
  if (!remove) return tl::unexpected(std::move(remove).error());
  for (std::size_t i = 0; i < m_rows.size(); ++i) {
    if (m_used[i].load()) continue;
    remove->bind(1, m_rows[i].id);
    if (auto done = remove->run(); !done) {
      (void)m_database.execute("ROLLBACK");
      return done;
    }
  }
  return m_database.execute("COMMIT");
}

}  // namespace pulse2::store
