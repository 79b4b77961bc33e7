#include "catalog/intake.hpp"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/names.hpp"
#include "base/text.hpp"
#include "catalog/tree_look.hpp"
#include "os/tree.hpp"
#include "os/walk.hpp"

namespace pulse2::catalog {

using base::ErrorKind;
using base::Expected;
using os::FolderItem;

namespace {

/// Uploads that nobody associated for so long are packages like others.
constexpr std::chrono::hours k_upload_age{24};

/// Somebody is at work: to be tried again.
tl::unexpected<base::Error> not_now(std::string reason) {
  return base::fail(ErrorKind::conflict, std::move(reason));
}

Expected<void> check_nobody_writes(const os::Root& root, const FoundPackage& package) {
  for (const auto& file : package.files) {
    const std::string path = package.folder + "/" + file.name;
    const auto fd = root.open_beneath(path, O_RDONLY | O_NONBLOCK);
    if (fd && os::is_open_for_writing(fd->get())) {
      return not_now(base::printable(path) + " is being written");
    }
  }
  return {};
}

/// Copies the folder to the staging folder of the tree, from where it moves to its place.
Expected<void> copy_in(int from, const std::string& name, int tree, const std::string& pid) {
  const std::string staging_name(k_staging_folder);
  if (auto made = os::make_folder_at(tree, staging_name, 0700); !made) {
    return tl::unexpected(std::move(made).error());
  }
  const auto staging = os::open_folder_at(tree, staging_name);
  if (!staging) return tl::unexpected(staging.error());
  const std::string copy = os::unique_name();
  auto done = os::clone_tree_at(from, name, staging->get(), copy);
  if (done) done = os::sync_tree_at(staging->get(), copy, true);
  if (done) done = os::rename_new_at(staging->get(), copy, tree, pid);
  if (!done) (void)os::remove_tree_at(staging->get(), copy);
  return done;
}

/// Moves the folder into the tree. The old one goes only when the new one is durable.
Expected<void> move_tree(int from, const std::string& name, int tree, const std::string& pid) {
  PULSE2_TRY(os::sync_tree_at(from, name, true));
  const auto moved = os::rename_new_within(from, name, tree, pid);
  if (!moved) return tl::unexpected(moved.error());
  if (!*moved) PULSE2_TRY(copy_in(from, name, tree, pid));
  PULSE2_TRY(os::sync_file(tree, pid));
  if (!*moved) PULSE2_TRY(os::remove_tree_at(from, name));
  return os::sync_file(from, name);
}

}  // namespace

/// A package that is to be moved.
struct Intake::Move {
  os::Root from;
  os::Root tree;
  FoundPackage package;
};

bool Intake::is_closed_to_others(const std::string& folder, const os::FileStatus& status) {
  if (!status.is_open_to_others()) return true;
  complain(folder, "others may write to the folder: nothing is taken over from it");
  return false;
}

void Intake::complain(const std::string& path, const std::string& reason) {
  {
    const std::lock_guard lock(m_mutex);
    auto& last = m_complaints[path];
    if (last == reason) return;
    last = reason;
  }
  m_parts.reporter.report(Severity::warning, "detection.not_taken_over",
                          base::printable(path, 4096) + ": " + reason);
}

std::vector<std::string> Intake::uploads() const {
  auto folders = m_parts.state.uploads_since(m_clock.now() - k_upload_age);
  return folders ? std::move(*folders) : std::vector<std::string>{};
}

void Intake::forget_old_uploads() const {
  // Notes that stay do no harm.
  (void)m_parts.state.forget_uploads_before(m_clock.now() - k_upload_age);
}

Sighting Intake::look(const std::string& folder, const OnFolder& on_folder) {
  Sighting sighting;
  sighting.places = {""};
  const auto root = os::Root::open(folder);
  if (!root) return sighting;
  on_folder("", root->fd());
  const auto status = os::status_of(root->fd(), folder);
  if (!status || !is_closed_to_others(folder, *status)) return sighting;
  const auto items = os::list_folder(root->fd());
  if (!items) return sighting;
  const auto uploaded = uploads();
  for (const auto& item : *items) {
    const bool is_upload =
        std::binary_search(uploaded.begin(), uploaded.end(), root->path() + "/" + item.name);
    if (item.kind != FolderItem::Kind::folder || is_upload) continue;
    if (item.name.starts_with(os::k_temporary_prefix)) continue;
    const auto fd = os::open_folder_at(root->fd(), item.name);
    if (!fd) continue;
    on_folder(item.name, fd->get());
    const auto content = os::list_opened_folder(fd->get());
    if (!content || !holds_description(*content)) continue;
    sighting.packages.push_back(
        {item.name, look_at_package(*root, item.name, fd->get(), *content, on_folder)});
  }
  return sighting;
}

Intake::Result Intake::take_over(const DropFolder& drop, const std::string& name) {
  const std::string path = drop.folder + "/" + name;
  const auto moved = move_in(drop, name);
  if (moved) {
    m_parts.reporter.report(
        Severity::info, "detection.taken_over",
        base::printable(path, 4096) + " was moved to " + drop.src + "/" + base::printable(*moved));
    const std::lock_guard lock(m_mutex);
    m_complaints.erase(path);
    return {Outcome::done, *moved};
  }
  if (moved.error().kind == ErrorKind::conflict) return {Outcome::again, {}};
  complain(path, "not taken over: " + moved.error().for_operator());
  return {Outcome::unusable, {}};
}

Expected<std::string> Intake::move_in(const DropFolder& drop, const std::string& name) const {
  auto from = os::Root::open(drop.folder);
  if (!from) return tl::unexpected(std::move(from).error());
  auto tree = os::Root::open(drop.src);
  if (!tree) return tl::unexpected(std::move(tree).error());
  auto found = read_package(*from, name, m_parts.reporter);
  if (!found) {
    return base::fail(ErrorKind::malformed, found.error().file + ": " + found.error().reason);
  }
  const Move move{std::move(*from), std::move(*tree), std::move(*found)};
  const std::string& pid = move.package.description.id;
  PULSE2_TRY(base::check_component(pid, "package id"));
  const auto lock = m_parts.locks.try_lock(pid);
  if (!lock) return not_now("a call is at work on the package");
  PULSE2_TRY(check(drop, move));
  const auto noted = m_parts.ledger.begin_change(drop.src, {{pid, pid}});
  if (!noted) return tl::unexpected(noted.error());
  PULSE2_TRY(move_tree(move.from.fd(), name, move.tree.fd(), pid));
  return pid;
}

Expected<void> Intake::check(const DropFolder& drop, const Move& move) const {
  const std::string& pid = move.package.description.id;
  if (pid.starts_with(os::k_temporary_prefix) || pid == k_staging_folder) {
    return base::fail(ErrorKind::invalid_argument, "this package id is reserved");
  }
  const auto status = os::status_at(move.from.fd(), move.package.folder);
  if (!status) return not_now(status.error().message);
  if (status->is_open_to_others()) {
    return base::fail(ErrorKind::permission_denied, "others may write to the folder");
  }
  const auto uploaded = uploads();
  if (std::binary_search(uploaded.begin(), uploaded.end(),
                         move.from.path() + "/" + move.package.folder)) {
    return not_now("an upload");
  }
  PULSE2_TRY(check_nobody_writes(move.from, move.package));
  if (const auto objection = m_guard.objection(drop.src)) return not_now(*objection);
  if (!m_parts.catalog.known(drop.src, pid)) return not_now("packages are still being read");
  if (const auto holder = m_parts.catalog.holder(drop.src, pid)) {
    return base::fail(ErrorKind::already_exists,
                      "there is a package of that id in " + holder->basepath());
  }
  if (os::status_at(move.tree.fd(), pid)) {
    return base::fail(ErrorKind::already_exists,
                      "there is a folder " + drop.src + "/" + base::printable(pid) + " already");
  }
  return {};
}

}  // namespace pulse2::catalog
