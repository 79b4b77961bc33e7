#include "mirroring/pending_store.hpp"

#include <set>

#include "log/log.hpp"
#include "mirroring/former_status.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"
#include "store/former_file.hpp"
#include "store/migration.hpp"

namespace pulse2::mirroring {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::uint64_t k_longest_pickle = 64U << 20U;

constexpr const char* k_first_schema =
    "CREATE TABLE targets (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);"
    "CREATE TABLE packages (id INTEGER PRIMARY KEY, src BLOB NOT NULL, folder BLOB NOT NULL,"
    " pid BLOB NOT NULL, since INTEGER NOT NULL, UNIQUE (src, folder));"
    "CREATE TABLE pending (package INTEGER, target INTEGER, PRIMARY KEY (package, target))"
    " WITHOUT ROWID;"
    "CREATE TABLE filled (src BLOB, target INTEGER, verified INTEGER NOT NULL,"
    " PRIMARY KEY (src, target)) WITHOUT ROWID;"
    "CREATE TABLE former (pid BLOB, target INTEGER, PRIMARY KEY (pid, target)) WITHOUT ROWID;";

std::int64_t to_seconds(PendingStore::Date date) {
  return std::chrono::duration_cast<std::chrono::seconds>(date.time_since_epoch()).count();
}

PendingStore::Date to_date(std::int64_t seconds) {
  return PendingStore::Date(std::chrono::seconds(seconds));
}

}  // namespace

Expected<std::unique_ptr<PendingStore>> PendingStore::open(const std::string& path,
                                                           const Names& srcs,
                                                           const Names& targets) {
  // Deployed systems may have had it from the former server's package.
  PULSE2_TRY(os::make_path(os::folder_of(path), 0755));
  auto former = store::is_former_file(path);
  if (!former) return tl::unexpected(std::move(former).error());
  if (*former) PULSE2_TRY(take_over(path, srcs, targets));
  auto opened = open_database(path);
  if (opened || opened.error().kind != ErrorKind::malformed) return opened;
  log::error("mirroring.status.damaged", "{} is kept as {}.damaged, everything is copied again: {}",
             path, path, opened.error().for_operator());
  PULSE2_TRY(store::set_aside(path, ".damaged"));
  return open_database(path);
}

Expected<std::unique_ptr<PendingStore>> PendingStore::open_database(const std::string& path) {
  auto database = store::open_migrated(path, {k_first_schema});
  if (!database) return tl::unexpected(std::move(database).error());
  // What was acknowledged survives a power cut: every transaction is synced.
  PULSE2_TRY(database->execute("PRAGMA synchronous=FULL"));
  return std::unique_ptr<PendingStore>(new PendingStore(path, std::move(*database)));
}

Expected<void> PendingStore::take_over(const std::string& path, const Names& srcs,
                                       const Names& targets) {
  auto bytes = os::read_file(path, k_longest_pickle);
  if (!bytes) return tl::unexpected(std::move(bytes).error());
  auto status = read_former_status(*bytes);
  if (!status) {
    log::error("mirroring.status.damaged",
               "{} is kept as {}.damaged, everything is copied again: {}", path, path,
               status.error().for_operator());
    return store::set_aside(path, ".damaged");
  }
  std::vector<Former> former;
  for (auto& [pid, names] : *status)
    former.push_back({pid, std::move(names)});
  const auto fill = [&](const std::string& fresh) -> Expected<void> {
    auto store = open_database(fresh);
    if (!store) return tl::unexpected(std::move(store).error());
    return (*store)->add_former(former, srcs, targets, std::chrono::system_clock::now());
  };
  PULSE2_TRY(store::replace_former_file(path, *bytes, fill));
  log::info("mirroring.status.migrated",
            "{} pending packages of the former server's {} were taken over", former.size(), path);
  return {};
}

Expected<void> PendingStore::add_former(const std::vector<Former>& former, const Names& srcs,
                                        const Names& targets, Date now) {
  return m_database.in_transaction([&]() -> Expected<void> {
    for (const std::string& src : srcs)
      PULSE2_TRY(write_filled(src, targets, now));
    auto insert =
        m_database.prepare("INSERT OR IGNORE INTO former SELECT ?1, id FROM targets WHERE name=?2");
    if (!insert) return tl::unexpected(std::move(insert).error());
    for (const auto& [pid, names] : former) {
      for (const std::string& name : names) {
        insert->bind_blob(1, pid);
        insert->bind_blob(2, name);
        PULSE2_TRY(insert->run());
      }
    }
    return {};
  });
}

