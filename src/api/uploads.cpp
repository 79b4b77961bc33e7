#include "api/uploads.hpp"

#include <fcntl.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "base/names.hpp"
#include "base/text.hpp"
#include "log/log.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"
#include "os/walk.hpp"

namespace pulse2::api {
namespace {

using base::ErrorKind;
using base::Expected;
using xmlrpc::Value;

/// Base64 is decoded in parts of this many bytes: what is in memory stays small.
constexpr std::size_t k_part = 1U << 20U;

/// Files on their way begin with this; clear_uploads() removes what a crash left of them.
constexpr std::string_view k_upload_prefix = ".pulse2-tmp.push.";

/// One file of the call. Views are into the call's body.
struct Upload {
  std::string name;
  std::optional<std::string_view> base64;
  std::optional<std::string_view> bytes;
  std::string local_folder;  ///< absolute; of local files only
};

Expected<Upload> read_upload(const Value& value, bool is_local) {
  const auto* members = value.as_struct();
  if (members == nullptr) return base::fail(ErrorKind::invalid_argument, "a file is no struct");
  const Value* name = members->find("filename");
  const auto text = name == nullptr ? std::nullopt : name->as_string();
  if (!text) return base::fail(ErrorKind::invalid_argument, "a file has no filename");
  PULSE2_TRY(base::check_component(*text, "filename"));
  Upload upload;
  upload.name = std::string(*text);
  const char* wanted = is_local ? "tmp_dir" : "filebinary";
  const Value* content = members->find(wanted);
  const auto wrong = [&] {
    return base::fail(ErrorKind::invalid_argument,
                      base::printable(upload.name) + ": " + wanted + " is missing or no text");
  };
  if (content == nullptr) return wrong();
  const auto content_text = content->as_string();
  if (is_local) {
    if (!content_text || content_text->empty() || content_text->front() != '/') return wrong();
    upload.local_folder = std::string(*content_text);
  } else {
    upload.base64 = content_text ? content_text : content->as_encoded_binary();
    upload.bytes = content->as_binary();
    if (!upload.base64 && !upload.bytes) return wrong();
  }
  return upload;
}

Expected<std::vector<Upload>> read_uploads(const xmlrpc::Array& files, bool is_local) {
  std::vector<Upload> uploads;
  for (const Value& value : files) {
    auto upload = read_upload(value, is_local);
    if (!upload) return tl::unexpected(std::move(upload).error());
    const auto has_name = [&](const Upload& other) { return other.name == upload->name; };
    if (std::any_of(uploads.begin(), uploads.end(), has_name)) {
      return base::fail(ErrorKind::invalid_argument,
                        base::printable(upload->name) + " is named twice");
    }
    uploads.push_back(std::move(*upload));
  }
  return uploads;
}

Expected<os::UniqueFd> make_folder(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (auto made = os::make_folder_at(-1, part, 0700); !made) {
      return tl::unexpected(std::move(made).error());
    }
    if (slash == std::string::npos) break;
  }
  return os::open_file(path, O_RDONLY | O_DIRECTORY);
}

/// The files of one call on their way: under temporary names until all are complete.
class Pushing {
 public:
  Pushing(const UploadFolder& folder, std::string name)
      : m_folder(folder), m_name(std::move(name)) {}
  Pushing(const Pushing&) = delete;
  Pushing& operator=(const Pushing&) = delete;
  /// Takes back what was not published as a whole.
  ~Pushing() {
    if (!m_published) undo();
    for (const auto& temporary : m_temporary)
      (void)os::unlink_at(m_target.get(), temporary);
    if (m_made_target && !m_published) {
      (void)os::unlink_at(m_parent.get(), m_name, true);
    }
  }

  Expected<void> begin() {
    auto parent = make_folder(m_folder.path);
    if (!parent) return tl::unexpected(std::move(parent).error());
    m_parent = std::move(*parent);
    auto made = os::make_folder_at(m_parent.get(), m_name, 0700);
    if (!made) return tl::unexpected(std::move(made).error());
    m_made_target = *made;
    auto target = os::open_folder_at(m_parent.get(), m_name);
    if (!target) return tl::unexpected(std::move(target).error());
    m_target = std::move(*target);
    return {};
  }

