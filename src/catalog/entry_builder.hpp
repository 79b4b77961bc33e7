#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "catalog/package_reader.hpp"
#include "catalog/snapshot.hpp"
#include "os/beneath.hpp"
#include "store/hash_cache.hpp"

/// Makes an entry of a package whose files are all hashed.
namespace pulse2::catalog {

/// Takes the hashes from the package's own MD5SUMS, where it names exactly the package's files, is
/// newer than all of them and contradicts no hash that is known already. Returns the indices of
/// the files whose hash is only believed; nothing, and the package unchanged, when it is not to be
/// believed.
[[nodiscard]] std::optional<std::vector<std::size_t>> believe_md5sums(const os::Root& root,
                                                                      FoundPackage& package);

/// `hex`: 32 lower-case hexadecimal digits.
[[nodiscard]] base::Md5Digest digest_of(std::string_view hex);

/// The text of the package's MD5SUMS. Every file must have its hash.
[[nodiscard]] std::string md5sums_text(const FoundPackage& package);

/// The entry of a package whose folder holds its MD5SUMS already, which is `md5sums`. Every file
/// must have its hash; nothing is read or written.
[[nodiscard]] std::shared_ptr<Entry> build_entry(const FoundPackage& package,
                                                 std::string_view md5sums,
                                                 std::shared_ptr<const std::string> src,
                                                 std::uint64_t generation);

/// When the disk holds an MD5SUMS that build() relies on.
enum class Durability {
  at_once,  ///< before build() returns, at the price of two waits for the disk
  at_sync,  ///< after the next sync(), if that succeeds: one wait for many packages
};

struct BuiltEntry {
  std::shared_ptr<Entry> entry;
  /// What was written to MD5SUMS and waits for sync(); null when nothing does.
  std::shared_ptr<const std::string> unsynced;
};

/// What an entry is made with. All references must outlive the builder; any thread may build.
class EntryBuilder {
 public:
  /// `on_write_failure` is told why an MD5SUMS stays in memory.
  EntryBuilder(const os::Root& root, std::shared_ptr<const std::string> src, Durability durability,
               std::function<void(const base::Error&)> on_write_failure);

  /// Where hashes of MD5SUMS are looked up and remembered; null: nowhere. Not while build() runs.
  void use_cache(store::HashCache* cache) noexcept { m_cache = cache; }

  /// Every file of `package` must have its hash. Writes MD5SUMS when its content differs; its
  /// status in `package` is the new one then. What can't be written, or made durable at once,
  /// is served from memory.
  [[nodiscard]] BuiltEntry build(FoundPackage& package, std::uint64_t generation) const;

  /// Makes durable what was written since the last call, for all packages at once; false when
  /// nothing was. After an error nobody knows what of it the disk holds, and to ask again does not
  /// tell: the system reports a failure once.
  [[nodiscard]] base::Expected<bool> sync();

 private:
  [[nodiscard]] bool is_current(const FoundPackage& package, const std::string& text,
                                const base::Md5Digest& digest) const;
  /// `package` gets the status of the file that was written.
  [[nodiscard]] base::Expected<void> write_md5sums(FoundPackage& package, const std::string& text,
                                                   const base::Md5Digest& digest) const;
  [[nodiscard]] base::Expected<void> make_durable(const FoundPackage& package) const;

  const os::Root& m_root;
  std::shared_ptr<const std::string> m_src;
  Durability m_durability;
  store::HashCache* m_cache = nullptr;
  std::function<void(const base::Error&)> m_on_write_failure;
  mutable std::atomic<bool> m_is_unsynced{false};
};

}  // namespace pulse2::catalog
