#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "store/sqlite.hpp"

/// Brings a database's schema to what this version works with.
namespace pulse2::store {

/// SQL that leads to the schema of one number from the one before; the first makes schema 1.
using Migrations = std::vector<const char*>;

/// Opens or creates the file and runs the migrations that it lacks, in one transaction. One that
/// holds something is copied first: the old state stays beside it as `<path>.schema-<number>`,
/// durable. Error `conflict` for a file that a newer version wrote, which is left as it is; after
/// any error the file is as it was.
[[nodiscard]] base::Expected<Database> open_migrated(const std::string& path,
                                                     const Migrations& migrations);

}  // namespace pulse2::store
