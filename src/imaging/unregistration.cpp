#include "imaging/unregistration.hpp"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "base/uuid.hpp"
#include "log/log.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"
#include "os/walk.hpp"
#include "xmlrpc/decode.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;
using xmlrpc::Array;
using xmlrpc::Struct;

namespace {

constexpr const char* k_notes = "unregistration";
constexpr std::string_view k_suffix = ".archiving";
constexpr int k_most_archives = 100'000;

/// One thing that belongs to a computer.
struct Piece {
  std::string folder;
  std::string name;
};

std::vector<Piece> pieces_of(const config::ImagingApi& settings, const Unregistration& work) {
  std::vector<Piece> pieces = {{settings.computers_folder, work.uuid},
                               {settings.bootmenus_folder, work.mac.reduced()}};
  for (const std::string& image : work.images)
    pieces.push_back({settings.masters_folder, image});
  return pieces;
}

std::string aside(const std::string& name) {
  return name + std::string(k_suffix);
}

std::string to_text(const Unregistration& work) {
  Array images;
  for (const std::string& image : work.images)
    images.emplace_back(image);
  return xmlrpc::encode_response(Struct{{"mac", work.mac.text()},
                                        {"images", std::move(images)},
                                        {"archive", work.archive},
                                        {"moved_aside", work.moved_aside}});
}

std::string text_member(const Struct& members, const char* name) {
  const auto* value = members.find(name);
  return std::string(value == nullptr ? "" : value->as_string().value_or(""));
}

/// Nothing for a note that makes no sense.
std::optional<Unregistration> from_text(const std::string& uuid, const std::string& text) {
  const auto response = xmlrpc::decode_response(text);
  const auto* value = response ? std::get_if<xmlrpc::Value>(&*response) : nullptr;
  const auto* members = value == nullptr ? nullptr : value->as_struct();
  const auto* images = members == nullptr ? nullptr : members->find("images");
  if (images == nullptr || images->as_array() == nullptr) return std::nullopt;
  const auto mac = base::Mac::parse(text_member(*members, "mac"));
  if (!mac || !base::is_uuid(uuid)) return std::nullopt;
  Unregistration work{uuid, *mac, {}, text_member(*members, "archive"), false};
  for (const auto& image : *images->as_array())
    work.images.emplace_back(image.as_string().value_or(""));
  const auto* moved = members->find("moved_aside");
  work.moved_aside = moved != nullptr && moved->truthy();
  return work;
}

/// One that is missing is no error: not every computer has a menu.
Expected<void> rename_aside(const Piece& piece) {
  auto folder = os::open_file(piece.folder, O_RDONLY | O_DIRECTORY);
  if (!folder) return tl::unexpected(std::move(folder).error());
  auto renamed = os::rename_new_at(folder->get(), piece.name, folder->get(), aside(piece.name));
  if (!renamed && renamed.error().kind != ErrorKind::not_found) return renamed;
  return os::sync_file(folder->get(), piece.folder);
}

Expected<void> dispose_of(const Piece& piece, const os::UniqueFd& archive) {
  auto folder = os::open_file(piece.folder, O_RDONLY | O_DIRECTORY);
  if (!folder) return tl::unexpected(std::move(folder).error());
  const std::string name = aside(piece.name);
  if (!archive) return os::remove_tree_at(folder->get(), name);
  auto moved = os::move_tree_at(folder->get(), name, archive.get(), piece.name);
  if (moved || moved.error().kind == ErrorKind::not_found) return {};
  // Into another file system it is copied, and the copy has its name once it is whole: an earlier
  // attempt ended while it removed the original.
  if (moved.error().kind == ErrorKind::already_exists) {
    return os::remove_tree_at(folder->get(), name);
  }
  return moved;
}

}  // namespace

Expected<void> Unregistrations::keep(const Unregistration& work) {
  return m_state.set_note(k_notes, work.uuid, to_text(work));
}

/// A name that nothing has. It stays free: no two unregistrations of a computer are under way.
Expected<std::string> Unregistrations::free_archive(const std::string& uuid) const {
  auto made = os::make_path(m_settings.archives_folder, 0777);
  if (!made) return tl::unexpected(std::move(made).error());
  auto archives = os::open_file(m_settings.archives_folder, O_RDONLY | O_DIRECTORY);
  if (!archives) return tl::unexpected(std::move(archives).error());
  for (int number = 1; number < k_most_archives; ++number) {
    std::string name = uuid + "-" + std::to_string(number);
    const auto taken = os::status_at(archives->get(), name);
    if (taken) continue;
    if (taken.error().kind != ErrorKind::not_found) return tl::unexpected(taken.error());
    return name;
  }
  return base::fail(ErrorKind::limit_exceeded, "too many archives of " + uuid);
}

