"""Replays the recorded story of calls that change packages, in its order and on its trees."""
import base64
import hashlib
import shutil
import tarfile
import unittest
import xmlrpc.client

from tests.compat import differences
from tests.compat.golden import GOLDEN, GoldenTest, add_line_tests, records
from tests.compat.test_rpc import typed
from tests.support.server import wait_until

LINES = records("write-rpc.jsonl")
# The recording's local uploads, which no archive holds.
LOCAL_FILES = {"rnd2/local file.bin": b"local!!\n"}


def listing(folder):
    """Every path below `folder` as the recording writes it: folders with a slash, files with size
    and MD5. Staging folders of ours are no part of a tree."""
    lines = set()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name.split("/")[0] == ".pulse2-staging":
            continue
        if path.is_dir():
            lines.add(name + "/")
        else:
            content = path.read_bytes()
            lines.add(f"{name}  {len(content)}  {hashlib.md5(content).hexdigest()}")
    return lines


def unmarshalled(value):
    """Parameters with the recording's mark for binary values replaced by such a value."""
    if isinstance(value, dict):
        if set(value) == {"__base64__"}:
            return xmlrpc.client.Binary(base64.b64decode(value["__base64__"]))
        return {name: unmarshalled(item) for name, item in value.items()}
    if isinstance(value, list):
        return [unmarshalled(item) for item in value]
    return value


def in_documented_types(value):
    """`value` with what the recorded server echoes as it was sent, and with the names that it lost
    of commands without text, in the one form that we answer."""
    if isinstance(value, list):
        return [in_documented_types(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {name: in_documented_types(item) for name, item in value.items()}
    for name in ("reboot", "associateinventory"):
        if name in value:
            value[name] = str(int(value[name]))
    if "size" in value:
        value["size"] = int(value["size"])
    if value.get("command") == "" and set(value) == {"name", "command"}:
        value["name"] = ""
    return value


class WritingCalls(GoldenTest):
    """One test for each recorded call; they run in the order of the story."""

    maxDiff = 4000
    trees = ("p1", "tmp_input", "local_tmp")

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        shutil.rmtree(cls.folder / "var" / "tmp_input" / "put1")
        for name, content in LOCAL_FILES.items():
            path = cls.folder / "var" / "local_tmp" / name
            path.parent.mkdir(parents=True)
            path.write_bytes(content)

    def reset(self):
        """Puts the trees back as they were and starts the server afresh."""
        self.server.stop()
        for tree in ("p1", "p2"):
            shutil.rmtree(self.folder / "var" / tree)
        with tarfile.open(GOLDEN / "package-trees.tar") as trees:
            trees.extractall(self.folder / "var")
        shutil.rmtree(self.folder / "state")
        (self.folder / "state").mkdir()
        self.server.start()
        self.wait_for_packages()

    def wait_for_packages(self):
        """Waits until the scan is over: only then new packages may be made."""
        wait_until(lambda: len(self.server.proxy("/package_api_get1").getAllPackages()) == 7,
                   "the packages are read", 20)

    def snapshot(self):
        return {tree: listing(self.folder / "var" / tree) for tree in self.trees
                if (self.folder / "var" / tree).exists()}

    def call(self, line):
        params = unmarshalled(self.fill_in(line["params"]))
        return getattr(self.server.proxy(line["mount"]), line["method"])(*params)

    def check_disk(self, line, before, after):
        for tree, changes in line["disk_changes"].items():
            old, new = before.get(tree, set()), after.get(tree, set())
            self.assertEqual(set(changes["removed"]), old - new, f"removed from {tree}")
            self.assertEqual(set(changes["added"]), new - old, f"added to {tree}")

    def check_failure(self, line, answer):
        self.assertIsInstance(answer, dict, answer)
        self.assertEqual({"faultCode", "faultString", "faultTraceback"}, set(answer))
        self.assertEqual(line["method"], answer["faultString"].split(" ")[0])

    def check_answer(self, line, answer, expected):
        if isinstance(expected, dict) and "FAILURE" in expected:
            return self.check_failure(line, answer)
        if expected == "REFUSED" or (isinstance(expected, list) and expected[:1] == [False]):
            self.assertIsInstance(answer, list, answer)
            self.assertEqual((False, 2), (answer[0], len(answer)), answer)
            return self.assertIsInstance(answer[1], str)
        return self.assertEqual(typed(in_documented_types(self.fill_in(expected))),
                                typed(in_documented_types(answer)))

    def replay(self, line):
        if line["label"].startswith("-- RESET"):
            self.reset()
        before = self.snapshot()
        answer = self.call(line)
        after = self.snapshot()
        difference = next((d for d in differences.WRITING if line["label"] in d.labels), None)
        expected = line["answer"]
        if difference and difference.answer is not differences.AS_RECORDED:
            expected = difference.answer
        if expected is not differences.ANY:
            self.check_answer(line, answer, expected)
        if difference and difference.disk == "unchanged":
            self.assertEqual(before, after)
        elif "disk_changes" in line and not (difference and difference.disk == "ours"):
            self.check_disk(line, before, after)


add_line_tests(WritingCalls, LINES, WritingCalls.replay)


class WritingDifferenceTable(unittest.TestCase):
    """The table of differences itself."""

    def test_every_entry_names_recorded_lines(self):
        labels = {line["label"] for line in LINES}
        for entry in differences.WRITING:
            self.assertLessEqual(set(entry.labels), labels, entry)
