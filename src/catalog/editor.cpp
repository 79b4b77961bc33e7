#include "catalog/editor.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/names.hpp"
#include "base/text.hpp"
#include "catalog/entry_builder.hpp"
#include "catalog/served_digests.hpp"
#include "os/tree.hpp"
#include "package/conf_json.hpp"
#include "package/conf_xml.hpp"

namespace pulse2::catalog {

using base::ErrorKind;
using base::Expected;

namespace {

tl::unexpected<base::Error> unknown_package() {
  return base::fail(ErrorKind::not_found, "This package don't exists");
}

std::string without_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/')
    path.remove_suffix(1);
  return std::string(path);
}

bool is_reserved(std::string_view name) {
  return name == k_conf_xml || name == k_conf_json || name == k_md5sums;
}

/// Whether `name` is `item` or stands below it.
bool is_within(std::string_view name, std::string_view item) {
  return name.starts_with(item) && (name.size() == item.size() || name[item.size()] == '/');
}

/// False when it is known that the folder has no description.
bool has_description(const std::string& folder) {
  for (const auto name : {k_conf_xml, k_conf_json}) {
    const auto status = os::status_of(folder + "/" + std::string(name));
    if (status || status.error().kind != ErrorKind::not_found) return true;
  }
  return false;
}

/// Whether the package's MD5SUMS names any.
bool has_files(const std::string& folder) {
  const auto status = os::status_of(folder + "/" + std::string(k_md5sums));
  return status && status->size > 0;
}

Expected<void> remove_file_below(int folder, std::string_view name) {
  const auto [below, last] = base::split_last(name, '/');
  auto opened = os::open_folder_below(folder, below);
  if (!opened) return tl::unexpected(std::move(opened).error());
  return os::unlink_at(opened->get(), std::string(last));
}

Expected<void> check(const package::Package& description, const std::string& pid) {
  if (description.id != pid) return base::fail(ErrorKind::internal, "an edit changed a package id");
  return package::check_texts(description);
}

std::shared_ptr<const EditorOptions> with_plain_srcs(EditorOptions options) {
  for (auto& src : options.srcs)
    src = without_slashes(src);
  return std::make_shared<const EditorOptions>(std::move(options));
}

}  // namespace

Editor::Editor(EditorOptions options, Catalog& catalog, store::State& state, SyncLedger& ledger,
               PackageLocks& locks, os::ThreadPool& pool, Reporter& reporter)
    : m_options(with_plain_srcs(std::move(options))),
      m_catalog(catalog),
      m_state(state),
      m_ledger(ledger),
      m_locks(locks),
      m_pool(pool),
      m_reporter(reporter) {}

void Editor::set_options(EditorOptions options) {
  const auto before = m_options.get();
  auto next = with_plain_srcs(std::move(options));
  for (const auto& src : next->srcs) {
    if (std::find(before->srcs.begin(), before->srcs.end(), src) == before->srcs.end()) {
      recover(src);
    }
  }
  m_options.set(std::move(next));
}

void Editor::recover(const std::string& src) {
  const auto recovered = Draft::recover(src);
  if (!recovered) {
    m_reporter.report(Severity::warning, "editor.staging_not_cleared",
                      src + ": " + recovered.error().for_operator());
  } else if (*recovered) {
    m_reporter.report(Severity::info, "editor.staging_cleared",
                      src + ": removed what an interrupted change left behind");
  }
}

void Editor::recover() {
  const auto options = m_options.get();
  for (const auto& src : options->srcs)
    recover(src);
  // A package that waits was made by us in the folder of its id; noted first, it may not exist. One
  // that has files got them by a call that was cut short before it noted the end of the wait.
  for (const auto& [src, pid] : m_state.waiting()) {
    std::string folder = src;
    folder.append("/").append(pid);
    if (has_description(folder) && !has_files(folder)) continue;
    (void)m_state.set_waiting(src, pid, false);
  }
}

Editor::EntryPointer Editor::find(std::string_view src, std::string_view pid) const {
  const auto snapshot = m_catalog.snapshot();
  auto entry = snapshot->find(src, pid);
  return entry ? entry : snapshot->find_any(pid);
}

bool Editor::may_change(std::string_view src) const {
  const auto options = m_options.get();
  return std::find(options->srcs.begin(), options->srcs.end(), without_slashes(src)) !=
         options->srcs.end();
}

