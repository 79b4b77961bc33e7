#include "api/package_api_put.hpp"

#include <fcntl.h>

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "api/package_members.hpp"
#include "api/temporary_files.hpp"
#include "base/names.hpp"
#include "base/text.hpp"
#include "log/log.hpp"
#include "os/beneath.hpp"
#include "os/tree.hpp"
#include "os/walk.hpp"

namespace pulse2::api {
namespace {

using base::ErrorKind;
using base::Expected;
using xmlrpc::Array;
using xmlrpc::Struct;
using xmlrpc::Value;

/// What the methods of one section work with.
struct Context {
  PackageView packages;
  UploadFolder uploads;
  std::shared_ptr<catalog::Editor> editor;
};
using Shared = std::shared_ptr<const Context>;

/// [false, reason]: how clients are told that a change is refused.
Value refusal(std::string reason) {
  return Array{false, std::move(reason)};
}

/// What a client did wrong is a failure; all else is a refusal with its reason. The log has the
/// detail.
Expected<Answer> refused(std::string_view pid, const base::Error& error) {
  if (error.kind == ErrorKind::invalid_argument || error.kind == ErrorKind::internal) {
    return tl::unexpected(error);
  }
  log::info("api.change.refused", "{}: {}", base::printable(pid), error.for_operator());
  return refusal(error.message);
}

Expected<Answer> list_files(const Context& context, const Arguments& /*arguments*/) {
  auto files = temporary_files(context.uploads.path);
  if (!files) return tl::unexpected(std::move(files).error());
  return Value(*std::move(files));
}

Expected<Answer> suggest(const Context& context, const Arguments& arguments) {
  // A list was always answered like an empty folder.
  if (arguments.at(0).is_array()) return Value(no_suggested_commands());
  const auto folder = arguments.text(0, "folder");
  if (!folder) return tl::unexpected(folder.error());
  auto commands = suggested_commands(context.uploads.path, *folder);
  if (!commands) return tl::unexpected(std::move(commands).error());
  return Value(*std::move(commands));
}

Expected<Answer> rsync_status(const Context& context, const Arguments& arguments) {
  const auto& packages = context.packages;
  const auto pid = arguments.text(0, "pid");
  if (!pid) return tl::unexpected(pid.error());
  if (!packages.known(*pid) && !packages.ledger().is_pending(packages.src(), *pid)) {
    return base::fail(ErrorKind::not_found, "no such package");
  }
  Array targets;
  for (const auto& status : packages.ledger().status(packages.src(), *pid)) {
    targets.emplace_back(Array{status.target, status.synchronised ? "OK" : "NOK"});
  }
  return Value(std::move(targets));
}

Expected<Answer> push(const Context& context, const Arguments& arguments) {
  const auto name = arguments.text(0, "random_dir");
  if (!name) return tl::unexpected(name.error());
  const auto files = arguments.array(1, "files");
  if (!files) return tl::unexpected(files.error());
  PULSE2_TRY(base::check_component(*name, "random_dir"));
  // First: with a conf.xml among the files, detection would take it for a package.
  PULSE2_TRY(context.editor->begin_upload(context.uploads.path + "/" + std::string(*name)));
  PULSE2_TRY(push_files(context.uploads, *name, **files, arguments.at(2).truthy()));
  return Value(true);
}

/// The id that a client sent; a fresh one for "".
Expected<std::string> id_in(const Struct& members) {
  const Value* id = members.find("id");
  const auto text = id == nullptr ? std::nullopt : id->as_string();
  if (!text) return base::fail(ErrorKind::invalid_argument, "the package has no id");
  if (!text->empty()) return std::string(*text);
  boost::uuids::random_generator generate;
  return boost::uuids::to_string(generate());
}

/// Changes the description by what a client sent. `refused` takes why it may not be written.
Expected<void> change_detail(package::Package& description, bool is_new, const Struct& members,
                             std::optional<std::string>& reason) {
  if (is_new && !members.contains("label")) {
    return base::fail(ErrorKind::invalid_argument, "the package has no label");
  }
  PULSE2_TRY(set_members(description, members));
  if (base::trim(description.label).empty()) reason = "a package must have a label";
  if (const auto checked = package::check_texts(description); !checked) {
    reason = checked.error().message;
  }
  if (reason) return base::fail(ErrorKind::invalid_argument, *reason);
  return {};
}

/// Consoles create a package without files and expect to be told so.
Struct record_of(const catalog::Editor::PutResult& put) {
  Struct record = put.entry->record();
  if (put.is_new) record["files"] = Array{};
  return record;
}

Expected<Answer> put_detail(const Context& context, const Arguments& arguments) {
  const auto members = arguments.structure(0, "package");
  if (!members) return tl::unexpected(members.error());
  const auto pid = id_in(**members);
  if (!pid) return tl::unexpected(pid.error());
  const bool needs_assign = !arguments.has(1) || arguments.at(1).truthy();
  std::optional<std::string> reason;
  const auto change = [&](package::Package& description, bool is_new) {
    return change_detail(description, is_new, **members, reason);
  };
  const auto put = context.editor->put(context.packages.src(), *pid, change, needs_assign);
  if (reason) return refusal(*reason);
  if (!put) return refused(*pid, put.error());
  return Value(Array{true, *pid, put->entry->basepath(), record_of(*put)});
}

/// Names that may be given as a list or alone; "" and nil are none. Nothing for other types.
std::optional<std::vector<std::string>> names_in(const Value& value) {
  std::vector<std::string> names;
  if (value.is_nil()) return names;
  if (const auto text = value.as_string()) {
    if (!text->empty()) names.emplace_back(*text);
    return names;
  }
  const auto* items = value.as_array();
  if (items == nullptr) return std::nullopt;
  for (const Value& item : *items) {
    const auto text = item.as_string();
    if (!text) return std::nullopt;
    names.emplace_back(*text);
  }
  return names;
}

/// The named files and folders of an upload folder, held open while they move into a package.
class Uploaded {
 public:
  /// Errors: `invalid_argument` for a name, `not_found`, `conflict` for level 1 on a file.
  static Expected<Uploaded> find(const std::string& folder, const std::vector<std::string>& names,
                                 bool contents) {
    Uploaded uploaded;
    for (const auto& name : names)
      PULSE2_TRY(base::check_relative_path(name, "file name"));
    if (names.empty()) return uploaded;
    auto root = os::open_file(folder, O_RDONLY | O_DIRECTORY);
    if (!root) return tl::unexpected(std::move(root).error());
    for (const auto& name : names) {
      PULSE2_TRY(uploaded.add(root->get(), name, contents));
    }
    return uploaded;
  }

