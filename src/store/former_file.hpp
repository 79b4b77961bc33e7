#pragma once

#include <functional>
#include <string>

#include "base/error.hpp"

/// Databases that stand where the former server had a file of another form.
namespace pulse2::store {

/// Whether something else than a database stands at the path; an empty file is nothing.
[[nodiscard]] base::Expected<bool> is_former_file(const std::string& path);

/// Durably gives the file the name `<path><suffix>`.
[[nodiscard]] base::Expected<void> set_aside(const std::string& path, const std::string& suffix);

/// Puts a database in the place of the former file, whose content is kept as `<path>.migrated`.
/// `fill` makes it at the path that it is given; it is complete before it takes the other one's
/// place, so a crash loses nothing.
[[nodiscard]] base::Expected<void> replace_former_file(
    const std::string& path, const std::string& content,
    const std::function<base::Expected<void>(const std::string& fresh)>& fill);

}  // namespace pulse2::store
