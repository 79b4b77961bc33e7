"""Packages that are copied into the trees, changed, renamed and removed there while the server runs."""
import base64
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time
import unittest
import zipfile

from tests.support.cases import BASIC_CONFIGURATION, FolderTest
from tests.support.packages import conf_xml, make_package, record_on_disk
from tests.support.server import Server, wait_until
from tests.support.wire import get

API = "/package_api"
NEVER = 3600  # seconds between rounds: what is found was found by a hint


def configuration(loop=NEVER, method="none", smart_time=4, more="", put=""):
    """Detection is on, with a tree that can be edited."""
    return BASIC_CONFIGURATION.replace(
        "tmp_input_dir = @FOLDER@/upload\n",
        f"package_detect_activate = 1\npackage_detect_loop = {loop}\n"
        f"package_detect_smart_method = {method}\npackage_detect_smart_time = {smart_time}\n{more}"
    ) + f"\n[package_api_put:01]\nmount_point = {API}\nsrc = @FOLDER@/src\n{put}"


class DetectionTest(FolderTest):
    """Each test has a server of its own."""

    def start(self, text, packages=("one",), command_prefix=()):
        self.place = self.new_folder("server")
        self.src = self.place / "src"
        for name in ("src", "upload", "elsewhere"):
            (self.place / name).mkdir(mode=0o700)
        for pid in packages:
            make_package(self.src, pid, {"a.txt": pid.encode(), "sub/b.txt": b"b"})
        self.server = Server(self.place, text, command_prefix=command_prefix)
        self.addCleanup(self.end)
        self.server.start()
        self.api = self.server.proxy(API)
        self.wait_for_log("detection.watching")

    def end(self):
        if self.server.process is not None and self.server.process.poll() is None:
            self.assertEqual(0, self.server.stop())

    def wait_for_log(self, message, count=1):
        wait_until(lambda: self.server.log().count(message) >= count, message)

    def ids(self):
        return sorted(package["id"] for package in self.api.getAllPackages())

    def detail(self, pid):
        return self.api.getPackageDetail(pid)

    def wait_for_ids(self, *wanted):
        wait_until(lambda: self.ids() == sorted(wanted), f"{wanted} are served")

    def wait_until_served_as_on_disk(self, folder, pid=None):
        """The record of the package is that of its folder."""
        def is_served():
            try:
                return self.detail(pid or folder) == record_on_disk(self.src, folder)
            except FileNotFoundError:
                return False  # not there yet
        wait_until(is_served, f"{folder} is served as it is")