  [[nodiscard]] const std::vector<catalog::Editor::Addition>& additions() const {
    return m_additions;
  }
  /// The folders whose content was moved are of no use any more.
  void remove_emptied() const {
    for (const auto& [parent, name] : m_emptied)
      (void)os::unlink_at(parent, name, true);
  }

 private:
  Expected<void> add(int root, std::string_view name, bool contents) {
    if (name.ends_with('/')) name.remove_suffix(1);
    const auto parts = base::split(name, '/');
    auto copy = os::duplicate(root);
    if (!copy) return tl::unexpected(std::move(copy).error());
    m_folders.push_back(std::move(*copy));
    int parent = m_folders.back().get();
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      auto next = os::open_folder_at(parent, std::string(parts[i]));
      if (!next) return tl::unexpected(std::move(next).error());
      m_folders.push_back(std::move(*next));
      parent = m_folders.back().get();
    }
    const std::string last(parts.back());
    auto status = os::status_at(parent, last);
    if (!status) return tl::unexpected(std::move(status).error());
    if (contents) return add_contents(parent, last, status->is_folder());
    m_additions.push_back({parent, last});
    return {};
  }

  Expected<void> add_contents(int parent, const std::string& name, bool is_folder) {
    if (!is_folder) {
      return base::fail(ErrorKind::conflict, "'" + base::printable(name) + "' is not a folder");
    }
    auto folder = os::open_folder_at(parent, name);
    if (!folder) return tl::unexpected(std::move(folder).error());
    auto items = os::list_folder(folder->get());
    if (!items) return tl::unexpected(std::move(items).error());
    for (const auto& item : *items) {
      if (item.name.starts_with(os::k_temporary_prefix)) continue;
      m_additions.push_back({folder->get(), item.name});
    }
    m_folders.push_back(std::move(*folder));
    m_emptied.emplace_back(parent, name);
    return {};
  }