Expected<void> Editor::check_tree(std::string_view src) const {
  const auto options = m_options.get();
  const auto objection = options->objection ? options->objection(src) : std::nullopt;
  if (!objection) return {};
  return base::fail(ErrorKind::unavailable, "the packages are out of reach, try again later",
                    std::string(src) + ": " + *objection);
}

bool Editor::is_all_found() const {
  const auto phase = m_catalog.progress().phase;
  return phase == Progress::Phase::verifying || phase == Progress::Phase::done;
}

Expected<Editor::EntryPointer> Editor::find_editable(std::string_view src,
                                                     std::string_view pid) const {
  auto entry = find(src, pid);
  if (!entry) return unknown_package();
  if (!may_change(*entry->src)) {
    return base::fail(ErrorKind::permission_denied,
                      "this package belongs to a tree that can't be changed from here");
  }
  PULSE2_TRY(check_tree(*entry->src));
  return entry;
}

Expected<SyncLedger::ChangePointer> Editor::note_change(const Entry& entry) {
  return m_ledger.begin_change(*entry.src, {{entry.id, entry.folder}});
}

Expected<Draft> Editor::draft_of(const Entry& entry) {
  auto root = os::Root::open(*entry.src, m_options.get()->follow_links_to);
  if (!root) return tl::unexpected(std::move(root).error());
  auto draft = Draft::open(std::move(*root), entry.folder);
  if (!draft) return draft;
  PULSE2_TRY(draft->read(m_reporter));
  if (draft->package().description.id != entry.id) {
    return base::fail(ErrorKind::conflict, "the package was changed on the disk meanwhile");
  }
  // Until everything is verified an MD5SUMS may only be believed.
  if (m_catalog.progress().phase == Progress::Phase::done) {
    take_served_digests(entry, read_md5sums(draft->root(), entry.folder), draft->package());
  }
  return draft;
}

Expected<Editor::PutResult> Editor::put(std::string_view src, const std::string& pid,
                                        const Change& change, bool waits) {
  PULSE2_TRY(base::check_component(pid, "package id"));
  const auto lock = m_locks.lock(pid);
  const auto known = find(src, pid);
  if (known) {
    auto editable = find_editable(src, pid);
    if (!editable) return tl::unexpected(std::move(editable).error());
    auto entry = edit(**editable, change);
    if (!entry) return tl::unexpected(std::move(entry).error());
    return PutResult{std::move(*entry), false};
  }
  if (!is_all_found()) {
    return base::fail(ErrorKind::unavailable,
                      "the packages are still being read, try again in a while");
  }
  auto entry = create(src, pid, change, waits);
  if (!entry) return tl::unexpected(std::move(entry).error());
  return PutResult{std::move(*entry), true};
}

Expected<Editor::EntryPointer> Editor::create(std::string_view src, const std::string& pid,
                                              const Change& change, bool waits) {
  if (pid.starts_with(os::k_temporary_prefix) || pid == k_staging_folder) {
    return base::fail(ErrorKind::invalid_argument, "this package id is reserved");
  }
  package::Package description;
  description.id = pid;
  PULSE2_TRY(change(description, true));
  PULSE2_TRY(check(description, pid));
  const auto tree = std::make_shared<const std::string>(without_slashes(src));
  PULSE2_TRY(check_tree(*tree));
  auto root = os::Root::open(*tree, m_options.get()->follow_links_to);
  if (!root) return tl::unexpected(std::move(root).error());
  auto draft = Draft::open(std::move(*root), pid);
  if (!draft) return tl::unexpected(std::move(draft).error());
  const std::string text = package::write_conf_xml(description);
  auto parsed = package::parse_conf_xml(text);
  if (!parsed) return tl::unexpected(std::move(parsed).error());
  draft->package().description = std::move(*parsed);
  PULSE2_TRY(draft->stage_new());
  PULSE2_TRY(draft->stage_text(k_conf_xml, text));
  PULSE2_TRY(draft->stage_text(k_md5sums, md5sums_text(draft->package())));
  const auto change_noted = m_ledger.begin_change(*tree, {{pid, pid}});
  if (!change_noted) return tl::unexpected(change_noted.error());
  // Noted first: after a crash a note without its package is forgotten.
  PULSE2_TRY(m_state.set_waiting(*tree, pid, waits));
  if (auto done = draft->commit_new(); !done) {
    (void)m_state.set_waiting(*tree, pid, false);
    return tl::unexpected(std::move(done).error());
  }
  return publish(*draft, tree, 1);
}