class Hints(DetectionTest):
    """What the system tells of is found without waiting for a round."""

    def test_a_new_package(self):
        self.start(configuration())
        make_package(self.src, "two", {"a.txt": b"two", "deep/er/c.txt": b"c"})
        self.wait_until_served_as_on_disk("two")
        self.assertEqual(["one", "two"], self.ids())

    def test_a_package_below_new_folders(self):
        self.start(configuration())
        make_package(self.src, "two", {"a.txt": b"two"}, folder="apps/office/two")
        self.wait_until_served_as_on_disk("apps/office/two", "two")

    def test_a_changed_description(self):
        self.start(configuration())
        (self.src / "one" / "conf.xml").write_bytes(conf_xml("one", label="Changed", version="2"))
        wait_until(lambda: self.detail("one").get("label") == "Changed", "the label changed")
        self.wait_until_served_as_on_disk("one")

    def test_a_file_that_grows(self):
        self.start(configuration())
        before = self.detail("one")
        (self.src / "one" / "sub" / "b.txt").write_bytes(b"a longer content")
        wait_until(lambda: self.detail("one").get("size", 0) > before["size"], "the size changed")
        self.wait_until_served_as_on_disk("one")
        self.assertIn("a longer content",
                      get(self.server, "/mirror1_files/one/sub/b.txt").body.decode())

    def test_a_file_of_the_same_size_and_time(self):
        self.start(configuration())
        file = self.src / "one" / "a.txt"
        status = file.stat()
        file.write_bytes(b"ONE")
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.wait_until_served_as_on_disk("one")
        sums = (self.src / "one" / "MD5SUMS").read_text(encoding="ascii")
        self.assertEqual(0, subprocess.run(["md5sum", "-c", "--quiet"], input=sums, text=True,
                                           cwd=self.src / "one", check=False).returncode)

    def test_an_added_and_a_removed_file(self):
        self.start(configuration())
        (self.src / "one" / "new.txt").write_bytes(b"new")
        wait_until(lambda: len(self.detail("one").get("files", [])) == 4, "a file more")
        (self.src / "one" / "a.txt").unlink()
        wait_until(lambda: len(self.detail("one").get("files", [])) == 3, "a file less")
        self.wait_until_served_as_on_disk("one")

    def test_a_removed_package(self):
        self.start(configuration(), ("one", "two"))
        shutil.rmtree(self.src / "one")
        self.wait_for_ids("two")
        self.assertEqual({}, self.detail("one"))
        self.assertFalse(self.server.proxy("/mirror1").isAvailable("one"))

    def test_a_removed_description_leaves_the_files(self):
        self.start(configuration(), ("one", "two"))
        (self.src / "one" / "conf.xml").unlink()
        self.wait_for_ids("two")
        self.assertEqual(b"one", (self.src / "one" / "a.txt").read_bytes())
        self.assertRegex(self.server.log(), "package one is withdrawn.*its files stay")

    def test_a_renamed_package(self):
        self.start(configuration(method="check_size"))
        (self.src / "one").rename(self.src / "renamed")
        wait_until(lambda: self.detail("one").get("basepath", "").endswith("renamed"), "it moved")
        self.wait_until_served_as_on_disk("renamed", "one")

    def test_a_renamed_folder_of_packages_is_watched_on(self):
        self.start(configuration())
        make_package(self.src, "two", {"a.txt": b"two"}, folder="apps/two")
        self.wait_until_served_as_on_disk("apps/two", "two")
        (self.src / "apps").rename(self.src / "programs")
        self.wait_until_served_as_on_disk("programs/two", "two")
        (self.src / "programs" / "two" / "more.txt").write_bytes(b"more")
        wait_until(lambda: len(self.detail("two").get("files", [])) == 3, "a file more")

    def test_another_id(self):
        self.start(configuration())
        (self.src / "one" / "conf.xml").write_bytes(conf_xml("other"))
        self.wait_for_ids("other")

    def test_a_broken_description_and_its_repair(self):
        self.start(configuration(), ("one", "two"))
        (self.src / "one" / "conf.xml").write_bytes(b"<package")
        self.wait_for_ids("two")
        self.assertIn("catalog.package_broken", self.server.log())
        (self.src / "one" / "conf.xml").write_bytes(conf_xml("one"))
        self.wait_for_ids("one", "two")

    def test_a_package_in_a_package_is_content(self):
        self.start(configuration())
        make_package(self.src / "one", "inner", {"x": b"x"})
        wait_until(lambda: len(self.detail("one").get("files", [])) == 5, "two files more")
        self.assertEqual(["one"], self.ids())

    def test_links_out_of_the_tree_are_not_followed(self):
        self.start(configuration())
        make_package(self.place / "elsewhere", "far", {"secret": b"s"})
        (self.src / "link").symlink_to(self.place / "elsewhere" / "far")
        make_package(self.src, "two", {"a": b"a"})
        (self.src / "two" / "out").symlink_to(self.place / "elsewhere" / "far" / "secret")
        wait_until(lambda: "two" in self.ids(), "two is served")
        self.assertEqual(["one", "two"], self.ids())
        self.assertNotIn("out", [file["name"] for file in self.detail("two")["files"]])

    def test_what_a_call_changed_is_not_looked_at_again(self):
        self.start(configuration(loop=1, method="last_time_modification", smart_time=NEVER))
        done = self.api.putPackageDetail({
            "id": "made", "label": "Made", "version": "1", "description": "",
            "command": {"name": "c", "command": "run"}}, False)
        self.assertTrue(done[0], done)
        make_package(self.src, "held", {"a": b"a"})
        for _ in range(20):
            self.assertIn("made", self.ids())
        self.assertNotIn("detection.package", self.server.log())


