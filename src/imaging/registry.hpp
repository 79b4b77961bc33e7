#pragma once

#include <optional>
#include <string>

#include "imaging/agent.hpp"
#include "imaging/computer_cache.hpp"
#include "imaging/computer_name.hpp"
#include "imaging/operations.hpp"

namespace pulse2::imaging {

/// Which computers there are: the cache first, then the agent. Belongs to the imaging thread.
class Registry {
 public:
  /// All outlive the registry. `server` is this server's UUID.
  Registry(std::string server, ComputerCache& cache, Agent& agent)
      : m_server(std::move(server)), m_cache(cache), m_agent(agent) {}

  /// From the cache, else from the agent; then it is in the cache.
  [[nodiscard]] Awaitable<base::Expected<Computer>> find(Address address);
  /// See Administration::computer_record().
  [[nodiscard]] Awaitable<base::Expected<xmlrpc::Value>> record(Address address);
  /// From the cache only. Error `not_found`.
  [[nodiscard]] base::Expected<Computer> find_cached(const base::Mac& mac);

  /// Whom a log line from this address is about: like find(), but while the agent does not answer
  /// an entry that is too old otherwise will do.
  [[nodiscard]] Awaitable<base::Expected<Computer>> find_sender(Address address);

  /// Registers at the agent. The computer is in the cache file then. Errors `invalid_argument` for
  /// a name or address that is none, `conflict` when the agent refuses, `unavailable` and others
  /// when it does not answer.
  [[nodiscard]] Awaitable<base::Expected<Computer>> register_at_agent(std::string name,
                                                                      std::string address,
                                                                      bool wait);
  /// Takes a registration over that the agent made under that UUID.
  [[nodiscard]] Awaitable<base::Expected<Computer>> adopt(std::string uuid, ComputerName name,
                                                          base::Mac mac);

 private:
  /// What the agent tells of a computer: put into the cache, and as it came.
  struct Told {
    Computer computer;
    xmlrpc::Struct record;
  };
  [[nodiscard]] Awaitable<base::Expected<Told>> ask_agent(Address address);
  /// Brings the cache's file up to date; a failure is logged, the memory holds what counts.
  [[nodiscard]] Awaitable<void> save_cache();
  [[nodiscard]] Awaitable<base::Expected<Computer>> keep(Computer computer);

  std::string m_server;
  ComputerCache& m_cache;
  Agent& m_agent;
};

}  // namespace pulse2::imaging
