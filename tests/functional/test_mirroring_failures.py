"""Targets that are down, full, wrong or slow; servers that die; trees that vanish."""
import os
import pathlib
import signal
import subprocess
import unittest
import urllib.request

from tests.support.mirroring import MirrorTest
from tests.support.recorder import Recorder
from tests.support.server import wait_until
from tests.support.targets import FolderTarget, RsyncTarget, SshTarget, packages_of

NO_TREES = "package_global_mirror_activate = 0"


class Failures(MirrorTest):
    """What goes wrong at targets."""

    def test_target_down_and_back(self):
        self.package("p")
        good = self.make_target(FolderTarget, "good")
        bad = self.make_target(RsyncTarget, "bad")
        self.start([good, bad])
        self.await_synchronised("p")
        bad.stop()
        self.edit("p", "edited")
        self.await_log(f"mirroring.target_down: {bad.name} ")
        wait_until(lambda: self.status("p") == {good.name: "OK", bad.name: "NOK"},
                   "the other target is not delayed")
        self.assertEqual(set(), self.visible())
        self.await_same(good)
        page = self.server_page("/desc")
        self.assertIn("does not work, next try in", page)
        self.assertIn("1 packages, ", page)
        self.edit("p", "edited while it is down")
        wait_until(lambda: self.status("p")[good.name] == "OK", "edits go on")
        self.assertFalse(self.is_same(bad.place(self.src)))
        bad.start()
        self.await_synchronised("p")
        self.await_log(f"mirroring.target_back: {bad.name}")
        self.await_same(bad)
        self.assertEqual({"p"}, self.visible())

    def server_page(self, path):
        with urllib.request.urlopen(self.server.url + path, timeout=30) as answer:
            return answer.read().decode()

    def test_packages_are_held_as_long_as_is_asked_for(self):
        self.package("p")
        good = self.make_target(FolderTarget, "good")
        self.start([good, str(self.base / "missing")], NO_TREES, "package_mirror_hold = 1",
                   "package_mirror_hold_warning = 1")
        wait_until(lambda: self.visible() == {"p"}, "one target is enough")
        self.assertEqual({good.name: "OK", str(self.base / "missing"): "NOK"}, self.status("p"))
        for hold, seen in (("all", set()), ("none", {"p"})):
            text = self.server.config_file.read_text(encoding="utf-8")
            lines = [line if not line.startswith("package_mirror_hold =") else
                     f"package_mirror_hold = {hold}" for line in text.splitlines()]
            self.server.reload("\n".join(lines) + "\n")
            self.assertEqual(seen, self.visible(), hold)
            if hold == "all":
                self.await_log("mirroring.held: package p of ")
                self.assertRegex(self.server.log(),
                                 r"mirroring\.held: .* its last error: .*missing")

    def test_full_target(self):
        """A file system of 1 MiB; where none can be mounted, the test is left out."""
        target = self.make_target(FolderTarget)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", target.name],
                                 check=False, capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", target.name], check=False)
        self.package("big", {"big.bin": os.urandom(3 << 20)})
        self.start([target], NO_TREES)
        self.await_log("No space left on device")
        self.await_log("mirroring.target_down: ")
        self.assertEqual({target.name: "NOK"}, self.status("big"))
        subprocess.run(["mount", "-o", "remount,size=9m", target.name], check=True)
        self.await_synchronised("big")
        self.await_same(target)

    def test_wrong_host_key(self):
        self.package("p")
        target = self.make_target(SshTarget)
        target.make_key("other")
        target.write_known_hosts("other")
        self.start([target], NO_TREES)
        self.await_log("Host key verification failed")
        self.assertEqual({target.name: "NOK"}, self.status("p"))
        self.assertEqual([], list(target.folder.iterdir()))
        target.write_known_hosts("host")
        self.await_synchronised("p")
        self.await_same(target)

    def test_hanging_program_is_ended_with_its_children(self):
        self.package("p")
        program = Recorder(self.base / "program",
                           "trap '' TERM\nsleep 10000 & echo $! > \"@FOLDER@/child\"\n"
                           "wait")
        self.start(["/"], NO_TREES, f"package_mirror_command = {program.program}",
                   "package_mirror_idle_limit = 1")
        self.await_log("without progress")
        child = int((program.folder / "child").read_text(encoding="ascii"))
        wait_until(lambda: not is_running(child), "the child ended")
        self.assertEqual({"/": "NOK"}, self.status("p"))

    def test_running_programs_are_ended_at_the_stop(self):
        self.package("p")
        program = Recorder(self.base / "program",
                           "sleep 10000 & echo $! > \"@FOLDER@/child\"\nwait")
        self.start(["/"], NO_TREES, f"package_mirror_command = {program.program}")
        wait_until((program.folder / "child").exists, "the program runs")
        wait_until(lambda: (program.folder / "child").read_text(encoding="ascii"), "it says its id")
        child = int((program.folder / "child").read_text(encoding="ascii"))
        self.assertEqual(0, self.server.stop())
        wait_until(lambda: not is_running(child), "the child ended")

    def test_server_killed_in_mid_transfer(self):
        self.package("big", {"big.bin": os.urandom(6 << 20)})
        self.package("small")
        target = self.make_target(RsyncTarget)
        self.start([target], NO_TREES, "package_mirror_bandwidth = 512K")
        place = target.place(self.src) / "big"
        wait_until(lambda: place.exists() and any(place.iterdir()), "the transfer began")
        wait_until(lambda: self.status("small") == {target.name: "OK"}, "the small one is there")
        self.server.kill()
        self.server.write_configuration(
            self.server.config_file.read_text(encoding="utf-8").replace(
                "package_mirror_bandwidth = 512K", ""))
        self.server.start()
        self.assertEqual({target.name: "OK"}, self.status("small"))
        self.assertIn("mirroring.leftovers: ", self.server.log())
        self.await_synchronised("big")
        self.await_same(target)

    def test_interrupted_transfers_resume(self):
        self.package("big", {"big.bin": os.urandom(6 << 20)})
        target = self.make_target(FolderTarget)
        self.start([target], NO_TREES, "package_mirror_bandwidth = 512K",
                   "package_mirror_partial_dir = .partial")
        place = target.place(self.src) / "big"
        wait_until(lambda: place.exists() and
                   any(path.stat().st_size > 1 << 20 for path in place.iterdir()),
                   "a part is there")
        self.assertEqual(0, self.server.stop())
        self.assertGreater((place / ".partial" / "big.bin").stat().st_size, 1 << 19)
        self.server.write_configuration(
            self.server.config_file.read_text(encoding="utf-8").replace(
                "package_mirror_bandwidth = 512K", ""))
        self.server.start()
        self.await_synchronised("big")
        self.await_same(target)

    def await_end_of_a_run(self):
        """rsync may be about to look at the tree: right after it the next one is a second away."""
        wait_until(self.children, "rsync runs")
        wait_until(lambda: not self.children(), "rsync has ended")

    def children(self):
        tasks = pathlib.Path(f"/proc/{self.server.process.pid}/task")
        return [text for task in tasks.iterdir()
                if (text := (task / "children").read_text(encoding="ascii"))]

    def check_vanished_tree(self, options, message):
        self.package("p")
        target = self.make_target(FolderTarget)
        self.start([target], "package_global_mirror_loop = 1\n" + options)
        self.await_synchronised("p")
        before = packages_of(target.place(self.src))
        self.await_end_of_a_run()
        away = self.base / "away"
        self.src.rename(away)
        self.src.mkdir()
        self.await_log(message)
        self.assertEqual(before, packages_of(target.place(self.src)))
        self.src.rmdir()
        away.rename(self.src)
        return target

    def test_vanished_tree_is_not_mirrored(self):
        target = self.check_vanished_tree("package_detect_activate = 0", "mirroring.src_gone: ")
        self.edit("p", "edited")
        self.await_synchronised("p")
        self.await_same(target)

    def test_tree_that_detection_doubts_is_not_mirrored(self):
        target = self.check_vanished_tree(
            "package_detect_activate = 1\npackage_detect_loop = 1", "detection.tree_frozen: ")
        self.await_log("detection.tree_back: ")
        self.edit("p", "edited")
        self.await_synchronised("p")
        self.await_same(target)

    def test_drift_is_found_and_repaired(self):
        self.package("p", {"a.bin": b"good" * 1000})
        targets = [self.make_target(kind, f"target{i}")
                   for i, kind in enumerate((FolderTarget, RsyncTarget, SshTarget))]
        self.start(targets)
        self.await_synchronised("p")
        for target in targets:
            file = target.place(self.src) / "p" / "a.bin"
            times = file.stat()
            file.write_bytes(b"evil" * 1000)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.server.send_signal(signal.SIGUSR2)
        for target in targets:
            self.await_log(f"mirroring.differs: p at {target.name} differs in 1 files")
            self.await_log(f"mirroring.repaired: p at {target.name} ")
            self.await_same(target)
            self.await_log(f"{self.src} at {target.name} was compared; packages that differed: 1")


def is_running(pid):
    """Whether the process is there and no zombie."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


if __name__ == "__main__":
    unittest.main()
