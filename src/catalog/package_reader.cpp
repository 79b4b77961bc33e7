#include "catalog/package_reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.hpp"
#include "os/tree.hpp"
#include "package/conf_json.hpp"
#include "package/conf_xml.hpp"

namespace pulse2::catalog {

using base::ErrorKind;
using base::Expected;

namespace {

/// A description larger than this is no description.
constexpr std::uint64_t k_most_description = 16ULL << 20U;
constexpr std::uint64_t k_most_md5sums = 256ULL << 20U;
constexpr std::size_t k_read_size = 512UL * 1024;

std::string joined(const std::string& folder, std::string_view name) {
  return folder.empty() ? std::string(name) : folder + "/" + std::string(name);
}

Expected<std::string> read_regular_file(const os::Root& root, const std::string& path) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  auto fd = root.open_beneath(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return tl::unexpected(std::move(fd).error());
  auto status = os::status_of(fd->get(), path);
  if (!status) return tl::unexpected(std::move(status).error());
  if (!status->is_regular()) return base::fail(ErrorKind::malformed, "not a regular file");
  return os::read_file(fd->get(), k_most_description, path);
}

bool is_description(std::string_view name) {
  return name == k_conf_xml || name == k_conf_json;
}

/// Collects the files of one package.
class FileCollector {
 public:
  FileCollector(const os::Root& root, FoundPackage& package, Reporter& reporter,
                const OnFolder& on_folder)
      : m_root(root), m_package(package), m_reporter(reporter), m_on_folder(on_folder) {}

  tl::expected<void, Defect> collect(int fd, const std::vector<os::FolderItem>& items) {
    auto done = visit_items(fd, "", items);
    std::sort(m_package.files.begin(), m_package.files.end(),
              [](const FoundFile& a, const FoundFile& b) { return a.name < b.name; });
    return done;
  }

 private:
  using Result = tl::expected<void, Defect>;

  [[nodiscard]] Result defect(const std::string& name, std::string reason) const {
    return tl::unexpected(Defect{joined(m_package.folder, name), std::move(reason)});
  }

  /// `name` is relative to the package's folder.
  Result visit_folder(const Expected<os::UniqueFd>& fd, const std::string& name) {
    if (!fd) return defect(name, fd.error().for_operator());
    if (m_on_folder) m_on_folder(joined(m_package.folder, name), fd->get());
    auto items = os::list_opened_folder(fd->get());
    if (!items) return defect(name, items.error().for_operator());
    return visit_items(fd->get(), name, *items);
  }

  /// `below` is the open folder's name, "" for the package's own.
  Result visit_items(int fd, const std::string& below, const std::vector<os::FolderItem>& items) {
    auto status = os::status_of(fd, below);
    if (!status) return defect(below, status.error().for_operator());
    m_package.newest_ns = std::max(m_package.newest_ns, status->mtime_ns);
    m_ancestors.emplace_back(status->device, status->inode);
    for (const auto& item : items) {
      if (auto done = visit_item(fd, below, item); !done) return done;
    }
    m_ancestors.pop_back();
    return {};
  }

  Result visit_item(int folder, const std::string& below, const os::FolderItem& item) {
    if (item.name.starts_with(os::k_temporary_prefix)) {
      m_package.has_leftovers = m_package.has_leftovers || below.empty();
      return {};
    }
    const std::string name = joined(below, item.name);
    if (!base::is_utf8(item.name)) return defect(below, not_utf8(item.name));
    switch (item.kind) {
      case os::FolderItem::Kind::folder:
        return visit_folder(os::open_folder_at(folder, item.name), name);
      case os::FolderItem::Kind::link:
        return visit_link(name);
      case os::FolderItem::Kind::file:
        return visit_file(folder, name, item.name);
      case os::FolderItem::Kind::other:
        break;
    }
    m_reporter.report(Severity::warning, "catalog.special_file",
                      m_root.path() + "/" + base::printable(joined(m_package.folder, name)) +
                          ": neither file nor folder, not served");
    return {};
  }

  static std::string not_utf8(const std::string& name) {
    return "a file name that is not UTF-8: " + base::printable(name);
  }

