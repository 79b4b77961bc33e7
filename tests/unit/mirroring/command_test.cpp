#include "mirroring/command.hpp"

#include <gmock/gmock.h>

#include <set>

#include "golden.hpp"

namespace pulse2::mirroring {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::Not;

/// The lists of the recording, each once, without the program.
std::set<Arguments> recorded_lists() {
  std::set<Arguments> lists;
  for (const auto& line : test::golden_records("mirroring.jsonl")) {
    const auto* runs = line.if_contains("argv");
    if (runs == nullptr) continue;
    for (const auto& run : runs->as_array()) {
      Arguments list;
      for (const auto& argument : run.as_array())
        list.emplace_back(argument.as_string());
      lists.insert(std::move(list));
    }
  }
  return lists;
}

Arguments without_program(Arguments list) {
  EXPECT_EQ("/usr/bin/rsync", list.front());
  list.erase(list.begin());
  return list;
}

TEST(Command, ListsAreTheRecordedOnes) {
  const CommandOptions options;
  const std::string p1 = "@VAR@/p1";
  const std::string p2 = "@VAR@/p2";
  std::set<Arguments> ours;
  for (const char* name : {"targetA", "targetB"}) {
    const Target target(name);
    for (const char* folder : {"c0ffee01-2222-3333-4444-000000000003", "cdata", "dirname-differs",
                               "inv", "multi", "nofile", "test", "newpkg", "created"}) {
      ours.insert(without_program(copy_package(options, target, p1, folder)));
    }
    ours.insert(without_program(copy_package(options, target, p2, "second")));
    ours.insert(without_program(copy_tree(options, target, p1)));
    ours.insert(without_program(copy_tree(options, target, p2)));
    ours.insert(without_program(copy_level0(options, target, p1)));
  }
  EXPECT_EQ(recorded_lists(), ours);
}

TEST(Command, OptionsOfSshBecomeOneArgument) {
  CommandOptions options;
  options.ssh = {"IdentityFile=/etc/key", "BatchMode=yes"};
  const std::string shell = "/usr/bin/ssh -o IdentityFile=/etc/key -o BatchMode=yes";
  EXPECT_THAT(copy_package(options, Target("root@host"), "/srv/p1", "apps/x"),
              ElementsAre("/usr/bin/rsync", "-ar", "--delete", "--rsh", shell, "/srv/p1/apps/x",
                          "root@host:/srv/p1/apps"));
  EXPECT_THAT(
      copy_level0(options, Target("host"), "/srv/p1"),
      ElementsAre("/usr/bin/rsync", "-d", "--delete", "--rsh", shell, "/srv/p1/", "host:/srv/p1"));
  EXPECT_THAT(copy_tree(options, Target("host"), "/srv/p1"),
              ElementsAre("/usr/bin/rsync", "-ar", "--delete", "--rsh", shell, "/srv/p1",
                          "host:/srv/p1/.."));
  // To a daemon or a folder no shell is asked for.
  EXPECT_THAT(copy_tree(options, Target("rsync://host/module"), "/srv/p1"), Not(Contains("--rsh")));
  EXPECT_THAT(copy_tree(options, Target("/mnt/mirror"), "/srv/p1"), Not(Contains("--rsh")));
}

TEST(Command, FoldersAndDaemonsAreJoinedBySlashes) {
  const CommandOptions options;
  EXPECT_EQ("/mnt/mirror/srv/p1",
            copy_package(options, Target("/mnt/mirror/"), "/srv/p1", "x").back());
  EXPECT_EQ("rsync://h:873/m/srv/p1",
            copy_package(options, Target("rsync://h:873/m"), "/srv/p1", "x").back());
  EXPECT_EQ("h::m/srv/p1", copy_package(options, Target("h::m"), "/srv/p1", "x").back());
  EXPECT_EQ("[2001:db8::1]:/srv/p1",
            copy_package(options, Target("[2001:db8::1]"), "/srv/p1", "x").back());
}

TEST(Command, ExtrasStandAfterTheOptions) {
  CommandOptions options;
  options.partial_dir = ".partial";
  Extras extras;
  extras.bandwidth = 2 * 1024 * 1024 + 100;
  extras.checksum = true;
  extras.make_path = true;
  EXPECT_THAT(copy_package(options, Target("h"), "/srv/p1", "x", extras),
              ElementsAre("/usr/bin/rsync", "-ar", "--delete", "--mkpath", "--checksum",
                          "--partial-dir=.partial", "--bwlimit=2048", "/srv/p1/x", "h:/srv/p1"));
  extras = {};
  extras.bandwidth = 1;
  EXPECT_THAT(copy_package(options, Target("h"), "/srv/p1", "x", extras), Contains("--bwlimit=1"));
}

TEST(Command, AVerificationChangesNothing) {
  EXPECT_THAT(
      verify_package({}, Target("h"), "/srv/p1", "x"),
      ElementsAre("/usr/bin/rsync", "-ar", "--delete", "-n", "-c", "-i", "/srv/p1/x", "h:/srv/p1"));
}

TEST(Command, WithMissingParentsTheTreesParentIsNamed) {
  Extras extras;
  extras.make_path = true;
  EXPECT_THAT(copy_tree({}, Target("/mnt"), "/srv/p1", extras),
              ElementsAre("/usr/bin/rsync", "-ar", "--delete", "--mkpath", "/srv/p1", "/mnt/srv"));
  EXPECT_EQ("/mnt/", copy_tree({}, Target("/mnt"), "/p1", extras).back());
}

TEST(Command, WhatIsLeftAloneIsExcludedByName) {
  Extras extras;
  extras.left_alone = {".pulse2-staging", "a[b]*c\\d"};
  EXPECT_THAT(
      copy_tree({}, Target("h"), "/srv/p1", extras),
      ElementsAreArray({"/usr/bin/rsync", "-ar", "--delete", "--exclude=/p1/.pulse2-staging",
                        "--exclude=/p1/a\\[b]\\*c\\\\d", "/srv/p1", "h:/srv/p1/.."}));
  EXPECT_THAT(copy_level0({}, Target("h"), "/srv/p1", extras),
              Contains("--exclude=/.pulse2-staging"));
}

}  // namespace
}  // namespace pulse2::mirroring
