"""Replays what was recorded while packages were put into the trees of a running server: the same is
done to the trees before each recorded line, then what the line says has to come true."""
import hashlib
import shutil
import unittest

from tests.compat import differences
from tests.compat.golden import GoldenTest, add_line_tests, golden_configuration, records
from tests.compat.test_rpc import typed
from tests.compat.test_write_rpc import in_documented_types
from tests.support.server import wait_until

LINES = records("detection.jsonl")
SECOND = next(n for n, line in enumerate(LINES) if n and line["label"] == LINES[0]["label"])
CONF = """<?xml version="1.0" encoding="utf-8"?>
<package id="{pid}">
    <name>{pid}</name>
    <version><numeric>{version}</numeric><label>{version}</label></version>
    <description>d</description>
    <commands reboot="0"><command name="c">{command}</command></commands>
</package>
"""


def conf(pid, version="1", command="true"):
    return CONF.format(pid=pid, version=version, command=command).encode()


def put(folder, description):
    """A package as somebody copies it."""
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"a\n")
    (folder / "conf.xml").write_bytes(description)


def listing(tree):
    """Folders, and files with size and MD5, as the recording lists them."""
    lines = []
    for path in sorted(tree.rglob("*")):
        name = path.relative_to(tree).as_posix()
        if name.startswith(".pulse2-staging"):
            continue
        if path.is_dir():
            lines.append(name + "/")
        else:
            content = path.read_bytes()
            lines.append(f"{name}  {len(content)}  {hashlib.md5(content).hexdigest()}")
    return lines


class Replay(GoldenTest):
    """A recording; its lines in their order."""

    maxDiff = 4000
    method = ""

    @classmethod
    def setUpClass(cls):
        cls.configuration = golden_configuration().replace(
            "[main]\n", f"[main]\npackage_detect_loop = 1\npackage_detect_smart_method = {cls.method}\n"
            "package_detect_smart_time = 1\n", 1)
        super().setUpClass()
        wait_until(lambda: cls.server.log().count("detection.watching") == 2, "both are watched")
        cls.tree = cls.folder / "var" / "p1"
        cls.drop = cls.folder / "var" / "tmp_input" / "put1"

    def prepare(self, label):
        """Does to the trees what was done before the line was recorded."""
        new = self.tree / "newpkg"
        if label in ("poll newpkg 2.0s", "poll newpkg 5.1s"):
            put(new, conf("newpkg"))
        elif label in ("version after conf.xml edit on disk", "poll version 2.0s"):
            (new / "conf.xml").write_bytes(conf("newpkg", "2", "echo edited"))
        elif label.startswith("detail after adding b.txt"):
            (new / "b.txt").write_bytes(b"b\n")
        elif label.startswith("after rmtree newpkg"):
            shutil.rmtree(new)
        elif label == "version after re-adding":
            put(new, conf("newpkg", "3"))
        elif label == "after unlink inv/conf.xml":
            (self.tree / "inv" / "conf.xml").unlink()
        elif label == "after rmtree dirname-differs":
            shutil.rmtree(self.tree / "dirname-differs")
        elif label.startswith("detail test after a dup"):
            put(self.tree / "dup", CONF.format(pid="test", version="9", command="true").encode())
        elif label.startswith("tree after tmp_input"):
            put(self.drop / "incoming", conf("incoming-id"))
        elif label.startswith("after a broken conf.xml"):
            (self.tree / "bad").mkdir()
            (self.tree / "bad" / "x").write_bytes(b"x")
            (self.tree / "bad" / "conf.xml").write_bytes(b"<package")
            put(self.tree / "after-bad", conf("after-bad"))

    def seen(self, line):
        """What is there now of what the line tells."""
        label = line["label"]
        if "method" in line:
            return getattr(self.server.proxy(line["mount"]), line["method"])(*line["params"])
        if label.startswith("version after conf.xml"):
            return self.server.proxy("/package_api_get1").getPackageVersion("newpkg")
        if label == "tree after bad":
            return listing(self.tree / "bad")
        if label == "tree after tmp_input/incoming":
            return {"p1": listing(self.tree), "tmp": listing(self.drop)}
        if label.startswith("MD5SUMS after"):
            return self.texts()
        return listing(self.tree)

    def texts(self):
        return {name: {"text": (self.tree / "newpkg" / name).read_text(encoding="utf-8")}
                for name in ("MD5SUMS", "conf.xml")}

    def replay(self, line):
        label = line["label"]
        if label.startswith("seconds until"):
            return  # how long the recorded server took
        self.prepare(label)
        recorded = line.get("answer", line.get("value"))
        for difference in differences.DETECTION:
            if difference.covers(line, self.method):
                recorded = difference.instead_of(recorded)
        wanted = self.form(self.fill_in(recorded))
        try:
            wait_until(lambda: self.form(self.seen(line)) == wanted, label)
        except AssertionError:
            self.assertEqual(wanted, self.form(self.seen(line)))

    @staticmethod
    def form(value):
        """In which order does not count."""
        if isinstance(value, dict):
            value = {name: sorted(part) if name in ("p1", "tmp") else part
                     for name, part in value.items()}
        if isinstance(value, list) and value and isinstance(value[0], str):
            value = sorted(value)
        return typed(in_documented_types(value))


class Story(Replay):
    """Without a smart method."""

    method = "none"


class StoryWithSmartMethod(Replay):
    """With one."""

    method = "last_time_modification"


add_line_tests(Story, LINES[:SECOND], Replay.replay)
add_line_tests(StoryWithSmartMethod, LINES[SECOND:], Replay.replay)


class DetectionDifferenceTable(unittest.TestCase):
    """The table of differences itself."""

    def test_every_entry_names_recorded_lines(self):
        labels = {line["label"] for line in LINES}
        for entry in differences.DETECTION:
            self.assertLessEqual(set(entry.labels), labels, entry)