Expected<void> Unregistrations::make_archive(const std::string& name) const {
  auto archives = os::open_file(m_settings.archives_folder, O_RDONLY | O_DIRECTORY);
  if (!archives) return tl::unexpected(std::move(archives).error());
  auto made = os::make_folder_at(archives->get(), name, 0777);
  if (!made) return tl::unexpected(std::move(made).error());
  return os::sync_file(archives->get(), m_settings.archives_folder);
}

bool Unregistrations::has_folder(const std::string& uuid) const {
  return os::status_of(m_settings.computers_folder + "/" + uuid).has_value();
}

Expected<Unregistration> Unregistrations::begin(const std::string& uuid, const base::Mac& mac,
                                                const std::vector<std::string>& images,
                                                bool archive) {
  const auto pending = m_state.notes(k_notes);
  if (!pending) return tl::unexpected(pending.error());
  const auto same = [&uuid](const auto& note) { return note.first == uuid; };
  if (std::any_of(pending->begin(), pending->end(), same)) {
    return base::fail(ErrorKind::conflict, "the data of " + uuid + " is still being moved");
  }
  const auto folder = os::status_of(m_settings.computers_folder + "/" + uuid);
  if (!folder) return tl::unexpected(folder.error());
  Unregistration work{uuid, mac, {}, {}, false};
  for (const std::string& image : images) {
    const auto report = base::is_uuid(image) ? m_images.inspect(image) : Images::Report{};
    if (!report) return tl::unexpected(report.error());
    if (report->valid) work.images.push_back(image);
  }
  if (archive) {
    auto name = free_archive(uuid);
    if (!name) return tl::unexpected(std::move(name).error());
    work.archive = *std::move(name);
  }
  PULSE2_TRY(keep(work));
  auto moved = move_aside(work);
  if (moved) return work;
  put_back(work);
  return tl::unexpected(std::move(moved).error());
}

/// After a failure: all stands as it stood.
void Unregistrations::put_back(const Unregistration& work) {
  for (const Piece& piece : pieces_of(m_settings, work)) {
    const auto folder = os::open_file(piece.folder, O_RDONLY | O_DIRECTORY);
    if (!folder) continue;
    (void)os::rename_new_at(folder->get(), aside(piece.name), folder->get(), piece.name);
  }
  if (!work.archive.empty()) {
    (void)os::unlink_at(AT_FDCWD, m_settings.archives_folder + "/" + work.archive, true);
  }
  (void)m_state.remove_note(k_notes, work.uuid);
}

Expected<void> Unregistrations::move_aside(Unregistration& work) {
  if (!work.archive.empty()) PULSE2_TRY(make_archive(work.archive));
  for (const Piece& piece : pieces_of(m_settings, work))
    PULSE2_TRY(rename_aside(piece));
  work.moved_aside = true;
  return keep(work);
}

Expected<void> Unregistrations::finish(const Unregistration& work) {
  os::UniqueFd archive;
  if (!work.archive.empty()) {
    auto folder =
        os::open_file(m_settings.archives_folder + "/" + work.archive, O_RDONLY | O_DIRECTORY);
    if (!folder) return tl::unexpected(std::move(folder).error());
    archive = *std::move(folder);
    // Copies that an earlier attempt did not finish.
    PULSE2_TRY(os::remove_leftovers_at(archive.get()));
  }
  for (const Piece& piece : pieces_of(m_settings, work))
    PULSE2_TRY(dispose_of(piece, archive));
  if (archive) PULSE2_TRY(os::sync_file(archive.get(), work.archive));
  return m_state.remove_note(k_notes, work.uuid);
}

std::vector<Unregistration> Unregistrations::recover() {
  std::vector<Unregistration> unfinished;
  const auto notes = m_state.notes(k_notes);
  if (!notes) {
    log::error("imaging.unregister.failed", "{}", notes.error().for_operator());
    return unfinished;
  }
  for (const auto& [uuid, text] : *notes) {
    auto work = from_text(uuid, text);
    if (!work) continue;
    if (!work->moved_aside) {
      if (const auto moved = move_aside(*work); !moved) {
        log::error("imaging.unregister.failed", "{}: {}", uuid, moved.error().for_operator());
        continue;
      }
    }
    unfinished.push_back(*std::move(work));
  }
  if (unfinished.empty()) warn_of_strays();
  return unfinished;
}

void Unregistrations::warn_of_strays() const {
  for (const std::string& path :
       {m_settings.computers_folder, m_settings.bootmenus_folder, m_settings.masters_folder}) {
    const auto folder = os::open_file(path, O_RDONLY | O_DIRECTORY);
    const auto items =
        folder ? os::list_folder(folder->get()) : base::Expected<std::vector<os::FolderItem>>{};
    if (!items) continue;
    for (const auto& item : *items) {
      if (!item.name.ends_with(k_suffix)) continue;
      log::warning("imaging.unregister.stray",
                   "{}/{} was left by an unregistration that nobody remembers", path, item.name);
    }
  }
}

}  // namespace pulse2::imaging
