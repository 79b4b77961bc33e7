#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::api {

/// Where uploads go.
struct UploadFolder {
  std::string path;                  ///< tmp_input_dir; made when it is missing
  config::FreeSpaceReserve reserve;  ///< uploads that would leave less are refused
};

/// Removes what calls that a crash interrupted left in a tmp_input_dir; true when there was any.
/// For the start, while nobody uploads. Errors: those of the system; a missing folder is none.
[[nodiscard]] base::Expected<bool> clear_uploads(const std::string& tmp_input_dir);

/// pushPackage: writes the files of `files` (structs with filename, and filebinary or tmp_dir) into
/// the folder `name` of the upload folder; with `local_files` they are moved from
/// tmp_dir/`name`/filename, also from other file systems. All or none, durable when it returns.
/// Errors: `invalid_argument` for names and types, `malformed` for bad base64, `not_found` for a
/// local file, `no_space`.
[[nodiscard]] base::Expected<void> push_files(const UploadFolder& folder, std::string_view name,
                                              const xmlrpc::Array& files, bool local_files);

}  // namespace pulse2::api
