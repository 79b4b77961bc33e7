#include "catalog/package_taker.hpp"

#include <fcntl.h>

#include <utility>

#include "base/text.hpp"
#include "catalog/entry_builder.hpp"
#include "catalog/parallel.hpp"
#include "catalog/served_digests.hpp"
#include "catalog/settled.hpp"
#include "os/file.hpp"
#include "os/walk.hpp"

namespace pulse2::catalog {

using base::ErrorKind;
using base::Expected;

namespace {

std::string shown(const std::string& src, const std::string& folder) {
  return src + "/" + base::printable(folder, 4096);
}

/// Lists the folder anew.
std::optional<FoundPackage> list(const os::Root& root, const std::string& folder,
                                 Reporter& reporter) {
  const auto fd = root.open_beneath(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) return std::nullopt;
  const auto items = os::list_opened_folder(fd->get());
  if (!items || !holds_description(*items)) return std::nullopt;
  auto package = list_package(root, folder, fd->get(), *items, reporter);
  if (!package) return std::nullopt;
  return std::move(*package);
}

enum class Description { there, missing, unknown };

Description look_for_description(const os::Root& root, const std::string& folder) {
  const auto fd = root.open_beneath(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) {
    return fd.error().kind == ErrorKind::not_found ? Description::missing : Description::unknown;
  }
  const auto items = os::list_opened_folder(fd->get());
  if (!items) return Description::unknown;
  return holds_description(*items) ? Description::there : Description::missing;
}

/// Whether the package may be right the next time. A full disk can't make it durable now.
bool may_hold_later(const base::Error& error) {
  return error.kind == ErrorKind::conflict || error.kind == ErrorKind::not_found ||
         error.kind == ErrorKind::no_space || error.kind == ErrorKind::cancelled;
}

}  // namespace

/// A package on its way into the catalogue.
struct PackageTaker::Work {
  FoundPackage package;
  std::vector<std::size_t> unknown;  ///< files that have to be read
  Snapshot::EntryPointer former;     ///< what is served of it, or of the folder it came from
  std::string from;                  ///< that folder, empty: it was not renamed
};

Outcome PackageTaker::take(const os::Root& root, const std::string& folder,
                           const std::string& from) const {
  NoReporter nobody;
  auto found = read_package(root, folder, nobody);
  if (!found) return reject(root, folder, found.error());
  Work work{std::move(*found), {}, nullptr, from};
  work.former = known(root.path(), from.empty() ? folder : from).entry;
  recall(root, work);
  if (auto done = hash(root, work); !done) {
    if (may_hold_later(done.error())) return Outcome::again;
    return reject(root, folder,
                  {folder, done.error().for_operator(), fingerprint_of(work.package)});
  }
  return publish(root, work);
}

void PackageTaker::recall(const os::Root& root, Work& work) const {
  auto& files = work.package.files;
  if (!work.from.empty() && work.former) {
    take_served_digests(*work.former, read_md5sums(root, work.package.folder), work.package);
  }
  const std::string path = root.path() + "/" + work.package.folder + "/";
  for (std::size_t i = 0; i < files.size(); ++i) {
    auto& file = files[i];
    if (!file.md5) file.md5 = m_parts.catalog.recall(path + file.name, file.status);
    if (!file.md5) work.unknown.push_back(i);
  }
}

Expected<void> PackageTaker::hash(const os::Root& root, Work& work) const {
  const auto path_of = [&](const FoundFile& file) { return work.package.folder + "/" + file.name; };
  // First, at little cost: who has a file open has not finished.
  for (const auto i : work.unknown) {
    const std::string path = path_of(work.package.files[i]);
    const auto fd = root.open_beneath(path, O_RDONLY | O_NONBLOCK);
    if (fd && os::is_open_for_writing(fd->get())) {
      return base::fail(ErrorKind::conflict, base::printable(path) + " is being written");
    }
  }
  return for_all(m_parts.pool, work.unknown.size(), [&](std::size_t n) -> Expected<void> {
    auto& file = work.package.files[work.unknown[n]];
    const std::string path = path_of(file);
    const bool may_be_remembered = is_settled(file.status);
    auto digest = hash_file(root, path, file.status, [this](std::size_t) { return !m_cancelled; });
    if (!digest) return tl::unexpected(std::move(digest).error());
    file.md5 = *digest;
    // Durable before it is visible: who copied it needs not have cared.
    const auto fd = root.open_beneath(path, O_RDONLY | O_NONBLOCK);
    if (fd) PULSE2_TRY(os::sync_file(fd->get(), path));
    if (may_be_remembered) {
      m_parts.catalog.remember(root.path() + "/" + path, file.status, *digest);
    }
    return {};
  });
}

Outcome PackageTaker::publish(const os::Root& root, Work& work) const {
  const std::string& src = root.path();
  const std::string& folder = work.package.folder;
  const std::string& id = work.package.description.id;
  const auto lock = m_parts.locks.try_lock(id);
  if (!lock) return Outcome::again;
  const auto present = known(src, folder);
  const bool has_other_id = present.entry && present.entry->id != id;
  const auto former_lock = lock_if(has_other_id, present);
  if (has_other_id && !former_lock) return Outcome::again;
  const auto listed = list(root, folder, m_parts.reporter);
  const Fingerprint fingerprint = fingerprint_of(work.package);
  if (!listed || fingerprint_of(*listed) != fingerprint) return Outcome::again;
  if (present.entry && present.entry->fingerprint == fingerprint) return Outcome::done;
  if (work.from.empty()) work.former = present.entry;
  const auto rival = rival_of(src, work);
  if (rival && rival->folder < folder) return stand_back(src, work, present, *rival);
  return serve(root, work, rival);
}

Snapshot::EntryPointer PackageTaker::rival_of(const std::string& src, const Work& work) const {
  auto holder = m_parts.catalog.holder(src, work.package.description.id);
  const bool is_other =
      holder && holder->folder != work.package.folder && holder->folder != work.from;
  return is_other ? holder : nullptr;
}

void PackageTaker::report_duplicate(const BrokenPackage& broken) const {
  m_parts.reporter.report(Severity::warning, "catalog.duplicate_id",
                          broken.file + ": not served, " + broken.reason);
}

Outcome PackageTaker::stand_back(const std::string& src, const Work& work,
                                 const Catalog::Known& present, const Entry& rival) const {
  const auto& package = work.package;
  auto broken =
      duplicate(src, package.folder, package.description.id, fingerprint_of(package), rival.folder);
  const auto noted = note(src, present);
  if (!noted) return Outcome::again;
  if (!m_parts.catalog.change(src, {{package.folder, present.entry, nullptr, broken}})) {
    return Outcome::again;
  }
  report_duplicate(broken);
  return Outcome::done;
}

Outcome PackageTaker::serve(const os::Root& root, Work& work,
                            const Snapshot::EntryPointer& rival) const {
  const std::string& src = root.path();
  const std::string& id = work.package.description.id;
  const bool is_renamed = !work.from.empty();
  const bool has_other_id = work.former && work.former->id != id;
  std::vector<SyncLedger::Package> changed = {{id, work.package.folder}};
  if (has_other_id) changed.push_back({work.former->id, work.former->folder});
  if (is_renamed) changed.push_back({id, work.from});
  if (rival) changed.push_back({id, rival->folder});
  const auto noted = m_parts.ledger.begin_change(src, changed);
  if (!noted) return Outcome::again;
  const auto on_write_failure = [&](const base::Error& error) {
    if (m_write_failure_reported.exchange(true)) return;
    m_parts.reporter.report(Severity::warning, "catalog.md5sums_in_memory",
                            src + ": MD5SUMS can't be stored (" + error.for_operator() +
                                "), they are served from memory");
  };
  const EntryBuilder builder(root, std::make_shared<const std::string>(src), Durability::at_once,
                             on_write_failure);
  const std::uint64_t generation = work.former ? work.former->generation + 1 : 1;
  const Snapshot::EntryPointer entry = builder.build(work.package, generation).entry;
  std::vector<Catalog::Change> changes = {
      {entry->folder, is_renamed ? nullptr : work.former, entry, std::nullopt}};
  if (is_renamed) changes.push_back({work.from, work.former, nullptr, std::nullopt});
  if (rival) {
    auto broken = duplicate(src, rival->folder, id, rival->fingerprint, entry->folder);
    report_duplicate(broken);
    changes.push_back({rival->folder, rival, nullptr, std::move(broken)});
  }
  if (!m_parts.catalog.change(src, std::move(changes))) return Outcome::again;
  report_taken(src, work, *entry);
  return Outcome::done;
}

void PackageTaker::report_taken(const std::string& src, const Work& work,
                                const Entry& entry) const {
  const std::string what = shown(src, entry.folder) + ": package " + base::printable(entry.id);
  if (!work.from.empty()) {
    m_parts.reporter.report(Severity::info, "detection.package_moved",
                            what + " was " + base::printable(work.from) + " before");
  } else if (work.former) {
    m_parts.reporter.report(Severity::info, "detection.package_changed", what + " has changed");
  } else {
    m_parts.reporter.report(Severity::info, "detection.package_taken", what + " is served");
  }
}

Outcome PackageTaker::reject(const os::Root& root, const std::string& folder,
                             const Defect& defect) const {
  const std::string& src = root.path();
  if (look_for_description(root, folder) != Description::there) return Outcome::again;
  const auto present = known(src, folder);
  const bool is_served = present.entry != nullptr;
  const auto lock = lock_if(is_served, present);
  if (is_served && !lock) return Outcome::again;
  const auto noted = note(src, present);
  if (!noted) return Outcome::again;
  BrokenPackage broken{src, src + "/" + base::printable(defect.file, 4096), defect.reason, folder,
                       defect.fingerprint};
  const bool is_news = !present.broken || present.broken->reason != broken.reason;
  const std::string text = broken.file + ": " + broken.reason + "; the package is not served";
  if (!m_parts.catalog.change(src, {{folder, present.entry, nullptr, std::move(broken)}})) {
    return Outcome::again;
  }
  if (is_news) m_parts.reporter.report(Severity::warning, "catalog.package_broken", text);
  return Outcome::unusable;
}

Outcome PackageTaker::withdraw(const os::Root& root, const std::string& folder) const {
  const std::string& src = root.path();
  const auto before = known(src, folder);
  if (!before.entry) return Outcome::done;
  const auto lock = m_parts.locks.try_lock(before.entry->id);
  if (!lock) return Outcome::again;
  // A call may have changed it until now.
  const auto present = known(src, folder);
  if (present.entry != before.entry) return Outcome::again;
  NoReporter nobody;
  const auto listed = list(root, folder, nobody);
  if (listed && fingerprint_of(*listed) == present.entry->fingerprint) return Outcome::done;
  const auto noted = note(src, present);
  if (!noted) return Outcome::again;
  BrokenPackage broken{src, shown(src, folder), "its files are being changed on the disk", folder};
  if (!m_parts.catalog.change(src, {{folder, present.entry, nullptr, std::move(broken)}})) {
    return Outcome::again;
  }
  m_parts.reporter.report(Severity::info, "detection.package_disturbed",
                          shown(src, folder) + ": package " + base::printable(present.entry->id) +
                              " is withdrawn while its files change");
  return Outcome::done;
}

Outcome PackageTaker::vanish(const os::Root& root, const std::string& folder) const {
  const std::string& src = root.path();
  const auto before = known(src, folder);
  if (!before.entry) {
    // What could not be used is not there any more.
    const bool is_changed = m_parts.catalog.change(src, {{folder, nullptr, nullptr, std::nullopt}});
    return is_changed ? Outcome::nothing : Outcome::again;
  }
  const auto lock = m_parts.locks.try_lock(before.entry->id);
  if (!lock) return Outcome::again;
  const auto present = known(src, folder);
  if (present.entry != before.entry) return Outcome::again;
  if (look_for_description(root, folder) != Description::missing) return Outcome::again;
  const Entry& entry = *present.entry;
  const auto noted = note(src, present);
  if (!noted) return Outcome::again;
  if (!m_parts.catalog.change(src, {{folder, present.entry, nullptr, std::nullopt}})) {
    return Outcome::again;
  }
  if (entry.waits_for_files) (void)m_parts.state.set_waiting(src, entry.id, false);
  const bool has_files = root.open_beneath(folder, O_PATH).has_value();
  m_parts.reporter.report(
      Severity::info, "detection.package_vanished",
      shown(src, folder) + ": package " + base::printable(entry.id) +
          (has_files ? " is withdrawn, it has no description any more; its files stay"
                     : " is not there any more"));
  return Outcome::done;
}

Expected<SyncLedger::ChangePointer> PackageTaker::note(const std::string& src,
                                                       const Catalog::Known& known) const {
  if (!known.entry) return nullptr;
  return m_parts.ledger.begin_change(src, {{known.entry->id, known.folder}});
}

std::optional<PackageLocks::Guard> PackageTaker::lock_if(bool is_wanted,
                                                         const Catalog::Known& known) const {
  if (!is_wanted) return std::nullopt;
  return m_parts.locks.try_lock(known.entry->id);
}

Catalog::Known PackageTaker::known(const std::string& src, const std::string& folder) const {
  auto all = m_parts.catalog.known(src, folder);
  // A package inside another is no package: the first is the folder itself, if it is known.
  if (all && !all->empty() && all->front().folder == folder) return std::move(all->front());
  return {folder, nullptr, std::nullopt};
}

}  // namespace pulse2::catalog
