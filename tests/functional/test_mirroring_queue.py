"""What is pending, in which order and how often it runs: with a program that only takes notes."""
import sqlite3
import time
import unittest

from tests.support.mirroring import MirrorTest, configuration
from tests.support.recorder import Recorder
from tests.support.server import wait_until
from tests.support.targets import FolderTarget

NO_TREES = "package_global_mirror_activate = 0"


class Queue(MirrorTest):
    """The durable queue."""

    def start_recorder(self, targets, *options, body="exit 0", ready=True):
        self.program = Recorder(self.base / "program", body)
        self.options = (f"package_mirror_command = {self.program.program}", *options)
        self.start(targets, *self.options, ready=ready)

    def copies_of(self, pid, target):
        return [call for call in self.program.calls()
                if call[-2:] == [f"{self.src}/{pid}", f"{target}:{self.src}"]]

    def test_arguments_and_environment(self):
        self.package("p")
        self.start_recorder(["host"], "package_mirror_command_options_ssh_options = A=1 B=2",
                            "package_mirror_bandwidth = 3M host=500K",
                            "package_mirror_partial_dir = .part")
        self.await_synchronised("p")
        extra = ["--partial-dir=.part", "--bwlimit=500", "--rsh", "/usr/bin/ssh -o A=1 -o B=2"]
        wait_until(lambda: len(self.program.calls()) == 2, "the tree is copied, too")
        self.assertIn(["-ar", "--delete", *extra, f"{self.src}/p", f"host:{self.src}"],
                      self.program.calls())
        self.assertIn(["-ar", "--delete", *extra, str(self.src), f"host:{self.src}/.."],
                      self.program.calls())
        self.assertLessEqual(set(self.program.environment()),
                             {"PATH", "HOME", "USER", "LOGNAME", "LC_ALL", "LANG", "PWD", "OLDPWD",
                              "SHLVL", "_", "PULSE2_MIRRORING"})

    def test_several_changes_become_one_more_run(self):
        self.package("p")
        self.start_recorder(["host"], NO_TREES, body=(
            'while [ -e "@FOLDER@/stop" ]; do sleep 0.1; done; exit 0'))
        self.await_synchronised("p")
        self.assertEqual(1, len(self.copies_of("p", "host")))
        (self.program.folder / "stop").touch()
        self.api.putPackageLabel("p", "first")
        wait_until(lambda: len(self.copies_of("p", "host")) == 2, "it runs")
        for label in ("second", "third", "fourth"):
            self.api.putPackageLabel("p", label)
        (self.program.folder / "stop").unlink()
        self.await_synchronised("p")
        self.assertEqual(3, len(self.copies_of("p", "host")))

    def test_a_package_that_waits_for_files_is_not_copied(self):
        self.start_recorder(["host"], NO_TREES)
        self.api.putPackageDetail({"id": "p", "label": "p"}, True)
        self.api.putPackageDetail({"id": "q", "label": "q"}, False)
        wait_until(lambda: self.copies_of("q", "host"), "the other one is copied")
        self.assertEqual({"host": "NOK"}, self.status("p"))
        self.assertEqual([], self.copies_of("p", "host"))
        self.api.associatePackages("p", [], 0)
        self.await_synchronised("p")
        self.assertEqual(1, len(self.copies_of("p", "host")))

    def test_pending_packages_survive_being_killed(self):
        for pid in ("p", "q"):
            self.package(pid)
        self.start_recorder(["good", "failing"], NO_TREES)
        self.await_synchronised("p", "q")
        self.program.fail()
        self.api.putPackageLabel("p", "new")
        self.server.kill()
        self.server.start()
        wait_until(lambda: self.status("p") == {"good": "OK", "failing": "NOK"},
                   "it is copied to the other one")
        self.assertEqual({"good": "OK", "failing": "OK"}, self.status("q"))
        before = len(self.copies_of("q", "good"))
        self.program.fail(False)
        self.await_synchronised("p")
        self.assertEqual(before, len(self.copies_of("q", "good")))

    def test_targets_come_and_go_with_a_reload(self):
        for pid in ("p", "q"):
            self.package(pid)
        self.start_recorder(["one"], NO_TREES)
        self.await_synchronised("p", "q")
        self.program.fail()
        self.server.reload(configuration(["one", "failing"], *self.options))
        wait_until(lambda: self.status("p") == {"one": "OK", "failing": "NOK"}, "it is pending")
        self.await_log("mirroring.filled: ")
        wait_until(lambda: self.copies_of("p", "failing") and self.copies_of("q", "failing"),
                   "both are copied")
        self.assertEqual(set(), self.visible())
        self.server.reload(configuration(["one"], *self.options))
        self.assertEqual({"one": "OK"}, self.status("p"))
        self.assertEqual({"p", "q"}, self.visible())
        self.server.reload(configuration([], *self.options))
        self.assertEqual({}, self.status("p"))
        self.program.fail(False)
        self.server.reload(configuration(["one"], *self.options))
        self.await_synchronised("p", "q")
        self.assertEqual(2, len(self.copies_of("p", "one")), "a target that comes anew is filled")

    def test_windows_and_limits_change_with_a_reload(self):
        self.package("p")
        hour = (time.localtime().tm_hour + 6) % 24
        targets = ["late", "always"]
        self.start_recorder(targets, NO_TREES, "package_mirror_hold = none",
                            f"package_mirror_windows = late={hour:02}:00-{hour:02}:30")
        wait_until(lambda: (self.status("p") or {}).get("always") == "OK", "it has no window")
        self.assertEqual("NOK", self.status("p")["late"])
        self.assertEqual([], self.copies_of("p", "late"))
        self.server.reload(configuration(targets, self.options[0], NO_TREES,
                                         "package_mirror_bandwidth = 200K"))
        self.await_synchronised("p")
        self.assertIn("--bwlimit=200", self.copies_of("p", "late")[0])

    def test_status_file_of_the_former_server(self):
        for pid in ("p", "q"):
            self.package(pid)
        (self.base / "state").mkdir()
        former = "(dp0\nVp\np1\n(lp2\nS'failing'\np3\nas."
        (self.base / "state" / "mirrors").write_text(former, encoding="ascii")
        self.program = Recorder(self.base / "program")
        self.program.fail()
        self.options = (f"package_mirror_command = {self.program.program}", NO_TREES)
        self.start(["good", "failing"], *self.options)
        wait_until(lambda: self.copies_of("p", "failing"), "it is tried")
        self.assertEqual({"good": "OK", "failing": "NOK"}, self.status("p"))
        self.assertEqual({"good": "OK", "failing": "OK"}, self.status("q"))
        self.assertEqual(former, (self.base / "state" / "mirrors.migrated").read_text("ascii"))
        self.program.fail(False)
        self.await_synchronised("p")
        self.assertEqual([], self.copies_of("q", "good"))

    def test_an_edit_is_refused_when_it_cannot_be_noted(self):
        self.package("p")
        target = self.make_target(FolderTarget)
        self.start([target], NO_TREES)
        self.await_synchronised("p")
        with sqlite3.connect(self.base / "state" / "mirrors", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            answer = self.api.putPackageDetail({"id": "p", "label": "new"}, False)
            self.assertNotEqual(True, answer[0] if isinstance(answer, list) else None)
            other.execute("ROLLBACK")
        self.assertNotIn(b"new", (self.src / "p" / "conf.xml").read_bytes())
        self.await_synchronised("p")


if __name__ == "__main__":
    unittest.main()
