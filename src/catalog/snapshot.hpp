#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "catalog/fingerprint.hpp"
#include "catalog/fragment.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::catalog {

/// A file of a package.
struct FileRecord {
  std::string name;        ///< relative to the package's folder, with forward slashes
  base::Md5Digest id{};    ///< the file id (fid), binary
  std::uint64_t size = 0;  ///< bytes
};

/// One package as it is served. Immutable once it is in a snapshot.
struct Entry {
  std::shared_ptr<const std::string> src;  ///< the tree's folder as configured, no slash at its end
  std::string folder;                      ///< relative to src, e.g. "apps/test"
  std::string id;
  std::string label;
  std::string version;
  std::vector<FileRecord> files;  ///< byte order of their names, MD5SUMS last
  std::uint64_t size = 0;         ///< bytes of all files, MD5SUMS included
  std::uint64_t generation = 0;   ///< counts the changes of this package while the server runs
  bool waits_for_files = false;   ///< put with need_assign, until associatePackages
  bool newly_associated = false;
  bool in_edition = false;
  /// The state of the folder on the disk that the entry stands for; unknown where something was
  /// changed while the entry was made.
  Fingerprint fingerprint;
  Fingerprint descriptions;  ///< the part of it that its own conf.xml and conf.json make

  /// The package's record as it is sent.
  std::shared_ptr<const Fragment> fragment;
  /// The content of MD5SUMS where it can't be written to the disk, else null.
  std::shared_ptr<const std::string> md5sums_in_memory;

  /// Absolute folder of the package.
  [[nodiscard]] std::string basepath() const;
  /// The record, read back from the fragment: kept once, in the form that is sent most.
  [[nodiscard]] xmlrpc::Struct record() const;
};

/// Where a file id leads: "<path>/<name>" is the file below its src.
struct FileLocation {
  std::shared_ptr<const Entry> package;
  std::string path;  ///< "/" + the file's folder relative to src
  std::string name;
};

/// A folder that holds no usable package, and why.
struct BrokenPackage {
  std::string src;
  std::string file;    ///< absolute path of the conf.xml, conf.json or file at fault, escaped
  std::string reason;  ///< with the line where there is one
  std::string folder;  ///< of the package, relative to src
  Fingerprint fingerprint = {};   ///< of the folder that was judged, where it is known
  std::string duplicate_of = {};  ///< id of a package that another folder holds, else empty
};

/// The packages of every src at one moment. Immutable: read from any thread without locks.
/// `src` arguments are folders as configured; slashes at their end do not count.
class Snapshot {
 public:
  using EntryPointer = std::shared_ptr<const Entry>;

  /// What a snapshot is made of.
  struct Tree {
    std::string src;                     ///< without slashes at the end
    std::vector<EntryPointer> packages;  ///< in byte order of their folders, pids unique
  };
  Snapshot(std::uint64_t generation, std::vector<Tree> trees, std::vector<BrokenPackage> broken);

  /// Packages of a src in byte order of their folders; empty for an unknown src.
  [[nodiscard]] const std::vector<EntryPointer>& packages(std::string_view src) const;
  /// Null when there is none.
  [[nodiscard]] EntryPointer find(std::string_view src, std::string_view pid) const;
  /// As find(), in whatever src comes first.
  [[nodiscard]] EntryPointer find_any(std::string_view pid) const;
  /// `fid`: 32 hexadecimal digits; anything else is not found.
  [[nodiscard]] std::optional<FileLocation> find_file(std::string_view src,
                                                      std::string_view fid) const;
  /// The content of a file that exists only in memory (MD5SUMS of a read-only src), else null.
  /// `path` is relative to src, e.g. "test/MD5SUMS".
  [[nodiscard]] std::shared_ptr<const std::string> find_in_memory(std::string_view src,
                                                                  std::string_view path) const;

  [[nodiscard]] const std::vector<BrokenPackage>& broken() const noexcept { return m_broken; }
  /// Grows with every published snapshot.
  [[nodiscard]] std::uint64_t generation() const noexcept { return m_generation; }
  [[nodiscard]] std::size_t package_count() const noexcept;

 private:
  /// Open addressing over (package, file) pairs: 8 bytes a slot, no copies of keys.
  struct Slot {
    std::uint32_t package = k_free;
    std::uint32_t file = 0;
  };
  static constexpr std::uint32_t k_free = 0xffffffff;
  struct IndexedTree {
    Tree tree;
    std::vector<Slot> by_pid;
    std::vector<Slot> by_fid;
  };

  static IndexedTree index(Tree tree);
  [[nodiscard]] const IndexedTree* tree_of(std::string_view src) const;
  [[nodiscard]] static EntryPointer find_in(const IndexedTree& tree, std::string_view pid);

  std::uint64_t m_generation;
  std::vector<IndexedTree> m_trees;
  std::vector<BrokenPackage> m_broken;
};

}  // namespace pulse2::catalog