  Result visit_file(int folder, const std::string& name, const std::string& last) {
    const auto status = os::link_status_of(folder, last);
    if (!status) return defect(name, status.error().for_operator());
    add(name, *status);
    return {};
  }

  Result visit_link(const std::string& name) {
    const std::string path = joined(m_package.folder, name);
    const auto target = resolve_link(m_root, path, m_reporter);
    if (!target) return {};
    if (target->is_regular()) {
      add(name, *target);
      return {};
    }
    if (!target->is_folder()) return {};
    if (leads_up(*target)) {
      m_reporter.report(Severity::warning, "catalog.link_refused",
                        m_root.path() + "/" + base::printable(path) +
                            ": leads to a folder that holds it, not followed");
      return {};
    }
    return visit_folder(m_root.open_beneath(path, O_RDONLY | O_DIRECTORY), name);
  }

  /// True for a folder on the way to where the collector is.
  [[nodiscard]] bool leads_up(const os::FileStatus& target) {
    if (!m_has_outer_ancestors) add_outer_ancestors();
    const std::pair identity(target.device, target.inode);
    return std::find(m_ancestors.begin(), m_ancestors.end(), identity) != m_ancestors.end();
  }

  /// The folders above the package, src included: looked up only for packages with links.
  void add_outer_ancestors() {
    m_has_outer_ancestors = true;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> outer;
    std::string path = m_package.folder;
    while (!path.empty()) {
      const auto slash = path.rfind('/');
      path.resize(slash == std::string::npos ? 0 : slash);
      const auto fd = m_root.open_beneath(path, O_PATH);
      const auto status = fd ? os::status_of(fd->get(), path)
                             : Expected<os::FileStatus>(tl::unexpected(fd.error()));
      if (status) outer.emplace_back(status->device, status->inode);
    }
    m_ancestors.insert(m_ancestors.begin(), outer.begin(), outer.end());
  }

  void add(const std::string& name, const os::FileStatus& status) {
    m_package.newest_ns = std::max(m_package.newest_ns, status.mtime_ns);
    if (is_description(name)) {
      m_package.descriptions.add(name, status);
    } else if (name == k_md5sums) {
      m_package.md5sums = status;
    } else {
      m_package.files.push_back({name, status, std::nullopt});
    }
  }

