#pragma once

#include <string>

#include "base/error.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::api {

/// [[name, is a folder]] of an upload folder in byte order; empty when the folder is absent. Names
/// that are not UTF-8 can't be named by a client and are left out, links too.
[[nodiscard]] base::Expected<xmlrpc::Array> temporary_files(const std::string& tmp_input_dir);

/// {version, commandcmd}: one silent-install command line for each recognised file of a folder of
/// tmp_input_dir. Errors: `invalid_argument` for a name that is no single component, `not_found`.
[[nodiscard]] base::Expected<xmlrpc::Struct> suggested_commands(const std::string& tmp_input_dir,
                                                                std::string_view folder);

/// The answer for what holds no recognised file.
[[nodiscard]] xmlrpc::Struct no_suggested_commands();

}  // namespace pulse2::api
