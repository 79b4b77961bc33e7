#include "os/accounts.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pulse2::os {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST(FindAccount, knows_names_and_numbers) {
  for (const char* name : {"root", "0"}) {
    const auto account = find_account(name, name);
    ASSERT_TRUE(account) << account.error().for_operator();
    EXPECT_TRUE(account->is_root());
    EXPECT_THAT(account->groups, Contains(0U));
  }
}

TEST(FindAccount, takes_a_number_that_nobody_has) {
  const auto account = find_account("3999999999", "3999999998");
  ASSERT_TRUE(account) << account.error().for_operator();
  EXPECT_EQ(account->user, 3999999999U);
  EXPECT_EQ(account->groups, std::vector<gid_t>{3999999998U});
}

TEST(FindAccount, says_which_is_missing) {
  EXPECT_EQ(find_account("no-such-user", "root").error().message, "no such user: no-such-user");
  EXPECT_EQ(find_account("root", "no-such-group").error().message, "no such group: no-such-group");
  EXPECT_FALSE(find_account("-1", "root"));
}

/// Runs `check` in a process of its own, which may change its user.
void in_a_child(const std::function<bool()>& check) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(Become, is_for_good) {
  if (!is_root()) GTEST_SKIP() << "only root can become another user";
  in_a_child([] {
    const auto account = find_account("65534", "65533");
    return account && become(*account) && getuid() == 65534 && getegid() == 65533 &&
           setuid(0) != 0 && !is_root();
  });
}

TEST(ActingAs, ends_with_the_rights_of_before) {
  if (!is_root()) GTEST_SKIP() << "only root can act as another user";
  in_a_child([] {
    const auto account = find_account("65534", "65533");
    {
      const ActingAs acting(*account);
      if (!acting.outcome() || geteuid() != 65534 || getegid() != 65533) return false;
      if (access("/etc/shadow", F_OK) != 0) return false;
    }
    return geteuid() == 0 && getegid() == 0 && getgroups(0, nullptr) >= 0;
  });
}

}  // namespace
}  // namespace pulse2::os
