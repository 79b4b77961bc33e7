#pragma once

#include <optional>
#include <string>

#include "catalog/package_reader.hpp"
#include "catalog/snapshot.hpp"

namespace pulse2::catalog {

/// Takes over the hashes of the files that are as they were when the entry was made, so that they
/// are not read again. `md5sums` is the text of the folder's MD5SUMS, if it can be read; another
/// one than is served with the entry does not count.
void take_served_digests(const Entry& entry, const std::optional<std::string>& md5sums,
                         FoundPackage& package);

}  // namespace pulse2::catalog
