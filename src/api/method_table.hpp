#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/package_list.hpp"
#include "base/error.hpp"
#include "catalog/snapshot.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::api {

/// The parameters of one call, read with their types. Every error is `invalid_argument` and names
/// the parameter. Views live as long as the call.
class Arguments {
 public:
  explicit Arguments(const xmlrpc::Array& values) : m_values(values) {}

  [[nodiscard]] std::size_t size() const noexcept { return m_values.size(); }
  [[nodiscard]] bool has(std::size_t index) const noexcept { return index < m_values.size(); }
  /// The value itself; nil when that parameter was not sent.
  [[nodiscard]] const xmlrpc::Value& at(std::size_t index) const noexcept;

  /// `name` is what the error calls the parameter.
  [[nodiscard]] base::Expected<std::string_view> text(std::size_t index,
                                                      std::string_view name) const;
  [[nodiscard]] base::Expected<const xmlrpc::Array*> array(std::size_t index,
                                                           std::string_view name) const;
  [[nodiscard]] base::Expected<const xmlrpc::Struct*> structure(std::size_t index,
                                                                std::string_view name) const;

 private:
  const xmlrpc::Array& m_values;
};

/// One package that is sent from its fragment.
using OnePackage = std::shared_ptr<const catalog::Entry>;

/// What a method answers.
using Answer = std::variant<xmlrpc::Value, PackageListPointer, OnePackage>;

/// Where a method runs: `pool` for those that wait for a disk.
enum class Runs { at_once, pool };

/// Who may call a method: `writers` are the addresses of `[http] write_from`.
enum class Access { everyone, writers };

struct Method {
  std::size_t least = 0;  ///< parameters
  std::size_t most = 0;
  /// Called by any thread, also at the same time. An error becomes a failure struct.
  std::function<base::Expected<Answer>(const Arguments&)> call;
  Runs runs = Runs::at_once;
  /// Awaited instead of `call` by methods that wait for others; the arguments live meanwhile.
  std::function<boost::asio::awaitable<base::Expected<Answer>>(const Arguments&)> awaited = {};
  Access access = Access::everyone;
  /// What the call changes, of methods that run on the pool: calls with the same one follow each
  /// other. Empty, or no function: the call waits for no other.
  std::function<std::string(const Arguments&)> subject = {};
};

/// The methods of a mount point. Sections that share one are merged by adding all their methods:
/// of methods with the same name the first whose number of parameters fits is called.
class MethodTable {
 public:
  using Variants = std::vector<Method>;

  void add(std::string name, Method method);
  /// Adds all methods of another table after those of this one.
  void add(const MethodTable& other);
  /// Leaves all methods to those who may write.
  void restrict_to_writers();
  /// Null for an unknown name. Valid until the table is changed.
  [[nodiscard]] const Variants* find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  std::map<std::string, Variants, std::less<>> m_methods;
};

/// The method to call for that many parameters. Error `invalid_argument` says how many are taken.
[[nodiscard]] base::Expected<const Method*> select(const MethodTable::Variants& variants,
                                                   std::string_view name, std::size_t count);

}  // namespace pulse2::api
