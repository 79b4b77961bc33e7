#include "api/temporary_files.hpp"

#include <fcntl.h>

#include "base/names.hpp"
#include "base/text.hpp"
#include "os/beneath.hpp"
#include "os/file.hpp"
#include "os/walk.hpp"
#include "package/suggested_command.hpp"

namespace pulse2::api {
namespace {

using base::Expected;
using os::FolderItem;

/// Names that a client can send back; temporary files of ours are passed over.
bool is_shown(const FolderItem& item) {
  const bool right_kind =
      item.kind == FolderItem::Kind::file || item.kind == FolderItem::Kind::folder;
  return right_kind && base::is_utf8(item.name) && !item.name.starts_with(os::k_temporary_prefix);
}

xmlrpc::Struct commands_struct(std::string commands) {
  xmlrpc::Struct result;
  result["version"] = "0.1";
  result["commandcmd"] = std::move(commands);
  return result;
}

/// The command of one file, nothing when its kind is unknown or it can't be read.
std::optional<std::string> command_for(int folder, const std::string& name) {
  // O_NOFOLLOW and the kind seen in the listing: links and devices are never read.
  const os::UniqueFd file(openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return std::nullopt;
  const auto status = os::status_of(file.get(), name);
  if (!status) return std::nullopt;
  const auto read_at = [&file](std::uint64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    const auto got = os::read_at(file.get(), bytes.data(), size, offset);
    bytes.resize(got.value_or(0));
    return bytes;
  };
  return package::suggest_command(name, package::FileBytes{status->size, read_at});
}

}  // namespace

Expected<xmlrpc::Array> temporary_files(const std::string& tmp_input_dir) {
  const auto folder = os::open_file(tmp_input_dir, O_RDONLY | O_DIRECTORY);
  if (!folder) {
    if (folder.error().kind == base::ErrorKind::not_found) return xmlrpc::Array{};
    return tl::unexpected(folder.error());
  }
  const auto items = os::list_folder(folder->get());
  if (!items) return tl::unexpected(items.error());
  xmlrpc::Array files;
  for (const FolderItem& item : *items) {
    if (!is_shown(item)) continue;
    files.emplace_back(xmlrpc::Array{item.name, item.kind == FolderItem::Kind::folder});
  }
  return files;
}

xmlrpc::Struct no_suggested_commands() {
  return commands_struct({});
}

Expected<xmlrpc::Struct> suggested_commands(const std::string& tmp_input_dir,
                                            std::string_view folder) {
  // An empty name is an empty folder to the clients in the field.
  if (folder.empty()) return no_suggested_commands();
  PULSE2_TRY(base::check_component(folder, "folder"));
  const auto root = os::Root::open(tmp_input_dir);
  if (!root) {
    if (root.error().kind == base::ErrorKind::not_found) return no_suggested_commands();
    return tl::unexpected(root.error());
  }
  const auto opened = root->open_beneath(folder, O_RDONLY | O_DIRECTORY);
  if (!opened) return tl::unexpected(opened.error());
  const auto items = os::list_folder(opened->get());
  if (!items) return tl::unexpected(items.error());
  std::vector<std::string> lines;
  for (const FolderItem& item : *items) {
    if (item.kind != FolderItem::Kind::file || !is_shown(item)) continue;
    if (auto line = command_for(opened->get(), item.name)) lines.push_back(*std::move(line));
  }
  return commands_struct(base::join(lines, "\n"));
}

}  // namespace pulse2::api
