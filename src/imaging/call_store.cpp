#include "imaging/call_store.hpp"

#include <string_view>
#include <utility>

#include "imaging/former_queue.hpp"
#include "log/log.hpp"
#include "os/file.hpp"
#include "store/former_file.hpp"
#include "store/migration.hpp"
#include "xmlrpc/decode.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::uint64_t k_longest_pickle = 64U << 20U;

constexpr const char* k_first_schema =
    "CREATE TABLE calls (id INTEGER PRIMARY KEY, first_made INTEGER NOT NULL, lane TEXT NOT NULL,"
    " method TEXT NOT NULL, body BLOB NOT NULL);";

}  // namespace

CallStore::CallStore(store::Database database, store::Statement insert, store::Statement erase)
    : m_database(std::move(database)), m_insert(std::move(insert)), m_erase(std::move(erase)) {}

Expected<std::unique_ptr<CallStore>> CallStore::open(const std::string& path) {
  auto former = store::is_former_file(path);
  if (!former) return tl::unexpected(std::move(former).error());
  if (*former) {
    if (auto taken = take_over(path); !taken) return tl::unexpected(std::move(taken).error());
  }
  return open_database(path);
}

Expected<std::unique_ptr<CallStore>> CallStore::open_database(const std::string& path) {
  auto database = store::open_migrated(path, {k_first_schema});
  if (!database) return tl::unexpected(std::move(database).error());
  // What was acknowledged survives a power cut: every transaction is synced.
  PULSE2_TRY(database->execute("PRAGMA synchronous=FULL"));
  auto insert = database->prepare("INSERT INTO calls VALUES (?, ?, ?, ?, ?)");
  if (!insert) return tl::unexpected(std::move(insert).error());
  auto erase = database->prepare("DELETE FROM calls WHERE id=?");
  if (!erase) return tl::unexpected(std::move(erase).error());
  return std::unique_ptr<CallStore>(
      new CallStore(std::move(*database), std::move(*insert), std::move(*erase)));
}

Expected<void> CallStore::take_over(const std::string& path) {
  auto bytes = os::read_file(path, k_longest_pickle);
  if (!bytes) return tl::unexpected(std::move(bytes).error());
  const auto calls = read_former_queue(*bytes);
  if (!calls) {
    log::error("imaging.replay.damaged", "{} is kept as {}.damaged: {}", path, path,
               calls.error().for_operator());
    return store::set_aside(path, ".damaged");
  }
  const auto fill = [&calls](const std::string& fresh) -> Expected<void> {
    auto store = open_database(fresh);
    if (!store) return tl::unexpected(std::move(store).error());
    std::vector<CallChange> changes;
    for (const FormerCall& former : *calls)
      changes.emplace_back(
          AddedCall{former.call, xmlrpc::encode_call(former.call.method, former.params)});
    return (*store)->apply(changes);
  };
  PULSE2_TRY(store::replace_former_file(path, *bytes, fill));
  log::info("imaging.replay.migrated", "{} calls of the former server's queue {} were taken over",
            calls->size(), path);
  return {};
}

Expected<void> CallStore::apply(const std::vector<CallChange>& changes) {
  const std::lock_guard lock(m_mutex);
  return m_database.in_transaction([&]() -> Expected<void> {
    for (const CallChange& change : changes) {
      const auto* added = std::get_if<AddedCall>(&change);
      PULSE2_TRY(added != nullptr ? add(*added) : remove(std::get<RemovedCall>(change)));
    }
    return {};
  });
}

Expected<void> CallStore::add(const AddedCall& added) {
  m_insert.bind(1, added.call.id);
  m_insert.bind(2, static_cast<std::int64_t>(added.call.first_made.count()));
  m_insert.bind_text(3, added.call.lane);
  m_insert.bind_text(4, added.call.method);
  m_insert.bind_blob(5, added.body);
  return m_insert.run();
}

Expected<void> CallStore::remove(const RemovedCall& removed) {
  m_erase.bind(1, removed.id);
  return m_erase.run();
}

Expected<xmlrpc::Array> CallStore::params_of(std::int64_t id) {
  std::string body;
  {
    const std::lock_guard lock(m_mutex);
    auto select = m_database.prepare("SELECT body FROM calls WHERE id=?");
    if (!select) return tl::unexpected(std::move(select).error());
    select->bind(1, id);
    auto row = select->step();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) return base::fail(ErrorKind::not_found, "no such call waits");
    body = select->bytes(0);
  }
  auto call = xmlrpc::decode_call(body);
  if (!call) return tl::unexpected(std::move(call).error());
  // Long texts refer to the body, which ends here.
  for (auto& param : call->params)
    param = param.to_owned();
  return std::move(call->params);
}

Expected<std::vector<WaitingCall>> CallStore::all() {
  const std::lock_guard lock(m_mutex);
  auto select = m_database.prepare("SELECT id, first_made, lane, method FROM calls ORDER BY id");
  if (!select) return tl::unexpected(std::move(select).error());
  std::vector<WaitingCall> calls;
  for (;;) {
    auto row = select->step();
    if (!row) return tl::unexpected(std::move(row).error());
    if (!*row) return calls;
    calls.push_back({select->integer(0), std::chrono::milliseconds(select->integer(1)),
                     std::string(select->bytes(2)), std::string(select->bytes(3))});
  }
}

}  // namespace pulse2::imaging