  std::vector<os::UniqueFd> m_folders;
  std::vector<catalog::Editor::Addition> m_additions;
  std::vector<std::pair<int, std::string>> m_emptied;
};

/// Moves uploaded files into a package. Errors have messages for clients.
Expected<void> associate_names(const Context& context, std::string_view pid,
                               const std::vector<std::string>& names, bool contents) {
  auto uploaded = Uploaded::find(context.uploads.path, names, contents);
  if (!uploaded) {
    if (uploaded.error().kind != ErrorKind::not_found) {
      return tl::unexpected(std::move(uploaded).error());
    }
    if (!context.packages.snapshot()->find_any(pid)) {
      return base::fail(ErrorKind::not_found, "This package don't exists");
    }
    return base::fail(ErrorKind::not_found, "Some files are missing");
  }
  auto entry = context.editor->add(context.packages.src(), pid, uploaded->additions());
  if (!entry) return tl::unexpected(std::move(entry).error());
  uploaded->remove_emptied();
  for (const auto& name : names)
    context.editor->end_upload(context.uploads.path + "/" + name);
  return {};
}

/// Level 1, as a number or as text; anything else is level 0.
bool takes_contents(const Value& level) {
  if (const auto text = level.as_string()) return base::trim(*text) == "1";
  return level.as_int().value_or(level.as_bool().value_or(false) ? 1 : 0) == 1;
}

Expected<Answer> associate(const Context& context, const Arguments& arguments) {
  const auto pid = arguments.text(0, "pid");
  if (!pid) return tl::unexpected(pid.error());
  const auto names = names_in(arguments.at(1));
  if (!names) return base::fail(ErrorKind::invalid_argument, "files must be a list of names");
  auto done = associate_names(context, *pid, *names, takes_contents(arguments.at(2)));
  if (!done) return refused(*pid, done.error());
  return Value(Array{true, Array{}});
}

Expected<Answer> remove_files(const Context& context, const Arguments& arguments) {
  const auto pid = arguments.text(0, "pid");
  if (!pid) return tl::unexpected(pid.error());
  const auto names = arguments.at(1).is_nil() ? std::nullopt : names_in(arguments.at(1));
  if (!names) return refusal("files param must be string or array of string");
  auto done = context.editor->remove(context.packages.src(), *pid, *names);
  if (!done) return refused(*pid, done.error());
  return Value(Array{true, 0});
}

Expected<Answer> drop(const Context& context, const Arguments& arguments) {
  const auto pid = arguments.text(0, "pid");
  if (!pid) return tl::unexpected(pid.error());
  PULSE2_TRY(context.editor->drop(context.packages.src(), *pid));
  return Value(std::string(*pid));
}

/// putPackageXxx: edits one member of a package that exists.
Expected<Answer> put_member(const Context& context, const Arguments& arguments,
                            const char* member) {
  const auto pid = arguments.text(0, "pid");
  if (!pid) return tl::unexpected(pid.error());
  const auto change = [&](package::Package& description, bool is_new) -> Expected<void> {
    if (is_new) return base::fail(ErrorKind::not_found, "no such package");
    PULSE2_TRY(set_member(description, member, arguments.at(1)));
    if (!base::trim(description.label).empty()) return {};
    return base::fail(ErrorKind::invalid_argument, "a package must have a label");
  };
  const auto put = context.editor->put(context.packages.src(), std::string(*pid), change, false);
  if (!put) return tl::unexpected(put.error());
  return Value(0);
}

/// The size is what the files have: there is nothing to be set but the package must exist.
Expected<Answer> put_size(const Context& context, const Arguments& arguments) {
  const auto pid = arguments.text(0, "pid");
  if (!pid) return tl::unexpected(pid.error());
  if (!context.packages.known(*pid)) return base::fail(ErrorKind::not_found, "no such package");
  return Value(0);
}

/// putPackageFiles and addPackageFile: associatePackages without its level.
Expected<Answer> put_files(const Context& context, const Arguments& arguments) {
  const auto pid = arguments.text(0, "pid");
  if (!pid) return tl::unexpected(pid.error());
  const auto names = names_in(arguments.at(1));
  if (!names) return base::fail(ErrorKind::invalid_argument, "files must be a list of names");
  PULSE2_TRY(associate_names(context, *pid, *names, false));
  return Value(0);
}

using Handler = Expected<Answer> (*)(const Context&, const Arguments&);

/// The package that a call changes: its first parameter, or a member of that.
std::string package_of(const Arguments& arguments) {
  const auto* members = arguments.at(0).as_struct();
  const Value* id = members == nullptr ? &arguments.at(0) : members->find("id");
  return std::string(id == nullptr ? std::string_view() : id->as_string().value_or(""));
}

enum class Changes { nothing, a_package };

struct Entry {
  const char* name;
  std::size_t least;
  std::size_t most;
  Handler handler;
  Changes changes;
};

constexpr Entry k_methods[] = {
    {"getTemporaryFiles", 0, 0, list_files, Changes::nothing},
    {"getTemporaryFilesSuggestedCommand", 1, 1, suggest, Changes::nothing},
    {"pushPackage", 3, 3, push, Changes::nothing},
    {"putPackageDetail", 1, 2, put_detail, Changes::a_package},
    {"associatePackages", 2, 3, associate, Changes::a_package},
    {"removeFilesFromPackage", 2, 2, remove_files, Changes::a_package},
    {"dropPackage", 1, 1, drop, Changes::a_package},
    {"putPackageSize", 2, 2, put_size, Changes::a_package},
    {"putPackageFiles", 2, 2, put_files, Changes::a_package},
    {"addPackageFile", 2, 2, put_files, Changes::a_package},
};

struct SetterEntry {
  const char* name;
  const char* member;
};

constexpr SetterEntry k_setter_methods[] = {
    {"putPackageLabel", "label"},
    {"putPackageVersion", "version"},
    {"putPackageInstallInit", "installInit"},
    {"putPackagePreCommand", "preCommand"},
    {"putPackageCommand", "command"},
    {"putPackagePostCommandSuccess", "postCommandSuccess"},
    {"putPackagePostCommandFailure", "postCommandFailure"},
};

}  // namespace

MethodTable package_api_put_methods(const PackageView& packages, UploadFolder uploads,
                                    std::shared_ptr<catalog::Editor> editor) {
  const auto context =
      std::make_shared<const Context>(Context{packages, std::move(uploads), std::move(editor)});
  MethodTable table;
  // All but the status wait for disks.
  table.add("getRsyncStatus", {1, 1, [context](const Arguments& arguments) {
                                 return rsync_status(*context, arguments);
                               }});
  for (const Entry& entry : k_methods) {
    Method method{entry.least, entry.most,
                  [context, handler = entry.handler](const Arguments& arguments) {
                    return handler(*context, arguments);
                  },
                  Runs::pool};
    if (entry.changes == Changes::a_package) method.subject = package_of;
    table.add(entry.name, std::move(method));
  }
  for (const SetterEntry& entry : k_setter_methods) {
    Method method{2, 2,
                  [context, member = entry.member](const Arguments& arguments) {
                    return put_member(*context, arguments, member);
                  },
                  Runs::pool};
    method.subject = package_of;
    table.add(entry.name, std::move(method));
  }
  return table;
}

}  // namespace pulse2::api