  const os::Root& m_root;
  FoundPackage& m_package;
  Reporter& m_reporter;
  const OnFolder& m_on_folder;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> m_ancestors;  ///< device and inode
  bool m_has_outer_ancestors = false;
};

tl::expected<package::Package, Defect> read_description(const os::Root& root,
                                                        const std::string& folder,
                                                        const std::vector<os::FolderItem>& items) {
  const bool is_json = std::any_of(items.begin(), items.end(), [](const os::FolderItem& item) {
    return item.name == k_conf_json;
  });
  const std::string path = folder + "/" + std::string(is_json ? k_conf_json : k_conf_xml);
  const auto bytes = read_regular_file(root, path);
  if (!bytes) return tl::unexpected(Defect{path, bytes.error().for_operator()});
  auto parsed = is_json ? package::parse_conf_json(*bytes) : package::parse_conf_xml(*bytes);
  if (!parsed) return tl::unexpected(Defect{path, parsed.error().for_operator()});
  return std::move(*parsed);
}

}  // namespace

bool holds_description(const std::vector<os::FolderItem>& items) {
  return std::any_of(items.begin(), items.end(), [](const os::FolderItem& item) {
    return is_description(item.name) &&
           (item.kind == os::FolderItem::Kind::file || item.kind == os::FolderItem::Kind::link);
  });
}

Fingerprint fingerprint_of(const FoundPackage& package) {
  Fingerprint fingerprint = package.descriptions;
  for (const auto& file : package.files)
    fingerprint.add(file.name, file.status);
  if (package.md5sums) fingerprint.add(k_md5sums, *package.md5sums);
  return fingerprint;
}

BrokenPackage duplicate(const std::string& src, const std::string& folder, const std::string& id,
                        const Fingerprint& fingerprint, const std::string& first) {
  return {
      src,    src + "/" + folder, first + " has the same package id '" + base::printable(id) + "'",
      folder, fingerprint,        id};
}

tl::expected<FoundPackage, Defect> list_package(const os::Root& root, const std::string& folder,
                                                int fd, const std::vector<os::FolderItem>& items,
                                                Reporter& reporter, const OnFolder& on_folder) {
  if (!base::is_utf8(folder)) {
    return tl::unexpected(Defect{folder, "a folder name that is not UTF-8"});
  }
  FoundPackage package;
  package.folder = folder;
  FileCollector collector(root, package, reporter, on_folder);
  if (auto done = collector.collect(fd, items); !done) {
    return tl::unexpected(std::move(done).error());
  }
  return package;
}

tl::expected<FoundPackage, Defect> read_package(const os::Root& root, const std::string& folder,
                                                Reporter& reporter) {
  const auto unreadable = [&](const base::Error& error) {
    return tl::unexpected(Defect{folder, error.for_operator()});
  };
  const auto fd = root.open_beneath(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) return unreadable(fd.error());
  const auto items = os::list_opened_folder(fd->get());
  if (!items) return unreadable(items.error());
  return read_package(root, folder, fd->get(), *items, reporter);
}

tl::expected<FoundPackage, Defect> read_package(const os::Root& root, const std::string& folder,
                                                int fd, const std::vector<os::FolderItem>& items,
                                                Reporter& reporter) {
  auto package = list_package(root, folder, fd, items, reporter);
  if (!package) return package;
  auto description = read_description(root, folder, items);
  if (!description) {
    description.error().fingerprint = fingerprint_of(*package);
    return tl::unexpected(std::move(description).error());
  }
  package->description = std::move(*description);
  // What only editing needs would stay in memory for nothing.
  package->description.extras = {};
  return package;
}

std::optional<os::FileStatus> resolve_link(const os::Root& root, const std::string& path,
                                           Reporter& reporter) {
  auto target = root.open_beneath(path, O_PATH);
  auto status = target ? os::status_of(target->get(), path)
                       : Expected<os::FileStatus>(tl::unexpected(target.error()));
  if (status) return *status;
  reporter.report(Severity::warning, "catalog.link_refused",
                  root.path() + "/" + base::printable(path) +
                      ": link not followed: " + status.error().for_operator());
  return std::nullopt;
}

std::optional<std::string> read_md5sums(const os::Root& root, const std::string& folder) {
  const std::string path = folder + "/" + std::string(k_md5sums);
  const auto fd = root.open_beneath(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return std::nullopt;
  auto text = os::read_file(fd->get(), k_most_md5sums, path);
  if (!text) return std::nullopt;
  return std::move(*text);
}

base::Error changed_while_read(const std::string& path) {
  return {ErrorKind::conflict, base::printable(path) + ": changed while it was read", {}};
}

Expected<os::UniqueFd> open_unchanged(const os::Root& root, const std::string& path,
                                      const os::FileStatus& status) {
  // O_NONBLOCK: opening a FIFO must not wait for a writer.
  auto fd = root.open_beneath(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return fd;
  const auto present = os::status_of(fd->get(), path);
  if (!present || *present != status) return tl::unexpected(changed_while_read(path));
  return fd;
}

Expected<base::Md5Digest> hash_file(const os::Root& root, const std::string& path,
                                    const os::FileStatus& status,
                                    const std::function<bool(std::size_t)>& on_bytes) {
  thread_local std::vector<char> buffer(k_read_size);
  auto fd = open_unchanged(root, path, status);
  if (!fd) return tl::unexpected(std::move(fd).error());
  base::Md5 md5;
  for (std::uint64_t done = 0; done < status.size;) {
    const auto want =
        static_cast<std::size_t>(std::min<std::uint64_t>(k_read_size, status.size - done));
    auto got = os::read_at(fd->get(), buffer.data(), want, done);
    if (!got) return tl::unexpected(std::move(got).error());
    if (*got != want) return tl::unexpected(changed_while_read(path));
    md5.update({buffer.data(), *got});
    done += *got;
    if (!on_bytes(*got)) return base::fail(ErrorKind::cancelled, "the server stops");
  }
  auto after = os::status_of(fd->get(), path);
  if (!after || *after != status) return tl::unexpected(changed_while_read(path));
  return md5.finish();
}

}  // namespace pulse2::catalog