Expected<PendingStore::Contents> PendingStore::load() {
  const std::lock_guard lock(m_mutex);
  Contents contents;
  PULSE2_TRY(read_rows(contents));
  PULSE2_TRY(read_others(contents));
  return contents;
}

Expected<void> PendingStore::read_rows(Contents& contents) {
  auto select = m_database.prepare(
      "SELECT p.id, p.src, p.folder, p.pid, p.since, t.name FROM packages p"
      " JOIN pending ON package=p.id JOIN targets t ON t.id=target ORDER BY p.id");
  if (!select) return tl::unexpected(std::move(select).error());
  std::int64_t last = 0;
  for (;;) {
    auto row = select->step();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) return {};
    if (contents.rows.empty() || select->integer(0) != last) {
      last = select->integer(0);
      contents.rows.push_back({std::string(select->bytes(1)),
                               {std::string(select->bytes(3)), std::string(select->bytes(2))},
                               {},
                               to_date(select->integer(4))});
    }
    contents.rows.back().targets.emplace_back(select->bytes(5));
  }
}

Expected<void> PendingStore::read_others(Contents& contents) {
  auto filled =
      m_database.prepare("SELECT src, name, verified FROM filled JOIN targets ON id=target");
  if (!filled) return tl::unexpected(std::move(filled).error());
  for (;;) {
    auto row = filled->step();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) break;
    contents.filled.push_back({std::string(filled->bytes(0)), std::string(filled->bytes(1)),
                               to_date(filled->integer(2))});
  }
  auto former =
      m_database.prepare("SELECT pid, name FROM former JOIN targets ON id=target ORDER BY pid");
  if (!former) return tl::unexpected(std::move(former).error());
  for (;;) {
    auto row = former->step();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) return {};
    const auto pid = former->bytes(0);
    if (contents.former.empty() || contents.former.back().pid != pid) {
      contents.former.push_back({std::string(pid), {}});
    }
    contents.former.back().targets.emplace_back(former->bytes(1));
  }
}

Expected<void> PendingStore::add(const std::vector<Row>& rows) {
  const std::lock_guard lock(m_mutex);
  return m_database.in_transaction([&]() -> Expected<void> {
    PULSE2_TRY(write_cleared());
    return write_rows(rows);
  });
}

void PendingStore::clear(const std::string& src, const std::string& folder,
                         const std::string& target) {
  const std::lock_guard lock(m_cleared_mutex);
  m_cleared.push_back({src, folder, target});
}

Expected<void> PendingStore::flush() {
  const std::lock_guard lock(m_mutex);
  {
    const std::lock_guard cleared_lock(m_cleared_mutex);
    if (m_cleared.empty()) return {};
  }
  return m_database.in_transaction([&] { return write_cleared(); });
}

/// What can't be removed from the disk is copied once more after a restart: no harm.
Expected<void> PendingStore::write_cleared() {
  std::vector<Cleared> cleared;
  {
    const std::lock_guard lock(m_cleared_mutex);
    cleared.swap(m_cleared);
  }
  if (cleared.empty()) return {};
  auto erase = m_database.prepare(
      "DELETE FROM pending WHERE package=(SELECT id FROM packages WHERE src=?1 AND folder=?2)"
      " AND target=(SELECT id FROM targets WHERE name=?3)");
  if (!erase) return tl::unexpected(std::move(erase).error());
  auto tidy = m_database.prepare(
      "DELETE FROM packages WHERE src=?1 AND folder=?2 AND NOT EXISTS"
      " (SELECT 1 FROM pending WHERE package=id)");
  if (!tidy) return tl::unexpected(std::move(tidy).error());
  for (const auto& [src, folder, target] : cleared) {
    erase->bind_blob(1, src);
    erase->bind_blob(2, folder);
    erase->bind_blob(3, target);
    PULSE2_TRY(erase->run());
    tidy->bind_blob(1, src);
    tidy->bind_blob(2, folder);
    PULSE2_TRY(tidy->run());
  }
  return {};
}

