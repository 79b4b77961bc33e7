#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "imaging/replay_queue.hpp"
#include "store/sqlite.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::imaging {

/// A call that is to be kept.
struct AddedCall {
  WaitingCall call;
  std::string body;  ///< the call as XML
};
/// One that is over.
struct RemovedCall {
  std::int64_t id = 0;
};
using CallChange = std::variant<AddedCall, RemovedCall>;

/// Calls for the agent on disk (option rpc_replay_file). Every change is durable when the call
/// returns. Callable from any thread; waits for the disk.
class CallStore {
 public:
  /// Opens or makes the file. A queue of the former server that stands there is taken over first
  /// and kept beside it as `<file>.migrated`; one that can't be read as `<file>.damaged`, with an
  /// error in the log. Error `conflict` for a file of a newer version.
  [[nodiscard]] static base::Expected<std::unique_ptr<CallStore>> open(const std::string& path);

  /// Makes all changes, in one transaction, or none.
  [[nodiscard]] base::Expected<void> apply(const std::vector<CallChange>& changes);
  /// Error `not_found` when there is no such call.
  [[nodiscard]] base::Expected<xmlrpc::Array> params_of(std::int64_t id);
  /// In the order of their ids.
  [[nodiscard]] base::Expected<std::vector<WaitingCall>> all();

 private:
  CallStore(store::Database database, store::Statement insert, store::Statement erase);
  [[nodiscard]] static base::Expected<std::unique_ptr<CallStore>> open_database(
      const std::string& path);
  [[nodiscard]] static base::Expected<void> take_over(const std::string& path);
  [[nodiscard]] base::Expected<void> add(const AddedCall& added);
  [[nodiscard]] base::Expected<void> remove(const RemovedCall& removed);

  std::mutex m_mutex;  ///< one user of the database at a time
  store::Database m_database;
  store::Statement m_insert;
  store::Statement m_erase;
};

}  // namespace pulse2::imaging
