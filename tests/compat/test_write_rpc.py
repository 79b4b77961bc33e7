"""Replays the recorded story of calls that change packages, in its order and on its trees."""
import base64
import hashlib
import re
import shutil
import tarfile
import unittest
import xmlrpc.client

from tests.compat import differences
from tests.compat.golden import GOLDEN, GoldenTest, add_line_tests, records, with_members
from tests.compat.test_rpc import typed
from tests.support.packages import md5sums, record_on_disk, records_on_disk
from tests.support.server import wait_until

LINES = records("write-rpc.jsonl")
BY_LABEL = {line["label"]: line for line in LINES}
SOURCES = {"/package_api_get1": "p1", "/package_api_ro": "p1", "/mirror1": "p1", "/mirror2": "p2"}
PENDING = "/package_api_get1"
FAILURE = re.compile(r"(invalid_argument|malformed|not_found|already_exists): .+ ", re.DOTALL)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def entry_of(name, content):
    """A file as the recording lists it."""
    return f"{name}  {len(content)}  {hashlib.md5(content).hexdigest()}"


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
            lines.add(entry_of(name, path.read_bytes()))
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
    trees = ("p1", "p2", "tmp_input", "local_tmp")

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        shutil.rmtree(cls.folder / "var" / "tmp_input" / "put1")
        # The recording's local upload, which no archive holds.
        path = cls.folder / "var" / "local_tmp" / "rnd2" / "local file.bin"
        path.parent.mkdir(parents=True)
        path.write_bytes(differences.LOCAL_FILE)

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

    def conf_text(self, conf):
        """A recorded conf.xml, with what is to be replaced."""
        changes = BY_LABEL[conf.label]["disk_changes"]["p1"]["changed_files"]
        text = next(change["text"] for name, change in changes.items() if name.endswith("conf.xml"))
        for old, new in conf.replaced.items():
            self.assertIn(old, text)
            text = text.replace(old, new)
        return text.encode()

    def check_changes(self, changes, before, after):
        """Compares by name, and what is written also by content."""
        old = {f"{tree}/{entry}" for tree, entries in before.items() for entry in entries}
        new = {f"{tree}/{entry}" for tree, entries in after.items() for entry in entries}
        names_gone = {entry.split("  ")[0] for entry in old} - {entry.split("  ")[0] for entry in new}
        self.assertEqual(set(changes.gone), names_gone)
        expected = set()
        for name, content in changes.written.items():
            if isinstance(content, differences.Conf):
                content = self.conf_text(content)
            expected.add(name if content is None else entry_of(name, content))
        written = {entry for entry in new - old
                   if entry.split("  ")[0] in changes.written or "/MD5SUMS  " not in entry}
        self.assertEqual(expected, written)

    def check_recorded_changes(self, line, before, after):
        for tree, changes in line["disk_changes"].items():
            old, new = before.get(tree, set()), after.get(tree, set())
            self.assertEqual(set(changes["removed"]), old - new, f"removed from {tree}")
            self.assertEqual(set(changes["added"]), new - old, f"added to {tree}")
        for tree in set(self.trees) - set(line["disk_changes"]):
            self.assertEqual(before.get(tree), after.get(tree), tree)

    def check_packages(self):
        """Whatever was called: every MD5SUMS is right, and the APIs say what the disk says."""
        for path in (self.folder / "var").glob("p[12]/*/MD5SUMS"):
            files = {file.relative_to(path.parent).as_posix(): file.read_bytes()
                     for file in path.parent.rglob("*") if file.is_file()
                     and file not in (path, path.parent / "conf.xml")}
            self.assertEqual(md5sums(files), path.read_bytes(), path)
        pending = self.server.proxy(PENDING).getAllPendingPackages()
        for record in pending:
            self.assertEqual("association", record.pop("why"))
        ours = self.server.proxy(PENDING).getAllPackages()
        self.assertEqual(typed(records_on_disk(self.folder / "var" / "p1")), typed(ours + pending))

    def check_failure(self, line, answer, kind=None):
        self.assertIsInstance(answer, dict, answer)
        self.assertEqual({"faultCode", "faultString", "faultTraceback"}, set(answer))
        self.assertEqual(line["method"], answer["faultString"].split(" ")[0])
        self.assertRegex(answer["faultCode"], FAILURE)
        if kind:
            self.assertEqual(kind, answer["faultCode"].split(":")[0])

    def check_refusal(self, answer, reason):
        self.assertIsInstance(answer, list, answer)
        self.assertEqual((False, 2), (answer[0], len(answer)), answer)
        self.assertIn(reason, answer[1])

    def check_fresh_package(self, line, answer, before, after):
        """An empty id: the package is made under a fresh one, and waits for its files."""
        pid = answer[1]
        self.assertRegex(pid, UUID)
        self.assertEqual(typed(self.on_disk(line, differences.OnDisk(pid, "created"))),
                         typed(answer))
        self.check_changes(differences.Changes(written={
            f"p1/{pid}/": None, f"p1/{pid}/MD5SUMS": b"",
            f"p1/{pid}/conf.xml": differences.Conf(differences.CREATED, {differences.NEW: pid})}),
            before, after)

    def on_disk(self, line, wanted):
        src = self.folder / "var" / SOURCES[line["mount"]]
        records = {record["id"]: record for record in records_on_disk(src)}
        if not wanted.pid:
            waiting = {r["id"] for r in self.server.proxy(PENDING).getAllPendingPackages()}
            return [record for pid, record in records.items() if pid not in waiting]
        record = records[wanted.pid]
        if not wanted.put:
            return record
        if wanted.put == "created":
            return [True, wanted.pid, record["basepath"], {**record, "files": []}]
        return [True, wanted.pid, record["basepath"], record]

    def expected(self, line, wanted):
        """The exact answer that is wanted."""
        if isinstance(wanted, list):
            return [self.expected(line, item) for item in wanted]
        if isinstance(wanted, differences.OnDisk):
            return self.on_disk(line, wanted)
        if isinstance(wanted, differences.Recorded):
            answer = BY_LABEL[wanted.label or line["label"]]["answer"]
            return in_documented_types(self.fill_in(with_members(answer, wanted.members)))
        return self.fill_in(wanted)

    def check_answer(self, line, answer, wanted):
        if isinstance(wanted, differences.Failure):
            return self.check_failure(line, answer, wanted.kind)
        if isinstance(wanted, differences.Refused):
            return self.check_refusal(answer, wanted.reason)
        if wanted is not differences.AS_RECORDED:
            if differences.is_recorded(wanted):
                answer = in_documented_types(answer)
            return self.assertEqual(typed(self.expected(line, wanted)), typed(answer))
        recorded = line["answer"]
        if isinstance(recorded, dict) and "FAILURE" in recorded:
            return self.check_failure(line, answer)
        if isinstance(recorded, list) and recorded[:1] == [False] and "[Errno" in recorded[1]:
            return self.check_refusal(answer, "")  # the system's words
        return self.assertEqual(typed(in_documented_types(self.fill_in(recorded))),
                                typed(in_documented_types(answer)))

    def check_disk(self, line, wanted, before, after):
        if wanted is not differences.AS_RECORDED:
            self.check_changes(wanted, before, after)
        elif "disk_changes" in line:
            self.check_recorded_changes(line, before, after)
        else:
            self.assertEqual(before, after)

    def replay(self, line):
        if line["label"].startswith("-- RESET"):
            self.reset()
        before = self.snapshot()
        answer = self.call(line)
        after = self.snapshot()
        if line["label"] == differences.FRESH_ID:
            self.check_fresh_package(line, answer, before, after)
        else:
            difference = next((d for d in differences.WRITING if line["label"] in d.labels),
                              differences.WritingDifference("", ()))
            self.check_answer(line, answer, difference.answer)
            self.check_disk(line, difference.disk, before, after)
        self.check_packages()


add_line_tests(WritingCalls, LINES, WritingCalls.replay)


class WritingDifferenceTable(unittest.TestCase):
    """The table of differences itself."""

    def test_every_entry_names_recorded_lines(self):
        labels = {line["label"] for line in LINES}
        for entry in differences.WRITING:
            self.assertLessEqual(set(entry.labels), labels, entry)
