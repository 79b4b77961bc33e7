#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.hpp"

/// Users and groups that a process runs as.
namespace pulse2::os {

/// A user with its groups, as it would log in.
struct Account {
  std::string name;  ///< as it was asked for
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  ///< supplementary ones, `group` among them

  [[nodiscard]] bool is_root() const noexcept { return user == 0 && group == 0; }
};

/// Both by name or by number. Error `not_found` that says which of them does not exist; a number
/// needs no entry in the databases.
[[nodiscard]] base::Expected<Account> find_account(const std::string& user,
                                                   const std::string& group);

/// Becomes the account for good: there is no way back to root. Only as root, before any thread
/// starts.
[[nodiscard]] base::Expected<void> become(const Account& account);

/// As root: has the account's rights as long as it lives. Before any thread starts.
class ActingAs {
 public:
  explicit ActingAs(const Account& account);
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;
  /// Ends the process when the rights don't come back.
  ~ActingAs();

  /// What went wrong at the begin; the rights are those of before then.
  [[nodiscard]] const base::Expected<void>& outcome() const noexcept { return m_outcome; }

 private:
  gid_t m_group;
  std::vector<gid_t> m_groups;
  base::Expected<void> m_outcome;
};

/// Whether this process has the rights of root.
[[nodiscard]] bool is_root() noexcept;
/// The name of the user that this process runs as, or its number.
[[nodiscard]] std::string user_name();

}  // namespace pulse2::os
