#include "catalog/tree_scan.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>

#include "base/text.hpp"

namespace pulse2::catalog {

using base::ErrorKind;

namespace {

/// Files are hashed in tasks of about this many bytes: few enough tasks, yet big packages are
/// spread over the threads.
constexpr std::uint64_t k_bytes_per_task = 16ULL << 20U;

/// File times advance in steps of up to 10 ms: a file changed that recently could change again
/// without a trace, so its hash is not remembered.
constexpr std::int64_t k_time_step_ns = 10'000'000;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

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

/// A package on its way to be an entry.
struct TreeScan::Job {
  FoundPackage package;
  std::uint64_t generation = 1;
  std::vector<std::size_t> pending;   ///< files to be hashed, or believed and to be verified
  std::atomic<std::size_t> parts{0};  ///< tasks that have not ended
  std::mutex mutex;                   ///< guards failure while tasks run
  std::optional<base::Error> failure;
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
      m_builder(m_root, std::make_shared<const std::string>(m_root.path()), context.cache,
                [this](const base::Error& error) { report_write_failure(error); }) {}

void TreeScan::look() {
  m_context.tasks.post([this] { look_into("", nullptr); });
}

void TreeScan::look_into(const std::string& folder, std::shared_ptr<const Ancestor> parent) {
  auto fd = m_root.open_beneath(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) return report_unreadable(folder, fd.error());
  auto items = os::list_folder(fd->get());
  if (!items) return report_unreadable(folder, items.error());
  if (!folder.empty() && holds_description(*items)) return read_found(folder);
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

void TreeScan::read_found(const std::string& folder) {
  auto package = read_package(m_root, folder, m_context.reporter);
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

void TreeScan::hash() {
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
    if (m_context.cache) file.md5 = m_context.cache->find(path_of(package, file.name), file.status);
    if (!file.md5) unknown.push_back(i);
  }
  if (unknown.empty()) return emit(package, generation);
  for (const auto i : unknown)
    m_context.meter.expect(package.files[i].status.size);
  auto job = std::make_shared<Job>();
  job->generation = generation;
  const bool is_believed = believe_md5sums(m_root, package).has_value();
  if (is_believed) emit(package, generation);
  job->package = std::move(package);
  job->pending = std::move(unknown);
  if (!is_believed) return post_hashing(job);
  const std::lock_guard lock(m_mutex);
  m_believed.push_back(std::move(job));
}

void TreeScan::post_hashing(const JobPointer& job) {
  // One part more than there are tasks yet: none of them can be the last while others are posted.
  job->parts = 1;
  std::size_t begin = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < job->pending.size(); ++i) {
    bytes += job->package.files[job->pending[i]].status.size;
    if (bytes < k_bytes_per_task && i + 1 < job->pending.size()) continue;
    ++job->parts;
    m_context.tasks.post([this, job, begin, end = i + 1] {
      hash_files(*job, begin, end);
      end_part(job);
    });
    begin = i + 1;
    bytes = 0;
  }
  end_part(job);
}

void TreeScan::hash_files(Job& job, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    auto& file = job.package.files[job.pending[i]];
    auto digest = hash_one(job.package, file);
    if (digest) {
      file.md5 = *digest;
      continue;
    }
    const std::lock_guard lock(job.mutex);
    if (!job.failure) job.failure = std::move(digest).error();
    return;
  }
}

base::Expected<base::Md5Digest> TreeScan::hash_one(const FoundPackage& package,
                                                   const FoundFile& file) {
  const bool is_settled = now_ns() - file.status.ctime_ns > k_time_step_ns;
  const auto on_bytes = [this](std::size_t bytes) {
    m_context.meter.add_bytes(bytes);
    return !m_context.tasks.is_cancelled();
  };
  auto digest = hash_file(m_root, package.folder + "/" + file.name, file.status, on_bytes);
  if (!digest) return digest;
  m_context.meter.add_file();
  // Of a believed file only a hash that holds is remembered: the next start looks again.
  const bool holds = !file.md5 || *file.md5 == *digest;
  if (m_context.cache && is_settled && holds) {
    m_context.cache->remember(path_of(package, file.name), file.status, *digest);
  }
  return digest;
}

void TreeScan::end_part(const JobPointer& job) {
  if (--job->parts > 0) return;
  if (!job->failure) return emit(job->package, job->generation);
  if (job->failure->kind == ErrorKind::cancelled) return;
  if (is_change(*job->failure)) return settle_later(*job);
  const auto& package = job->package;
  report_broken(package.folder,
                {package.folder, job->failure->for_operator(), fingerprint_of(package)},
                Severity::warning, "catalog.package_broken");
}

void TreeScan::verify() {
  for (auto& job : std::exchange(m_believed, {})) {
    m_context.tasks.post([this, job] { verify_files(*job); }, os::ThreadPool::Priority::low);
  }
}

void TreeScan::verify_files(Job& job) {
  for (const auto i : job.pending) {
    const auto& file = job.package.files[i];
    const auto digest = hash_one(job.package, file);
    const std::string& folder = job.package.folder;
    if (digest && *digest == *file.md5) continue;
    const auto fail = [&](std::string reason) {
      report_broken(folder,
                    {folder + "/" + file.name, std::move(reason), fingerprint_of(job.package)},
                    Severity::error, "catalog.verification_failed");
    };
    if (digest) return fail("differs from what MD5SUMS says");
    if (digest.error().kind == ErrorKind::cancelled) return;
    if (!is_change(digest.error())) return fail(digest.error().for_operator());
    m_context.events.push({m_number, folder, nullptr, std::nullopt});
    return settle_later(job);
  }
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

void TreeScan::emit(FoundPackage& package, std::uint64_t generation) {
  m_context.events.push(
      {m_number, package.folder, m_builder.build(package, generation), std::nullopt});
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
  auto broken = duplicate(m_root.path(), package, first.folder);
  m_context.reporter.report(Severity::warning, "catalog.duplicate_id",
                            broken.file + ": not served, " + broken.reason);
  m_context.events.push({m_number, package.folder, nullptr, std::move(broken)});
}

void TreeScan::report_write_failure(const base::Error& error) {
  // Once for each src: a read-only tree would say it for every package.
  if (m_write_failed.exchange(true)) return;
  m_context.reporter.report(Severity::warning, "catalog.md5sums_in_memory",
                            m_root.path() + ": MD5SUMS can't be written (" + error.for_operator() +
                                "), they are served from memory");
}

std::string TreeScan::path_of(const FoundPackage& package, const std::string& name) const {
  return m_root.path() + "/" + package.folder + "/" + name;
}

}  // namespace pulse2::catalog