class LostHints(DetectionTest):
    """More happens than the system keeps for us."""

    def test_everything_is_looked_through(self):
        most = int(pathlib.Path("/proc/sys/fs/inotify/max_queued_events").read_text(encoding="ascii"))
        if most > 1_000_000:
            self.skipTest("the system keeps too many")
        self.start(configuration(), ("one", "two"))
        (self.src / "one" / "a.txt").write_bytes(b"seen, so it is watched")
        wait_until(lambda: "package one is served" in self.server.log(), "the change is seen")
        self.server.process.send_signal(signal.SIGSTOP)
        # Until each of its threads stands still, hints are still read.
        os.waitid(os.P_PID, self.server.process.pid, os.WSTOPPED | os.WNOWAIT)
        try:
            # Two files in turns, for what happens twice in a row is kept once.
            for number in range(most + 100):
                os.utime(self.src / "one" / ("a.txt", "conf.xml")[number % 2])
            make_package(self.src, "new", {"a.txt": b"new"}, folder="late/new")
            shutil.rmtree(self.src / "two")
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        self.wait_for_ids("one", "new")
        wait_until(lambda: "detection.watch_overflow" in self.server.log(), "the loss is noticed")
        self.assertEqual(1, self.server.log().count("detection.watch_overflow"))
        # The new folders are watched, too.
        make_package(self.src, "newer", {"a.txt": b"newer"}, folder="late/newer")
        self.wait_for_ids("one", "new", "newer")


class Duplicates(DetectionTest):
    """Two folders with one id: the first in byte order is served."""

    def test_the_first_takes_over_and_the_second_follows(self):
        self.start(configuration(loop=1))
        make_package(self.src, "one", {"x.txt": b"x"}, folder="aaa")
        self.wait_until_served_as_on_disk("aaa", "one")
        self.assertIn("catalog.duplicate_id", self.server.log())
        shutil.rmtree(self.src / "aaa")
        self.wait_until_served_as_on_disk("one")

    def test_a_later_one_is_reported_only(self):
        self.start(configuration())
        make_package(self.src, "one", {"x.txt": b"x"}, folder="zzz")
        self.wait_for_log("catalog.duplicate_id")
        self.assertEqual(record_on_disk(self.src, "one"), self.detail("one"))


