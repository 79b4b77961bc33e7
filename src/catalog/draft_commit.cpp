#include <fcntl.h>

#include <utility>
#include <vector>

#include "base/text.hpp"
#include "catalog/draft.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"
#include "os/walk.hpp"

/// The steps that put a draft in the package's place. Each of them is undone when what makes it
/// durable fails: a call that answers an error changed nothing.
namespace pulse2::catalog {

using base::ErrorKind;
using base::Expected;

namespace {

/// Beside a staged folder `N` while file systems without an exchange rename: `N.place` names the
/// package's folder, `N.old` is its old state.
constexpr std::string_view k_place_suffix = ".place";
constexpr std::string_view k_old_suffix = ".old";
constexpr std::string_view k_withdrawn_suffix = ".rem";

/// What failed, and whether undoing what had been done before succeeded.
Expected<void> undone(Expected<void> failed, const Expected<void>& undo) {
  if (!undo) failed.error().detail += "; undoing it failed too: " + undo.error().for_operator();
  return failed;
}

}  // namespace

Expected<void> Draft::commit_new() {
  PULSE2_TRY(os::sync_tree_at(m_staging.get(), m_name, true));
  PULSE2_TRY(os::rename_new_at(m_staging.get(), m_name, m_parent.get(), m_last));
  auto synced = os::sync_file(m_parent.get(), m_package.folder);
  if (synced) {
    m_name.clear();
    return synced;
  }
  // What is not known to be durable is not there.
  return undone(std::move(synced),
                os::rename_new_at(m_parent.get(), m_last, m_staging.get(), m_name));
}

Expected<void> Draft::commit_exchange() {
  // Files that were served are durable already; syncing them again costs little.
  PULSE2_TRY(os::sync_tree_at(m_staging.get(), m_name, true));
  auto exchanged = os::exchange_at(m_staging.get(), m_name, m_parent.get(), m_last);
  if (!exchanged) return tl::unexpected(std::move(exchanged).error());
  if (!*exchanged) return exchange_by_renames();
  auto synced = os::sync_file(m_parent.get(), m_package.folder);
  if (synced) synced = os::sync_file(m_staging.get(), k_staging_folder);
  if (synced) return synced;
  const auto back = os::exchange_at(m_staging.get(), m_name, m_parent.get(), m_last);
  return back ? synced : undone(std::move(synced), tl::unexpected(back.error()));
}

Expected<void> Draft::exchange_by_renames() {
  const std::string place = m_name + std::string(k_place_suffix);
  const std::string old = m_name + std::string(k_old_suffix);
  auto done = os::write_file_atomically(os::path_in(m_staging.get(), place), m_package.folder);
  if (done) done = swap_by_renames(old);
  // While the package is away, the next start brings it back by this file.
  if (os::status_at(m_parent.get(), m_last)) (void)os::unlink_at(m_staging.get(), place);
  if (done) m_name = old;
  return done;
}

Expected<void> Draft::swap_by_renames(const std::string& old) {
  PULSE2_TRY(os::rename_new_at(m_parent.get(), m_last, m_staging.get(), old));
  const auto put_back = [&] {
    return os::rename_new_at(m_staging.get(), old, m_parent.get(), m_last);
  };
  if (auto moved = os::rename_new_at(m_staging.get(), m_name, m_parent.get(), m_last); !moved) {
    return undone(std::move(moved), put_back());
  }
  auto synced = os::sync_file(m_parent.get(), m_package.folder);
  if (synced) return synced;
  auto back = os::rename_new_at(m_parent.get(), m_last, m_staging.get(), m_name);
  if (back) back = put_back();
  return undone(std::move(synced), back);
}

Expected<void> Draft::undo_exchange() {
  return commit_exchange();
}

Expected<void> Draft::commit_removal() {
  PULSE2_TRY(open_staging());
  PULSE2_TRY(os::rename_new_at(m_parent.get(), m_last, m_staging.get(), m_name));
  auto synced = os::sync_file(m_staging.get(), k_staging_folder);
  if (synced) synced = os::sync_file(m_parent.get(), m_package.folder);
  if (synced) return synced;
  // Never removed after a failure, not even when it can't be brought back.
  const std::string staged = std::exchange(m_name, {});
  return undone(std::move(synced),
                os::rename_new_at(m_staging.get(), staged, m_parent.get(), m_last));
}

Expected<void> Draft::write_in_place(std::string_view name, const std::string& text) {
  auto folder = os::open_folder_at(m_parent.get(), m_last);
  if (!folder) return tl::unexpected(std::move(folder).error());
  // Written in the staging folder: what a crash leaves is cleared away there, not in the package.
  PULSE2_TRY(open_staging());
  const std::string target(name);
  const std::string fresh = std::exchange(m_name, m_name + std::string(k_old_suffix));
  // The old file keeps a second name: it is put back when the new one may not be durable.
  PULSE2_TRY(os::clone_tree_at(folder->get(), target, m_staging.get(), m_name));
  auto done = os::write_file_atomically(os::path_in(m_staging.get(), fresh), text);
  if (done) done = os::rename_at(m_staging.get(), fresh, folder->get(), target);
  if (!done) {
    (void)os::unlink_at(m_staging.get(), fresh);
    return done;
  }
  done = os::sync_file(folder->get(), m_package.folder);
  if (done) return done;
  return undone(std::move(done), os::rename_at(m_staging.get(), m_name, folder->get(), target));
}

Expected<void> Draft::commit_withdrawal() {
  auto folder = os::open_folder_at(m_parent.get(), m_last);
  if (!folder) return tl::unexpected(std::move(folder).error());
  // conf.json counts while it is there: in between, the package is as it was.
  std::vector<std::string> withdrawn;
  auto done = [&]() -> Expected<void> {
    for (const auto name : {k_conf_xml, k_conf_json}) {
      const std::string from(name);
      auto renamed =
          os::rename_at(folder->get(), from, folder->get(), from + std::string(k_withdrawn_suffix));
      if (renamed) {
        withdrawn.push_back(from);
      } else if (renamed.error().kind != ErrorKind::not_found) {
        return renamed;
      }
    }
    return os::sync_file(folder->get(), m_package.folder);
  }();
  if (done) return done;
  for (const auto& name : withdrawn) {
    done = undone(
        std::move(done),
        os::rename_at(folder->get(), name + std::string(k_withdrawn_suffix), folder->get(), name));
  }
  return done;
}

namespace {

/// Puts the old state back where an exchange by renames was interrupted before the new one came.
Expected<void> complete_exchange(const os::Root& root, int staging, const std::string& place) {
  auto package = os::read_file(os::path_in(staging, place), 4096);
  if (!package) return tl::unexpected(std::move(package).error());
  const auto [parent, last] = base::split_last(*package, '/');
  auto folder = root.open_beneath(parent, O_RDONLY | O_DIRECTORY);
  if (!folder) return tl::unexpected(std::move(folder).error());
  const std::string number = place.substr(0, place.size() - k_place_suffix.size());
  auto back = os::rename_new_at(staging, number + std::string(k_old_suffix), folder->get(),
                                std::string(last));
  const bool is_settled = back || back.error().kind == ErrorKind::already_exists ||
                          back.error().kind == ErrorKind::not_found;
  if (!is_settled) return back;
  return os::sync_file(folder->get(), *package);
}

}  // namespace

Expected<bool> Draft::recover(const std::string& src) {
  auto root = os::Root::open(src);
  if (!root) return tl::unexpected(std::move(root).error());
  auto staging = os::open_folder_at(root->fd(), std::string(k_staging_folder));
  if (!staging) {
    if (staging.error().kind == ErrorKind::not_found) return false;
    return tl::unexpected(std::move(staging).error());
  }
  auto items = os::list_folder(staging->get());
  if (!items) return tl::unexpected(std::move(items).error());
  for (const auto& item : *items) {
    if (item.name.ends_with(k_place_suffix)) {
      PULSE2_TRY(complete_exchange(*root, staging->get(), item.name));
    }
  }
  for (const auto& item : *items)
    PULSE2_TRY(os::remove_tree_at(staging->get(), item.name));
  return !items->empty();
}

}  // namespace pulse2::catalog
