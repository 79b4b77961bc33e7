#include "store/sqlite.hpp"

#include <sqlite3.h>

namespace pulse2::store {

using base::ErrorKind;
using base::Expected;

namespace {

ErrorKind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return ErrorKind::no_space;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::malformed;
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return ErrorKind::permission_denied;
    default:
      return ErrorKind::io;
  }
}

tl::unexpected<base::Error> failure(sqlite3* connection, int code, std::string_view what) {
  const char* reason =
      connection != nullptr ? ::sqlite3_errmsg(connection) : ::sqlite3_errstr(code);
  return base::fail(kind_of(code), "database failure", std::string(what) + ": " + reason);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  ::sqlite3_finalize(statement);
}

void Statement::bind(int index, std::int64_t value) {
  ::sqlite3_bind_int64(m_statement.get(), index, value);
}

void Statement::bind_blob(int index, std::string_view bytes) {
  ::sqlite3_bind_blob64(m_statement.get(), index, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

void Statement::bind_text(int index, std::string_view text) {
  ::sqlite3_bind_text64(m_statement.get(), index, text.data(), text.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
}

Expected<bool> Statement::step() {
  const int code = ::sqlite3_step(m_statement.get());
  if (code == SQLITE_ROW) return true;
  auto* connection = ::sqlite3_db_handle(m_statement.get());
  if (code == SQLITE_DONE) {
    ::sqlite3_reset(m_statement.get());
    return false;
  }
  auto error = failure(connection, code, ::sqlite3_sql(m_statement.get()));
  ::sqlite3_reset(m_statement.get());
  return error;
}

Expected<void> Statement::run() {
  auto row = step();
  if (!row) return tl::unexpected(std::move(row).error());
  if (*row) ::sqlite3_reset(m_statement.get());
  return {};
}

std::int64_t Statement::integer(int column) const {
  return ::sqlite3_column_int64(m_statement.get(), column);
}

std::string_view Statement::bytes(int column) const {
  const auto* data = static_cast<const char*>(::sqlite3_column_blob(m_statement.get(), column));
  const int size = ::sqlite3_column_bytes(m_statement.get(), column);
  return data == nullptr ? std::string_view{} : std::string_view(data, static_cast<size_t>(size));
}

void Database::Close::operator()(sqlite3* connection) const noexcept {
  ::sqlite3_close_v2(connection);
}

Expected<Database> Database::open(const std::string& path) {
  sqlite3* connection = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = ::sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  Database database(connection);
  if (code != SQLITE_OK) return failure(connection, code, path);
  ::sqlite3_extended_result_codes(connection, 1);
  ::sqlite3_busy_timeout(connection, 5000);
  PULSE2_TRY(database.execute("PRAGMA journal_mode=WAL"));
  return database;
}

Expected<void> Database::execute(const std::string& sql) {
  const int code = ::sqlite3_exec(m_connection.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(m_connection.get(), code, sql);
  return {};
}

Expected<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = ::sqlite3_prepare_v2(m_connection.get(), sql.data(),
                                        static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return failure(m_connection.get(), code, sql);
  return Statement(statement);
}

Expected<std::int64_t> Database::schema_version() {
  auto statement = prepare("PRAGMA user_version");
  if (!statement) return tl::unexpected(std::move(statement).error());
  auto row = statement->step();
  if (!row) return tl::unexpected(std::move(row).error());
  return statement->integer(0);
}

}  // namespace pulse2::store
