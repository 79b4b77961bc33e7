#include "os/accounts.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>

#include "base/text.hpp"

namespace pulse2::os {
namespace {

using base::Expected;

/// Enough for an entry of any database; grown when a group has thousands of members.
constexpr std::size_t k_first_buffer = 4096;
constexpr std::size_t k_largest_buffer = 16 << 20;

tl::unexpected<base::Error> system_failure(std::string_view what) {
  return tl::unexpected(base::errno_error(errno, what));
}

/// Calls one of the get…_r functions with a buffer that is large enough; nothing when there is no
/// such entry.
template <class Entry, class Look, class Key>
std::optional<Entry> look_up(Look look, Key key, std::vector<char>& buffer) {
  buffer.resize(k_first_buffer);
  for (;;) {
    Entry entry{};
    Entry* found = nullptr;
    const int status = look(key, &entry, buffer.data(), buffer.size(), &found);
    if (status == ERANGE && buffer.size() < k_largest_buffer) {
      buffer.resize(buffer.size() * 4);
      continue;
    }
    if (status != EINTR) return found == nullptr ? std::nullopt : std::optional<Entry>(entry);
  }
}

std::vector<gid_t> groups_of(const char* user, gid_t group) {
  std::vector<gid_t> groups(16);
  for (;;) {
    int count = static_cast<int>(groups.size());
    const bool fits = getgrouplist(user, group, groups.data(), &count) >= 0;
    groups.resize(static_cast<std::size_t>(count));
    if (fits) return groups;
  }
}

Expected<gid_t> find_group(const std::string& group) {
  std::vector<char> buffer;
  const auto entry = look_up<::group>(getgrnam_r, group.c_str(), buffer);
  if (entry) return entry->gr_gid;
  if (const auto number = base::parse_integer<gid_t>(group)) return *number;
  return base::fail(base::ErrorKind::not_found, "no such group: " + group);
}

}  // namespace

Expected<Account> find_account(const std::string& user, const std::string& group) {
  Account account;
  account.name = user;
  const auto found_group = find_group(group);
  std::vector<char> buffer;
  auto entry = look_up<passwd>(getpwnam_r, user.c_str(), buffer);
  const auto number = base::parse_integer<uid_t>(user);
  if (!entry && number) entry = look_up<passwd>(getpwuid_r, *number, buffer);
  if (!entry && !number) return base::fail(base::ErrorKind::not_found, "no such user: " + user);
  if (!found_group) return tl::unexpected(found_group.error());
  account.user = entry ? entry->pw_uid : *number;
  account.group = *found_group;
  account.groups =
      entry ? groups_of(entry->pw_name, account.group) : std::vector<gid_t>{account.group};
  return account;
}

Expected<void> become(const Account& account) {
  if (setgroups(account.groups.size(), account.groups.data()) != 0) {
    return system_failure("setgroups");
  }
  if (setresgid(account.group, account.group, account.group) != 0) {
    return system_failure("setresgid");
  }
  if (setresuid(account.user, account.user, account.user) != 0) return system_failure("setresuid");
  if (account.user != 0 && setuid(0) == 0) {
    return base::fail(base::ErrorKind::internal, "the rights of root could not be given up");
  }
  return {};
}

ActingAs::ActingAs(const Account& account) : m_group(getegid()) {
  m_groups.resize(static_cast<std::size_t>(getgroups(0, nullptr)));
  static_cast<void>(getgroups(static_cast<int>(m_groups.size()), m_groups.data()));
  if (setgroups(account.groups.size(), account.groups.data()) != 0) {
    m_outcome = system_failure("setgroups");
  } else if (setegid(account.group) != 0) {
    m_outcome = system_failure("setegid");
  } else if (seteuid(account.user) != 0) {
    m_outcome = system_failure("seteuid");
  }
}

ActingAs::~ActingAs() {
  const bool is_back =
      seteuid(0) == 0 && setegid(m_group) == 0 && setgroups(m_groups.size(), m_groups.data()) == 0;
  if (!is_back) std::abort();
}

bool is_root() noexcept {
  return geteuid() == 0;
}

std::string user_name() {
  std::vector<char> buffer;
  const auto entry = look_up<passwd>(getpwuid_r, geteuid(), buffer);
  return entry ? entry->pw_name : std::to_string(geteuid());
}

}  // namespace pulse2::os