class HeldBack(DetectionTest):
    """A package that is still being copied is not served, whatever copies it."""

    FILES = {f"part{n}/file{n}": bytes([n]) * 200_000 for n in range(6)}

    def watch(self, pid, copy):
        """Copies while looking at the package: the first that is seen of it is all of it."""
        copying = threading.Thread(target=copy)
        copying.start()
        record = wait_until(lambda: self.detail(pid), f"{pid} is served")
        copying.join()
        self.assertEqual(record_on_disk(self.src, pid), record)

    def source(self, pid="slow"):
        return make_package(self.place / "elsewhere", pid, self.FILES)

    def copy_slowly(self, pause=0.2):
        """As cp from a slow disk: each file in two parts."""
        source, target = self.source(), self.src / "slow"
        for path in [source, *sorted(source.rglob("*"))]:
            there = target / path.relative_to(source)
            if path.is_dir():
                there.mkdir()
                continue
            content = path.read_bytes()
            with open(there, "wb") as file:
                for part in (content[:1000], content[1000:]):
                    file.write(part)
                    file.flush()
                    time.sleep(pause)

    def test_a_slow_copy(self):
        self.start(configuration(method="last_time_modification"))
        self.watch("slow", self.copy_slowly)

    def test_a_slow_copy_by_its_size(self):
        self.start(configuration(loop=4, method="check_size"))
        self.watch("slow", self.copy_slowly)

    def test_a_slow_copy_by_both(self):
        self.start(configuration(loop=4, method="last_time_modification, check_size"))
        self.watch("slow", self.copy_slowly)

    def test_a_writer_that_pauses_keeps_its_file_open(self):
        self.start(configuration())
        target = self.src / "slow"
        target.mkdir()
        with open(target / "file", "wb") as file:
            file.write(b"begin")
            file.flush()
            (target / "conf.xml").write_bytes(conf_xml("slow"))
            # What came later is served, and what waits still is not.
            make_package(self.src, "later", {"a": b"a"})
            self.wait_until_served_as_on_disk("later")
            self.assertEqual({}, self.detail("slow"))
            file.write(b"end")
        self.wait_until_served_as_on_disk("slow")

    def test_cp_that_keeps_times(self):
        self.start(configuration(method="last_time_modification"))
        source = self.source()
        for path in [*source.rglob("*"), source]:
            os.utime(path, (1_000_000_000, 1_000_000_000))
        self.watch("slow", lambda: subprocess.run(["cp", "-a", source, self.src], check=True))

    @unittest.skipUnless(shutil.which("rsync"), "no rsync")
    def test_rsync(self):
        self.start(configuration(method="last_time_modification"))
        source = self.source()
        self.watch("slow", lambda: subprocess.run(
            ["rsync", "-a", "--bwlimit=500", source, self.src], check=True))

    @unittest.skipUnless(shutil.which("unzip"), "no unzip")
    def test_unzip(self):
        self.start(configuration(method="last_time_modification"))
        source = self.source()
        with zipfile.ZipFile(self.place / "slow.zip", "w") as archive:
            for path in sorted(source.rglob("*")):
                archive.write(path, path.relative_to(source.parent))
        self.watch("slow", lambda: subprocess.run(
            ["unzip", "-q", self.place / "slow.zip", "-d", self.src], check=True))

    def test_changed_files_are_withdrawn_until_they_are_complete(self):
        self.start(configuration(method="last_time_modification"), ("one", "two"))
        with open(self.src / "one" / "a.txt", "ab") as file:
            file.write(b"more")
            file.flush()
            self.wait_for_ids("two")
            self.assertIn("detection.package_disturbed", self.server.log())
        self.wait_until_served_as_on_disk("one")


class Rounds(DetectionTest):
    """What no hint tells of is found in the next round."""

    def test_more_folders_than_the_system_watches(self):
        if subprocess.run([*self.few_watches(), "true"], check=False).returncode:
            self.skipTest("limits of watches can't be set here")
        self.start(configuration(loop=1), ("one", "two", "three"), self.few_watches())
        make_package(self.src, "four", {"a.txt": b"a", "b/c/d": b"d"})
        self.wait_until_served_as_on_disk("four")
        (self.src / "four" / "b" / "c" / "d").write_bytes(b"changed")
        self.wait_until_served_as_on_disk("four")
        self.assertEqual(1, self.server.log().count("detection.watch_limit"))

    @staticmethod
    def few_watches():
        """Begins a command in a user namespace that may watch two folders."""
        return ["unshare", "--user", "--map-root-user", "sh", "-c",
                'echo 2 > /proc/sys/user/max_inotify_watches && exec "$@"', "sh"]

    def test_a_link_to_a_package(self):
        self.start(configuration(loop=1))
        (self.src / "alias").symlink_to("one")
        self.wait_until_served_as_on_disk("alias", "one")
        (self.src / "alias").unlink()
        self.wait_until_served_as_on_disk("one")

    def test_detection_that_is_off_finds_nothing(self):
        self.start_without_detection()
        make_package(self.src, "two", {"a": b"a"})
        self.server.reload(configuration())
        self.wait_for_ids("one", "two")

    def start_without_detection(self):
        off = configuration().replace("package_detect_activate = 1", "package_detect_activate = 0")
        self.place = self.new_folder("server")
        self.src = self.place / "src"
        make_package(self.src, "one", {"a": b"a"})
        self.server = Server(self.place, off)
        self.addCleanup(self.end)
        self.server.start()
        self.api = self.server.proxy(API)

    def test_other_options_count_at_once(self):
        self.start(configuration(method="last_time_modification", smart_time=NEVER))
        make_package(self.src, "two", {"a": b"a"})
        self.assertEqual(["one"], self.ids())
        self.server.reload(configuration())
        self.wait_for_ids("one", "two")