Expected<Editor::EntryPointer> Editor::edit(const Entry& entry, const Change& change) {
  auto draft = draft_of(entry);
  if (!draft) return tl::unexpected(std::move(draft).error());
  auto description = draft->read_description();
  if (!description) return tl::unexpected(std::move(description).error());
  package::Package edited = description->current();
  PULSE2_TRY(change(edited, false));
  PULSE2_TRY(check(edited, entry.id));
  PULSE2_TRY(draft->hash(m_pool, m_cancelled));
  const auto change_noted = note_change(entry);
  if (!change_noted) return tl::unexpected(change_noted.error());
  PULSE2_TRY(write(*draft, *description, std::move(edited)));
  return publish(*draft, entry.src, entry.generation + 1);
}

Expected<void> Editor::write(Draft& draft, const Description& description,
                             package::Package edited) {
  std::string json;
  std::string xml;
  if (description.xml) {
    edited.extras = description.xml->extras;
    xml = package::write_conf_xml(edited);
  }
  if (description.json) {
    edited.extras = description.json->extras;
    json = package::write_conf_json(edited);
  }
  auto parsed = json.empty() ? package::parse_conf_xml(xml) : package::parse_conf_json(json);
  if (!parsed) return tl::unexpected(std::move(parsed).error());
  auto& package = draft.package();
  package.description = std::move(*parsed);
  package.description.extras = {};
  if (json.empty()) return draft.write_in_place(k_conf_xml, xml);
  if (xml.empty()) return draft.write_in_place(k_conf_json, json);
  // Two files change in one step only with their folder.
  PULSE2_TRY(draft.stage_links());
  PULSE2_TRY(draft.stage_text(k_conf_xml, xml));
  PULSE2_TRY(draft.stage_text(k_conf_json, json));
  return draft.commit_exchange();
}

Editor::EntryPointer Editor::publish(Draft& draft, std::shared_ptr<const std::string> src,
                                     std::uint64_t generation) {
  const bool is_as_made = draft.settle();
  const auto& package = draft.package();
  auto entry = build_entry(package, md5sums_text(package), std::move(src), generation);
  entry->waits_for_files = m_state.waits_for_files(*entry->src, entry->id);
  if (is_as_made) {
    const std::string base = entry->basepath() + "/";
    for (const auto& file : package.files)
      m_catalog.remember(base + file.name, file.status, *file.md5);
  } else {
    // Detection finds out what somebody else does there.
    entry->fingerprint = {};
  }
  serve(*entry->src, entry->folder, entry);
  return entry;
}

void Editor::serve(std::string_view src, const std::string& folder, EntryPointer entry) {
  // Fails for a tree that a reload took away meanwhile: the change is made, nobody is served it.
  (void)m_catalog.replace(src, folder, std::move(entry));
}

Expected<Editor::EntryPointer> Editor::end_wait(const EntryPointer& entry) {
  if (!entry->waits_for_files) return entry;
  PULSE2_TRY(m_state.set_waiting(*entry->src, entry->id, false));
  auto ready = std::make_shared<Entry>(*entry);
  ready->waits_for_files = false;
  serve(*ready->src, ready->folder, ready);
  return ready;
}

Expected<Editor::EntryPointer> Editor::add(std::string_view src, std::string_view pid,
                                           const std::vector<Addition>& additions) {
  const auto lock = m_locks.lock(pid);
  auto entry = find_editable(src, pid);
  if (!entry) return entry;
  if (additions.empty()) return end_wait(*entry);
  auto draft = draft_of(**entry);
  if (!draft) return tl::unexpected(std::move(draft).error());
  PULSE2_TRY(draft->stage_links());
  for (const auto& addition : additions) {
    PULSE2_TRY(base::check_component(addition.item, "file name"));
    if (!is_reserved(addition.item)) {
      PULSE2_TRY(draft->stage_item(addition.folder, addition.item));
    }
  }
  PULSE2_TRY(draft->hash(m_pool, m_cancelled));
  PULSE2_TRY(draft->stage_text(k_md5sums, md5sums_text(draft->package())));
  const auto change_noted = note_change(**entry);
  if (!change_noted) return tl::unexpected(change_noted.error());
  PULSE2_TRY(draft->commit_exchange());
  // Noted last: after a crash before, the next start ends the wait of a package that has files.
  if (auto noted = m_state.set_waiting(*(*entry)->src, pid, false); !noted) {
    if (auto undone = draft->undo_exchange(); !undone) {
      noted.error().detail += "; undoing it failed too: " + undone.error().for_operator();
    }
    return tl::unexpected(std::move(noted).error());
  }
  // Before the statuses are read: a file that was linked shares its status with the upload's.
  for (const auto& addition : additions)
    clear_upload(addition, draft->package().files);
  return publish(*draft, (*entry)->src, (*entry)->generation + 1);
}