Expected<void> PendingStore::write_rows(const std::vector<Row>& rows) {
  auto insert = m_database.prepare(
      "INSERT INTO packages (src, folder, pid, since) VALUES (?1, ?2, ?3, ?4)"
      " ON CONFLICT (src, folder) DO UPDATE SET pid=?3 WHERE pid<>?3");
  if (!insert) return tl::unexpected(std::move(insert).error());
  auto name = m_database.prepare("INSERT OR IGNORE INTO targets (name) VALUES (?1)");
  if (!name) return tl::unexpected(std::move(name).error());
  auto link = m_database.prepare(
      "INSERT OR IGNORE INTO pending SELECT p.id, t.id FROM packages p, targets t"
      " WHERE p.src=?1 AND p.folder=?2 AND t.name=?3");
  if (!link) return tl::unexpected(std::move(link).error());
  std::set<std::string> known;
  for (const Row& row : rows) {
    insert->bind_blob(1, row.src);
    insert->bind_blob(2, row.package.folder);
    insert->bind_blob(3, row.package.pid);
    insert->bind(4, to_seconds(row.since));
    PULSE2_TRY(insert->run());
    for (const std::string& target : row.targets) {
      if (known.insert(target).second) {
        name->bind_blob(1, target);
        PULSE2_TRY(name->run());
      }
      link->bind_blob(1, row.src);
      link->bind_blob(2, row.package.folder);
      link->bind_blob(3, target);
      PULSE2_TRY(link->run());
    }
  }
  return {};
}

Expected<void> PendingStore::write_filled(const std::string& src, const Names& targets, Date now) {
  auto name = m_database.prepare("INSERT OR IGNORE INTO targets (name) VALUES (?1)");
  if (!name) return tl::unexpected(std::move(name).error());
  auto filled = m_database.prepare(
      "INSERT OR REPLACE INTO filled SELECT ?1, id, ?3 FROM targets"
      " WHERE name=?2");
  if (!filled) return tl::unexpected(std::move(filled).error());
  for (const std::string& target : targets) {
    name->bind_blob(1, target);
    PULSE2_TRY(name->run());
    filled->bind_blob(1, src);
    filled->bind_blob(2, target);
    filled->bind(3, to_seconds(now));
    PULSE2_TRY(filled->run());
  }
  return {};
}

Expected<void> PendingStore::fill(const std::string& src, const Names& targets,
                                  const std::vector<Row>& rows, Date now) {
  const std::lock_guard lock(m_mutex);
  return m_database.in_transaction([&]() -> Expected<void> {
    PULSE2_TRY(write_cleared());
    PULSE2_TRY(write_rows(rows));
    return write_filled(src, targets, now);
  });
}

Expected<void> PendingStore::set_verified(const std::string& src, const std::string& target,
                                          Date now) {
  const std::lock_guard lock(m_mutex);
  return m_database.in_transaction([&] { return write_filled(src, {target}, now); });
}

Expected<void> PendingStore::replace_former(const std::vector<Row>& rows) {
  const std::lock_guard lock(m_mutex);
  return m_database.in_transaction([&]() -> Expected<void> {
    PULSE2_TRY(write_rows(rows));
    return m_database.execute("DELETE FROM former");
  });
}

Expected<void> PendingStore::retain(const Names& srcs, const Names& targets) {
  const std::lock_guard lock(m_mutex);
  return m_database.in_transaction([&]() -> Expected<void> {
    PULSE2_TRY(write_cleared());
    PULSE2_TRY(m_database.execute("CREATE TEMP TABLE kept (kind INTEGER, name BLOB)"));
    auto keep = m_database.prepare("INSERT INTO temp.kept VALUES (?1, ?2)");
    if (!keep) return tl::unexpected(std::move(keep).error());
    for (std::int64_t kind : {0, 1}) {
      for (const std::string& name : kind == 0 ? srcs : targets) {
        keep->bind(1, kind);
        keep->bind_blob(2, name);
        PULSE2_TRY(keep->run());
      }
    }
    return m_database.execute(
        "DELETE FROM targets WHERE name NOT IN (SELECT name FROM temp.kept WHERE kind=1);"
        "DELETE FROM pending WHERE target NOT IN (SELECT id FROM targets);"
        "DELETE FROM former WHERE target NOT IN (SELECT id FROM targets);"
        "DELETE FROM filled WHERE target NOT IN (SELECT id FROM targets)"
        " OR src NOT IN (SELECT name FROM temp.kept WHERE kind=0);"
        "DELETE FROM packages WHERE src NOT IN (SELECT name FROM temp.kept WHERE kind=0);"
        "DELETE FROM pending WHERE package NOT IN (SELECT id FROM packages);"
        "DELETE FROM packages WHERE id NOT IN (SELECT package FROM pending);"
        "DROP TABLE temp.kept");
  });
}

}  // namespace pulse2::mirroring
