#include "store/migration.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "os/file.hpp"

namespace pulse2::store {

using base::ErrorKind;
using base::Expected;

namespace {

Expected<void> copy_into(Database& database, const std::string& path) {
  auto copy = database.prepare("VACUUM INTO ?");
  if (!copy) return tl::unexpected(std::move(copy).error());
  copy->bind_text(1, path);
  PULSE2_TRY(copy->run());
  const auto file = os::open_file(path, O_RDONLY);
  if (!file) return tl::unexpected(file.error());
  return os::sync_file(file->get(), path);
}

/// Copies the whole database to `backup`, in the place of what stands there.
Expected<void> back_up(Database& database, const std::string& backup) {
  const std::string temporary = backup + ".new";
  ::unlink(temporary.c_str());
  auto copied = copy_into(database, temporary);
  if (copied && std::rename(temporary.c_str(), backup.c_str()) != 0) {
    copied = tl::unexpected(base::errno_error(errno, backup));
  }
  if (!copied) {
    ::unlink(temporary.c_str());
    return copied;
  }
  return os::sync_folder(os::folder_of(backup));
}

Expected<void> migrate(Database& database, std::int64_t version, const Migrations& migrations) {
  std::string sql = "BEGIN IMMEDIATE;";
  for (auto i = static_cast<std::size_t>(version); i < migrations.size(); ++i)
    sql += migrations[i];
  sql += "PRAGMA user_version=" + std::to_string(migrations.size()) + ";COMMIT;";
  auto done = database.execute(sql);
  // The first statement that fails ends the run within the transaction.
  if (!done) (void)database.execute("ROLLBACK");
  return done;
}

}  // namespace

Expected<Database> open_migrated(const std::string& path, const Migrations& migrations) {
  auto database = Database::open(path);
  if (!database) return database;
  const auto version = database->schema_version();
  if (!version) return tl::unexpected(version.error());
  const auto newest = static_cast<std::int64_t>(migrations.size());
  if (*version > newest) {
    return base::fail(ErrorKind::conflict, path + " was written by a newer version of this server",
                      "schema " + std::to_string(*version) + ", " + std::to_string(newest) +
                          " is the newest known");
  }
  if (*version == newest) return database;
  // What was acknowledged survives a power cut: every transaction is synced.
  PULSE2_TRY(database->execute("PRAGMA synchronous=FULL"));
  if (*version > 0) PULSE2_TRY(back_up(*database, path + ".schema-" + std::to_string(*version)));
  PULSE2_TRY(migrate(*database, *version, migrations));
  return database;
}

}  // namespace pulse2::store
