#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace pulse2::store {

/// A prepared statement. Not thread-safe; must not outlive its Database. Errors of step() are
/// `io`, `no_space` for a full disk, `malformed` for a damaged database.
class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  /// Parameters count from 1. Texts and blobs are copied.
  void bind(int index, std::int64_t value);
  void bind_blob(int index, std::string_view bytes);
  void bind_text(int index, std::string_view text);

  /// True when there is a row. After false or an error the statement is ready to run again.
  [[nodiscard]] base::Expected<bool> step();
  /// Runs a statement that returns no rows.
  [[nodiscard]] base::Expected<void> run();

  /// Columns count from 0. Views are valid until the next step().
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view bytes(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  explicit Statement(sqlite3_stmt* statement) : m_statement(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> m_statement;
};

/// One connection to an SQLite file. Not thread-safe: one user at a time.
class Database {
 public:
  /// Opens or creates the file; others may use it too (WAL, they are waited for up to 5 s).
  [[nodiscard]] static base::Expected<Database> open(const std::string& path);
  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;

  /// Runs one or more statements without parameters.
  [[nodiscard]] base::Expected<void> execute(const std::string& sql);
  [[nodiscard]] base::Expected<Statement> prepare(std::string_view sql);
  /// Runs `function`, which returns Expected<void>, within a transaction; when that fails, nothing
  /// is changed.
  template <class Function>
  [[nodiscard]] base::Expected<void> in_transaction(Function function) {
    PULSE2_TRY(execute("BEGIN IMMEDIATE"));
    base::Expected<void> done = function();
    if (done) done = execute("COMMIT");
    // The first failure is what counts; without a transaction there is nothing to roll back.
    if (!done) (void)execute("ROLLBACK");
    return done;
  }
  /// PRAGMA user_version: the schema's number, 0 in a new file.
  [[nodiscard]] base::Expected<std::int64_t> schema_version();

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  explicit Database(sqlite3* connection) : m_connection(connection) {}

  std::unique_ptr<sqlite3, Close> m_connection;
};

}  // namespace pulse2::store
