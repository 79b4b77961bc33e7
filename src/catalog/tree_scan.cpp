#include "catalog/tree_scan.hpp"

#include <fcntl.h>

#include <algorithm>
#include <unordered_map>

#include "base/text.hpp"
#include "catalog/settled.hpp"

namespace pulse2::catalog {

using base::ErrorKind;

namespace {

std::string below(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

bool is_change(const base::Error& error) {
  return error.kind == ErrorKind::conflict || error.kind == ErrorKind::not_found;
}

}  // namespace

void EventQueue::push(ScanEvent event) {
  const std::lock_guard lock(m_mutex);
  m_events.push_back(std::move(event));
}

std::vector<ScanEvent> EventQueue::drain() {
  const std::lock_guard lock(m_mutex);
  return std::exchange(m_events, {});
}

/// A package on its way to be an entry, or one that is served and to be verified.
struct TreeScan::Job final : HashedFiles {
  Job(TreeScan& owner, FoundPackage found, std::uint64_t number, std::size_t files, bool is_served)
      : scan(owner),
        package(std::move(found)),
        generation(number),
        left(files),
        is_believed(is_served),
        began_ns(now_ns()) {}

  [[nodiscard]] std::string path(std::size_t file) const override {
    return package.folder + "/" + package.files[file].name;
  }
  [[nodiscard]] const os::FileStatus& status(std::size_t file) const override {
    return package.files[file].status;
  }
  void take(std::size_t file, base::Expected<base::Md5Digest> digest) override {
    scan.take_hash(*this, file, std::move(digest));
  }