class DropFolder(DetectionTest):
    """tmp_input_dir: complete packages are moved into the tree."""

    PUT = "tmp_input_dir = @FOLDER@/drop\n"

    def start_with_drop(self, where=None, **options):
        options.setdefault("put", self.PUT)
        self.place = self.new_folder("server")
        self.drop = where or self.place / "drop"
        self.drop.mkdir(mode=0o755, exist_ok=True)
        self.src = self.place / "src"
        make_package(self.src, "one", {"a": b"a"})
        self.server = Server(self.place, configuration(**options))
        self.addCleanup(self.end)
        self.server.start()
        self.api = self.server.proxy(API)
        self.wait_for_log("detection.watching")

    def test_a_package_is_moved(self):
        self.start_with_drop()
        make_package(self.drop, "two", {"a.txt": b"two", "sub/b": b"b"}, folder="incoming")
        self.wait_until_served_as_on_disk("two")
        self.assertFalse((self.drop / "incoming").exists())
        self.assertIn("detection.taken_over", self.server.log())

    def test_it_is_on_when_only_the_folder_is_written(self):
        text = configuration(put=self.PUT).replace("package_detect_activate = 1\n", "")
        self.place = self.new_folder("server")
        self.drop = self.place / "drop"
        self.drop.mkdir(mode=0o755)
        self.src = self.place / "src"
        make_package(self.src, "one", {"a": b"a"})
        self.server = Server(self.place, text)
        self.addCleanup(self.end)
        self.server.start()
        self.api = self.server.proxy(API)
        make_package(self.drop, "two", {"a.txt": b"two"})
        self.wait_until_served_as_on_disk("two")

    def test_methods_hold_back_once(self):
        self.start_with_drop(method="check_size", loop=2)
        make_package(self.drop, "two", {"a.txt": b"two"})
        self.wait_until_served_as_on_disk("two")

    @unittest.skipUnless(os.path.isdir("/dev/shm"), "no second file system")
    def test_across_file_systems(self):
        other = pathlib.Path("/dev/shm") / f"{self._testMethodName}-{os.getpid()}"
        self.addCleanup(shutil.rmtree, other, True)
        self.start_with_drop(other, put=f"tmp_input_dir = {other}\n")
        make_package(other, "two", {"a.txt": b"two" * 100_000, "sub/b": b"b"}, folder="incoming")
        self.wait_until_served_as_on_disk("two")
        wait_until(lambda: not (other / "incoming").exists(), "it is gone from there")
        self.assertEqual([], list((self.src / ".pulse2-staging").iterdir()))

    def test_a_folder_that_is_there_stays(self):
        self.start_with_drop()
        (self.src / "two").mkdir()
        (self.src / "two" / "precious").write_bytes(b"p")
        make_package(self.drop, "two", {"a.txt": b"two"})
        self.wait_for_log("detection.not_taken_over")
        self.assertTrue((self.drop / "two" / "a.txt").exists())
        self.assertEqual(["precious"], os.listdir(self.src / "two"))

    def test_a_package_that_is_served_stays(self):
        self.start_with_drop()
        make_package(self.drop, "one", {"a.txt": b"other"})
        self.wait_for_log("detection.not_taken_over")
        self.assertEqual(record_on_disk(self.src, "one"), self.detail("one"))

    def test_others_may_not_write_to_the_folder(self):
        self.start_with_drop()
        self.drop.chmod(0o777)
        make_package(self.drop, "two", {"a.txt": b"two"})
        self.wait_for_log("others may write to the folder")
        self.drop.chmod(0o755)
        self.wait_for_ids("one", "two")

    def test_an_upload_is_left_alone(self):
        self.start_with_drop(loop=1)
        self.assertTrue(self.api.pushPackage("upload-1", [
            {"filename": "conf.xml", "filebinary": self.encoded(conf_xml("uploaded"))}], False))
        make_package(self.drop, "two", {"a.txt": b"two"})
        self.wait_for_ids("one", "two")
        self.assertEqual(["conf.xml"], os.listdir(self.drop / "upload-1"))

    @staticmethod
    def encoded(content):
        return base64.b64encode(content).decode()