  Expected<void> take(const Upload& upload) {
    const std::string temporary = next_name();
    m_staged.emplace_back(temporary, upload.name);
    if (!upload.local_folder.empty()) return take_local(upload, temporary);
    const std::string_view bytes = upload.base64 ? *upload.base64 : *upload.bytes;
    PULSE2_TRY(check_space(upload.base64 ? bytes.size() / 4 * 3 : bytes.size()));
    const auto file = os::open_at(m_target.get(), temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!file) return tl::unexpected(file.error());
    PULSE2_TRY(upload.base64 ? decode(bytes, file->get(), upload.name)
                             : os::write_all(file->get(), bytes));
    return os::sync_file(file->get(), upload.name);
  }

  Expected<void> publish() {
    for (const auto& [temporary, name] : m_staged) {
      // What can't be replaced is found before the first rename.
      const auto status = os::status_at(m_target.get(), name);
      if (status && status->is_folder()) {
        return base::fail(ErrorKind::already_exists, base::printable(name) + " is a folder");
      }
    }
    for (const auto& [temporary, name] : m_staged)
      PULSE2_TRY(put_in_place(temporary, name));
    PULSE2_TRY(os::sync_file(m_target.get(), m_name));
    PULSE2_TRY(os::sync_file(m_parent.get(), m_folder.path));
    for (auto& source : m_sources) {
      PULSE2_TRY(os::unlink_at(source.folder.get(), source.name));
      source.is_removed = true;
    }
    m_published = true;
    return {};
  }

 private:
  /// A local file to be removed once it was taken over.
  struct Source {
    os::UniqueFd folder;
    std::string name;
    bool is_removed = false;
  };
  /// A file that was put in its place.
  struct Placed {
    std::string name;
    std::string former;  ///< temporary name of what it replaced, "" for nothing
  };

  /// A new temporary name, which is removed at the end.
  std::string next_name() {
    m_temporary.push_back(std::string(k_upload_prefix) + os::unique_name());
    return m_temporary.back();
  }

  Expected<void> put_in_place(const std::string& temporary, const std::string& name) {
    const std::string former = next_name();
    auto kept = os::clone_tree_at(m_target.get(), name, m_target.get(), former);
    const bool is_new = !kept && kept.error().kind == ErrorKind::not_found;
    if (!kept && !is_new) return kept;
    PULSE2_TRY(os::rename_at(m_target.get(), temporary, m_target.get(), name));
    m_placed.push_back({name, is_new ? std::string() : former});
    return {};
  }

  void undo() {
    for (const auto& source : m_sources) {
      if (!source.is_removed) continue;
      report_undo(source.name,
                  os::clone_tree_at(m_target.get(), source.name, source.folder.get(), source.name));
    }
    for (const auto& placed : m_placed) {
      report_undo(placed.name, placed.former.empty() ? os::unlink_at(m_target.get(), placed.name)
                                                     : os::rename_at(m_target.get(), placed.former,
                                                                     m_target.get(), placed.name));
    }
  }

  void report_undo(const std::string& name, const Expected<void>& undone) const {
    if (undone) return;
    log::warning("api.upload.not_undone", "{}/{}/{}: {}", m_folder.path, m_name,
                 base::printable(name), undone.error().for_operator());
  }

  Expected<void> take_local(const Upload& upload, const std::string& temporary) {
    auto folder = os::open_file(upload.local_folder + "/" + m_name, O_RDONLY | O_DIRECTORY);
    if (!folder) return tl::unexpected(std::move(folder).error());
    auto status = os::status_at(folder->get(), upload.name);
    if (!status) return tl::unexpected(std::move(status).error());
    if (!status->is_regular()) {
      return base::fail(ErrorKind::invalid_argument,
                        base::printable(upload.name) + " is not a file");
    }
    PULSE2_TRY(check_space_for_copy(*status));
    PULSE2_TRY(os::clone_tree_at(folder->get(), upload.name, m_target.get(), temporary));
    const auto file = os::open_at(m_target.get(), temporary, O_RDONLY);
    if (!file) return tl::unexpected(file.error());
    PULSE2_TRY(os::sync_file(file->get(), upload.name));
    m_sources.push_back({std::move(*folder), upload.name});
    return {};
  }