  TreeScan& scan;
  FoundPackage package;
  std::uint64_t generation;
  std::atomic<std::size_t> left;  ///< files that are not hashed yet
  bool is_believed;               ///< served already: the hashes are compared
  std::int64_t began_ns;          ///< before the first file was read
  std::atomic<bool> failed{false};
  std::optional<base::Error> failure;  ///< set by who set `failed`, read when nothing is left
};

/// The folders on the way to one, to notice links that lead in circles.
struct TreeScan::Ancestor {
  std::uint64_t device;
  std::uint64_t inode;
  std::shared_ptr<const Ancestor> parent;
};

TreeScan::TreeScan(os::Root root, std::size_t number, ScanContext context)
    : m_root(std::move(root)),
      m_number(number),
      m_context(context),
      m_builder(m_root, std::make_shared<const std::string>(m_root.path()), Durability::at_sync,
                [this](const base::Error& error) { report_write_failure(error); }),
      m_hasher(m_root, context.tasks, context.meter, os::ThreadPool::Priority::normal),
      m_verifier(m_root, context.tasks, context.meter, os::ThreadPool::Priority::low) {}

void TreeScan::look() {
  m_context.tasks.post([this] { look_into("", nullptr); });
}

void TreeScan::look_into(const std::string& folder, std::shared_ptr<const Ancestor> parent) {
  auto fd = m_root.open_beneath(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) return report_unreadable(folder, fd.error());
  auto items = os::list_opened_folder(fd->get());
  if (!items) return report_unreadable(folder, items.error());
  if (!folder.empty() && holds_description(*items)) return read_found(folder, fd->get(), *items);
  auto status = os::status_of(fd->get(), folder);
  if (!status) return report_unreadable(folder, status.error());
  const auto self =
      std::make_shared<const Ancestor>(Ancestor{status->device, status->inode, std::move(parent)});
  look_at_items(folder, *items, self);
}

void TreeScan::look_at_items(const std::string& folder, const std::vector<os::FolderItem>& items,
                             const std::shared_ptr<const Ancestor>& self) {
  for (const auto& item : items) {
    if (folder.empty() && item.name == k_staging_folder) continue;
    const std::string path = below(folder, item.name);
    if (item.kind == os::FolderItem::Kind::folder) {
      m_context.tasks.post([this, path, self] { look_into(path, self); });
    } else if (item.kind == os::FolderItem::Kind::link) {
      look_at_link(path, self);
    }
  }
}

void TreeScan::look_at_link(const std::string& path, const std::shared_ptr<const Ancestor>& self) {
  const auto target = resolve_link(m_root, path, m_context.reporter);
  if (!target || !target->is_folder()) return;
  for (const Ancestor* folder = self.get(); folder != nullptr; folder = folder->parent.get()) {
    if (folder->device == target->device && folder->inode == target->inode) {
      m_context.reporter.report(Severity::warning, "catalog.link_refused",
                                m_root.path() + "/" + base::printable(path) +
                                    ": leads to a folder that holds it, not followed");
      return;
    }
  }
  m_context.tasks.post([this, path, self] { look_into(path, self); });
}

void TreeScan::read_found(const std::string& folder, int fd,
                          const std::vector<os::FolderItem>& items) {
  auto package = read_package(m_root, folder, fd, items, m_context.reporter);
  if (!package) {
    return report_broken(folder, package.error(), Severity::warning, "catalog.package_broken");
  }
  m_context.meter.add_found();
  const std::lock_guard lock(m_mutex);
  m_found.push_back(std::move(*package));
}

void TreeScan::report_unreadable(const std::string& folder, const base::Error& error) {
  m_complete = false;
  m_context.reporter.report(Severity::warning, "catalog.folder_unreadable",
                            m_root.path() + "/" + base::printable(folder) + ": " +
                                error.for_operator() + "; packages in it are not served");
}

std::vector<FoundPackage> TreeScan::take_unique() {
  auto found = std::exchange(m_found, {});
  std::sort(found.begin(), found.end(),
            [](const FoundPackage& a, const FoundPackage& b) { return a.folder < b.folder; });
  std::unordered_map<std::string_view, const FoundPackage*> first;
  std::vector<bool> is_first(found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto& package = found[i];
    const auto [known, inserted] = first.emplace(package.description.id, &package);
    is_first[i] = inserted;
    if (!inserted) report_duplicate(package, *known->second);
  }
  std::vector<FoundPackage> unique;
  unique.reserve(first.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (is_first[i]) unique.push_back(std::move(found[i]));
  }
  return unique;
}

void TreeScan::hash(store::HashCache* cache) {
  m_cache = cache;
  m_builder.use_cache(cache);
  for (auto& package : take_unique()) {
    // std::function wants what can be copied.
    auto shared = std::make_shared<FoundPackage>(std::move(package));
    m_context.tasks.post([this, shared] { prepare(std::move(*shared), 1); });
  }
}

void TreeScan::prepare(FoundPackage package, std::uint64_t generation) {
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < package.files.size(); ++i) {
    auto& file = package.files[i];
    if (m_cache) file.md5 = m_cache->find(path_of(package, file.name), file.status);
    if (!file.md5) unknown.push_back(i);
  }
  if (unknown.empty()) return emit(package, generation);
  for (const auto i : unknown)
    m_context.meter.expect(package.files[i].status.size);
  const bool is_believed = believe_md5sums(m_root, package).has_value();
  if (is_believed) emit(package, generation);
  auto job =
      std::make_shared<Job>(*this, std::move(package), generation, unknown.size(), is_believed);
  if (!is_believed) return hash_files(m_hasher, job, unknown);
  const std::lock_guard lock(m_mutex);
  m_believed.emplace_back(std::move(job), std::move(unknown));
}

void TreeScan::hash_files(FileHasher& hasher, const JobPointer& job,
                          const std::vector<std::size_t>& files) {
  for (const auto file : files)
    hasher.add(job, file);
}

void TreeScan::verify() {
  for (const auto& [job, files] : std::exchange(m_believed, {}))
    hash_files(m_verifier, job, files);
}

void TreeScan::take_hash(Job& job, std::size_t number, base::Expected<base::Md5Digest> digest) {
  auto& file = job.package.files[number];
  if (digest && job.is_believed && *digest != *file.md5) {
    digest = base::fail(ErrorKind::malformed, "differs from what MD5SUMS says");
  }
  if (digest) {
    // Of a believed file only a hash that holds is remembered: the next start looks again.
    if (m_cache && is_settled(file.status, job.began_ns)) {
      m_cache->remember(path_of(job.package, file.name), file.status, *digest);
    }
    file.md5 = *digest;
  } else if (!job.failed.exchange(true)) {
    job.failure = std::move(digest).error();
    if (job.is_believed) withdraw(job, number);
  }
  if (--job.left > 0) return;
  if (!job.failure) {
    if (!job.is_believed) emit(job.package, job.generation);
  } else if (is_change(*job.failure)) {
    settle_later(job);
  } else if (!job.is_believed) {
    const auto& package = job.package;
    report_broken(package.folder,
                  {package.folder, job.failure->for_operator(), fingerprint_of(package)},
                  Severity::warning, "catalog.package_broken");
  }
}

void TreeScan::withdraw(const Job& job, std::size_t file) {
  const std::string& folder = job.package.folder;
  if (is_change(*job.failure)) {
    m_context.events.push({m_number, folder, nullptr, std::nullopt});
    return;
  }
  report_broken(folder, {job.path(file), job.failure->for_operator(), fingerprint_of(job.package)},
                Severity::error, "catalog.verification_failed");
}

void TreeScan::settle_later(const Job& job) {
  const std::lock_guard lock(m_mutex);
  m_unsettled.emplace_back(job.package.folder, job.generation);
}

void TreeScan::retry() {
  for (auto& [folder, generation] : std::exchange(m_unsettled, {})) {
    m_context.tasks.post([this, folder = folder, next = generation + 1] {
      auto package = read_package(m_root, folder, m_context.reporter);
      if (package) return prepare(std::move(*package), next);
      report_broken(folder, package.error(), Severity::warning, "catalog.package_broken");
    });
  }
}

void TreeScan::give_up_unsettled() {
  for (const auto& [folder, generation] : std::exchange(m_unsettled, {})) {
    report_broken(folder, {folder, "keeps changing while it is read"}, Severity::warning,
                  "catalog.package_broken");
  }
}

bool TreeScan::sync(std::vector<ScanEvent>& events) {
  const auto done = m_builder.sync();
  if (!done) report_write_failure(done.error());
  // From then on: the failure may be that of a file whose event comes later.
  m_sync_failed = m_sync_failed || !done;
  if (!m_sync_failed) return *done;
  for (auto& event : events) {
    if (event.tree != m_number || !event.unsynced) continue;
    auto entry = std::make_shared<Entry>(*event.entry);
    entry->md5sums_in_memory = event.unsynced;
    event.entry = std::move(entry);
  }
  return done.value_or(true);
}

void TreeScan::emit(FoundPackage& package, std::uint64_t generation) {
  auto built = m_builder.build(package, generation);
  m_context.events.push(
      {m_number, package.folder, std::move(built.entry), std::nullopt, std::move(built.unsynced)});
}

void TreeScan::report_broken(const std::string& folder, const Defect& defect, Severity severity,
                             std::string_view id) {
  m_context.meter.add_broken();
  BrokenPackage broken{m_root.path(), m_root.path() + "/" + base::printable(defect.file, 4096),
                       defect.reason, folder, defect.fingerprint};
  m_context.reporter.report(severity, id,
                            broken.file + ": " + broken.reason + "; the package is not served");
  m_context.events.push({m_number, folder, nullptr, std::move(broken)});
}

void TreeScan::report_duplicate(const FoundPackage& package, const FoundPackage& first) {
  auto broken = duplicate(m_root.path(), package.folder, package.description.id,
                          fingerprint_of(package), first.folder);
  m_context.reporter.report(Severity::warning, "catalog.duplicate_id",
                            broken.file + ": not served, " + broken.reason);
  m_context.events.push({m_number, package.folder, nullptr, std::move(broken)});
}

void TreeScan::report_write_failure(const base::Error& error) {
  // Once for each src: a read-only tree would say it for every package.
  if (m_write_failed.exchange(true)) return;
  m_context.reporter.report(Severity::warning, "catalog.md5sums_in_memory",
                            m_root.path() + ": MD5SUMS can't be stored (" + error.for_operator() +
                                "), they are served from memory");
}

std::string TreeScan::path_of(const FoundPackage& package, const std::string& name) const {
  return m_root.path() + "/" + package.folder + "/" + name;
}

}  // namespace pulse2::catalog