class OutOfSight(DetectionTest):
    """A vanished tree is not an empty one."""

    PACKAGES = tuple(f"p{n}" for n in range(10))

    def desc(self):
        return get(self.server, "/desc").body.decode()

    def test_a_tree_that_was_moved_away_is_served_as_it_was(self):
        self.start(configuration(), self.PACKAGES)
        self.src.rename(self.place / "away")
        self.wait_for_log("detection.tree_frozen")
        self.assertEqual(sorted(self.PACKAGES), self.ids())
        self.assertFalse(self.server.is_healthy())
        self.assertIn("out of sight", self.desc())
        (self.place / "away").rename(self.src)
        self.wait_for_log("detection.tree_back")
        self.assertTrue(self.server.is_healthy())
        self.assertNotIn("out of sight", self.desc())
        shutil.rmtree(self.src / "p0")
        self.wait_for_ids(*self.PACKAGES[1:])

    def test_an_empty_folder_in_its_place_is_another_tree(self):
        self.start(configuration(loop=1), self.PACKAGES[:3])
        self.src.rename(self.place / "away")
        self.src.mkdir()
        self.wait_for_log("detection.tree_frozen")
        # The tree is looked at in each round.
        self.assertEqual(sorted(self.PACKAGES[:3]), self.ids())

    def test_a_reload_confirms_what_vanished(self):
        self.start(configuration(), self.PACKAGES)
        shutil.move(self.src, self.place / "away")
        self.src.mkdir()
        self.wait_for_log("detection.tree_frozen")
        self.server.reload()
        self.wait_for_ids()

    def test_a_tree_that_is_out_of_sight_is_not_changed_by_calls(self):
        self.start(configuration(), self.PACKAGES)
        self.src.rename(self.place / "away")
        self.src.mkdir()
        package = {"id": "new", "label": "New", "version": "1", "description": "",
                   "command": {"name": "c", "command": "run"}}
        self.assertFalse(self.api.putPackageDetail(package)[0])
        self.assertEqual([], os.listdir(self.src))
        self.src.rmdir()
        (self.place / "away").rename(self.src)
        wait_until(self.server.is_healthy, "the tree is there again")
        self.assertTrue(self.api.putPackageDetail(package)[0])

    def test_few_packages_may_vanish(self):
        self.start(configuration(), self.PACKAGES)
        for pid in self.PACKAGES[:5]:
            shutil.rmtree(self.src / pid)
        self.wait_for_ids(*self.PACKAGES[5:])
        self.assertNotIn("detection.tree_frozen", self.server.log())

    def test_many_packages_may_vanish_by_option(self):
        self.start(configuration(more="package_vanish_limit = 100\n"), self.PACKAGES)
        for pid in self.PACKAGES:
            shutil.rmtree(self.src / pid)
        self.wait_for_ids()
        self.assertNotIn("detection.tree_frozen", self.server.log())