  Expected<void> check_space_for_copy(const os::FileStatus& source) const {
    auto target = os::status_of(m_target.get(), m_name);
    if (!target) return tl::unexpected(std::move(target).error());
    if (target->device == source.device) return {};
    return check_space(source.size);
  }

  [[nodiscard]] Expected<void> check_space(std::uint64_t bytes) const {
    const auto space = os::space_of(m_target.get());
    if (!space) return tl::unexpected(space.error());
    const std::uint64_t free = space->free;
    const std::uint64_t reserve = m_folder.reserve.of(space->total);
    if (free >= bytes && free - bytes >= reserve) return {};
    const auto shown = [](std::uint64_t size) {
      return base::human_size(static_cast<double>(size));
    };
    return base::fail(ErrorKind::no_space, "no space for an upload of " + shown(bytes) + ": " +
                                               shown(free) + " are free, " + shown(reserve) +
                                               " are kept in reserve");
  }

  static Expected<void> decode(std::string_view text, int file, const std::string& name) {
    base::Base64Decoder decoder;
    std::string bytes;
    bytes.reserve(k_part);
    auto decoded = [&]() -> Expected<void> {
      for (; !text.empty(); text.remove_prefix(std::min(k_part, text.size()))) {
        bytes.clear();
        PULSE2_TRY(decoder.feed(text.substr(0, k_part), bytes));
        PULSE2_TRY(os::write_all(file, bytes));
      }
      return decoder.finish();
    }();
    if (decoded || decoded.error().kind != ErrorKind::malformed) return decoded;
    return base::fail(ErrorKind::malformed, base::printable(name) + ": " + decoded.error().message);
  }

  const UploadFolder& m_folder;
  std::string m_name;
  os::UniqueFd m_parent;
  os::UniqueFd m_target;
  bool m_made_target = false;
  bool m_published = false;
  std::vector<std::string> m_temporary;                       ///< names to be removed at the end
  std::vector<std::pair<std::string, std::string>> m_staged;  ///< temporary name, name at the end
  std::vector<Placed> m_placed;
  std::vector<Source> m_sources;
};

/// Removes what interrupted calls left in one folder, and a folder that holds nothing else.
Expected<bool> clear_upload(int root, const std::string& name) {
  const auto folder = os::open_folder_at(root, name);
  if (!folder) return tl::unexpected(folder.error());
  const auto items = os::list_folder(folder->get());
  if (!items) return tl::unexpected(items.error());
  bool any = false;
  for (const auto& item : *items) {
    if (!item.name.starts_with(k_upload_prefix)) continue;
    PULSE2_TRY(os::unlink_at(folder->get(), item.name));
    any = true;
  }
  // Fails for a folder that holds more.
  if (any) (void)os::unlink_at(root, name, true);
  return any;
}

}  // namespace

Expected<void> push_files(const UploadFolder& folder, std::string_view name,
                          const xmlrpc::Array& files, bool local_files) {
  PULSE2_TRY(base::check_component(name, "random_dir"));
  auto uploads = read_uploads(files, local_files);
  if (!uploads) return tl::unexpected(std::move(uploads).error());
  Pushing pushing(folder, std::string(name));
  PULSE2_TRY(pushing.begin());
  for (const Upload& upload : *uploads)
    PULSE2_TRY(pushing.take(upload));
  return pushing.publish();
}

Expected<bool> clear_uploads(const std::string& tmp_input_dir) {
  const auto root = os::open_file(tmp_input_dir, O_RDONLY | O_DIRECTORY);
  if (!root && root.error().kind == ErrorKind::not_found) return false;
  if (!root) return tl::unexpected(root.error());
  const auto folders = os::list_folder(root->get());
  if (!folders) return tl::unexpected(folders.error());
  bool any = false;
  for (const auto& folder : *folders) {
    if (folder.kind != os::FolderItem::Kind::folder) continue;
    auto cleared = clear_upload(root->get(), folder.name);
    if (!cleared) return cleared;
    any = any || *cleared;
  }
  return any;
}

}  // namespace pulse2::api