void Editor::clear_upload(const Addition& addition, const std::vector<FoundFile>& files) {
  const auto remove = [&](const std::string& name) {
    const auto gone = remove_file_below(addition.folder, name);
    if (gone || gone.error().kind == ErrorKind::not_found) return;
    m_reporter.report(Severity::warning, "editor.upload_not_removed",
                      base::printable(name) + ": " + gone.error().for_operator());
  };
  if (is_reserved(addition.item)) return remove(addition.item);
  for (const auto& file : files) {
    if (is_within(file.name, addition.item)) remove(file.name);
  }
  os::remove_empty_folders_at(addition.folder, addition.item);
}

Expected<Editor::EntryPointer> Editor::remove(std::string_view src, std::string_view pid,
                                              const std::vector<std::string>& names) {
  const auto lock = m_locks.lock(pid);
  if (auto present = find(src, pid); present && names.empty()) return present;
  auto entry = find_editable(src, pid);
  if (!entry) return entry;
  auto draft = draft_of(**entry);
  if (!draft) return tl::unexpected(std::move(draft).error());
  const auto& files = draft->package().files;
  for (const auto& name : names) {
    PULSE2_TRY(base::check_relative_path(name, "file name"));
    const auto is_file = [&](const FoundFile& file) { return file.name == name; };
    if (std::none_of(files.begin(), files.end(), is_file)) {
      return base::fail(ErrorKind::not_found,
                        "'" + base::printable(name) + "' is no file of this package");
    }
  }
  std::vector<std::string> unique = names;
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());
  PULSE2_TRY(draft->stage_links());
  for (const auto& name : unique)
    PULSE2_TRY(draft->unstage_file(name));
  PULSE2_TRY(draft->hash(m_pool, m_cancelled));
  PULSE2_TRY(draft->stage_text(k_md5sums, md5sums_text(draft->package())));
  const auto change_noted = note_change(**entry);
  if (!change_noted) return tl::unexpected(change_noted.error());
  PULSE2_TRY(draft->commit_exchange());
  return publish(*draft, (*entry)->src, (*entry)->generation + 1);
}

Expected<void> Editor::begin_upload(const std::string& folder) {
  return m_state.note_upload(folder, std::chrono::system_clock::now());
}

void Editor::end_upload(const std::string& folder) {
  // A note that stays is forgotten after a day.
  (void)m_state.forget_upload(folder);
}

Expected<void> Editor::take_away(Draft& draft) {
  return m_options.get()->real_deletion ? draft.commit_removal() : draft.commit_withdrawal();
}

Expected<void> Editor::drop(std::string_view src, std::string_view pid) {
  const auto lock = m_locks.lock(pid);
  const std::string tree = without_slashes(src);
  if (!find(tree, pid)) {
    const auto dropped = m_state.was_dropped(tree, pid);
    if (!dropped) return tl::unexpected(dropped.error());
    if (*dropped) return {};
  }
  auto found = find_editable(tree, pid);
  if (!found) return tl::unexpected(std::move(found).error());
  const Entry& entry = **found;
  auto root = os::Root::open(*entry.src, m_options.get()->follow_links_to);
  if (!root) return tl::unexpected(std::move(root).error());
  auto draft = Draft::open(std::move(*root), entry.folder);
  if (!draft) return tl::unexpected(std::move(draft).error());
  const auto change_noted = note_change(entry);
  if (!change_noted) return tl::unexpected(change_noted.error());
  // Noted first: were it lost, a second call would fail for a package that is gone.
  PULSE2_TRY(m_state.set_dropped(*entry.src, pid, true));
  if (auto done = take_away(*draft); !done) {
    (void)m_state.set_dropped(*entry.src, pid, false);
    return done;
  }
  serve(*entry.src, entry.folder, nullptr);
  // It is gone, whether or not this can be noted; the next start forgets it else.
  if (auto noted = m_state.set_waiting(*entry.src, pid, false); !noted) {
    m_reporter.report(Severity::warning, "editor.state_not_written",
                      base::printable(pid) + ": " + noted.error().for_operator());
  }
  return {};
}

}  // namespace pulse2::catalog
