#include "tftp/content.hpp"

#include <fcntl.h>

#include <utility>

#include "os/beneath.hpp"
#include "tftp/netascii.hpp"

namespace pulse2::tftp {

using base::ErrorKind;
using base::Expected;

namespace {

Expected<Content> prepare_text(const os::UniqueFd& file, const Location& location) {
  auto text = os::read_file(file.get(), k_largest_text, location.path);
  if (!text) return tl::unexpected(std::move(text).error());
  Content content;
  content.prepared = std::make_shared<const std::string>(to_netascii(*text));
  content.size = content.prepared->size();
  return content;
}

}  // namespace

Expected<Content> open_content(const Location& location, Mode mode) {
  const auto root = os::Root::open(location.folder);
  if (!root) return tl::unexpected(root.error());
  // Not waiting for the writer of a named pipe, which is refused below.
  auto file = root->open_beneath(location.path, O_RDONLY | O_NONBLOCK);
  if (!file) return tl::unexpected(std::move(file).error());
  const auto status = os::status_of(file->get(), location.path);
  if (!status) return tl::unexpected(status.error());
  if (!status->is_regular()) {
    return base::fail(ErrorKind::permission_denied, "'" + location.path + "' is no regular file");
  }
  if (mode == Mode::netascii) return prepare_text(*file, location);
  Content content;
  content.size = status->size;
  content.status = *status;
  content.file = std::make_shared<const os::UniqueFd>(std::move(*file));
  return content;
}

}  // namespace pulse2::tftp
