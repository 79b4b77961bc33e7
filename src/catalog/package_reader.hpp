#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "catalog/fingerprint.hpp"
#include "catalog/reporter.hpp"
#include "catalog/snapshot.hpp"
#include "os/beneath.hpp"
#include "os/file.hpp"
#include "os/walk.hpp"
#include "package/package.hpp"

/// Reads a package's folder as it is on the disk (contract 04).
namespace pulse2::catalog {

inline constexpr std::string_view k_md5sums = "MD5SUMS";
inline constexpr std::string_view k_conf_xml = "conf.xml";
inline constexpr std::string_view k_conf_json = "conf.json";
/// Where changes are prepared below a src: never scanned.
inline constexpr std::string_view k_staging_folder = ".pulse2-staging";

/// A file of a package before it is known to be served.
struct FoundFile {
  std::string name;  ///< relative to the package's folder
  os::FileStatus status;
  std::optional<base::Md5Digest> md5;  ///< nothing until it is known
};

/// A folder with a valid description.
struct FoundPackage {
  std::string folder;  ///< relative to src
  package::Package description;
  std::vector<FoundFile> files;           ///< byte order; without description and MD5SUMS
  std::optional<os::FileStatus> md5sums;  ///< of the MD5SUMS in the folder
  Fingerprint descriptions;               ///< of its own conf.xml and conf.json
  bool has_leftovers = false;             ///< of writes that never ended, in the folder itself
  std::int64_t newest_ns = 0;  ///< last modification of a file or folder in it, itself included
};

/// All files of the folder, as they were when they were listed.
[[nodiscard]] Fingerprint fingerprint_of(const FoundPackage& package);

/// Why a folder is no usable package.
struct Defect {
  std::string file;  ///< relative to src
  std::string reason;
  Fingerprint fingerprint = {};  ///< of the whole folder, where it could be listed
};

/// True when one of the names is a package's description.
[[nodiscard]] bool holds_description(const std::vector<os::FolderItem>& items);

/// What becomes of a package in `folder` whose id the package in `first` has.
[[nodiscard]] BrokenPackage duplicate(const std::string& src, const std::string& folder,
                                      const std::string& id, const Fingerprint& fingerprint,
                                      const std::string& first);

/// Told of each folder (relative to the tree, and open) before it is listed; may be empty.
using OnFolder = std::function<void(const std::string& folder, int fd)>;

/// Lists the files of `folder`, without reading any. `fd` is the open folder and `items` is what it
/// holds. Links out of the root, broken links and special files are reported and left out.
/// `on_folder` is told of the folders below it.
[[nodiscard]] tl::expected<FoundPackage, Defect> list_package(
    const os::Root& root, const std::string& folder, int fd,
    const std::vector<os::FolderItem>& items, Reporter& reporter, const OnFolder& on_folder = {});

/// The same with the description, which is read after the files were listed.
[[nodiscard]] tl::expected<FoundPackage, Defect> read_package(
    const os::Root& root, const std::string& folder, int fd,
    const std::vector<os::FolderItem>& items, Reporter& reporter);
/// The same of a folder that is not open.
[[nodiscard]] tl::expected<FoundPackage, Defect> read_package(const os::Root& root,
                                                              const std::string& folder,
                                                              Reporter& reporter);

/// What a link leads to. Nothing, after a report, when that is out of the root or missing.
[[nodiscard]] std::optional<os::FileStatus> resolve_link(const os::Root& root,
                                                         const std::string& path,
                                                         Reporter& reporter);

/// The text of a package's MD5SUMS, if it can be read.
[[nodiscard]] std::optional<std::string> read_md5sums(const os::Root& root,
                                                      const std::string& folder);

/// What is said of a file that did not stay as it was listed: `conflict`.
[[nodiscard]] base::Error changed_while_read(const std::string& path);
/// A file below the root, opened for reading. Error `conflict` when it is not what `status` says.
[[nodiscard]] base::Expected<os::UniqueFd> open_unchanged(const os::Root& root,
                                                          const std::string& path,
                                                          const os::FileStatus& status);

/// MD5 of a file below the root. `on_bytes` is told the bytes of each part read; the computation
/// ends with `cancelled` when it returns false. Error `conflict` when the file is not, or does not
/// stay, what `status` says.
[[nodiscard]] base::Expected<base::Md5Digest> hash_file(
    const os::Root& root, const std::string& path, const os::FileStatus& status,
    const std::function<bool(std::size_t)>& on_bytes);

}  // namespace pulse2::catalog
