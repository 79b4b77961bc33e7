"""package_api_put as Python's xmlrpc.client calls it: every method, and what each refuses."""
import base64
import contextlib
import json
import os
import pathlib
import re
import tempfile
import unittest
import xmlrpc.client

from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.packages import conf_xml, make_package, md5sums, record_on_disk
from tests.support.wire import Connection

CONFIGURATION = BASIC_CONFIGURATION + """
[package_api_put:01]
mount_point = /put
src = @FOLDER@/src

[mirror:02]
mount_point = /mirror2
src = @FOLDER@/other
"""
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# One path component: package ids, random_dir, names of uploaded files.
BAD_NAMES = ("..", ".", "../p", "/etc", "a/b", "a\\b", "a\nb", "a\x7fb", "x" * 256)
# Paths: names of files to be associated or removed.
BAD_PATHS = ("..", ".", "../p", "p/../../q", "/etc/passwd", "a//b", "./a", "a\\b", "a\tb")
EXTENDED_XML = """\
<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE package [<!ELEMENT package (name)><!ENTITY e "x">]>
<package id="extended" flavour="sweet">
<vendor kind="ours">Some <b>one</b></vendor><name>Before</name>
<version><label>1</label><build>77</build></version>
<commands reboot="1"><command name="run" shell="cmd">./run</command><uninstall>./un</uninstall>
</commands></package>
"""
EXTENDED_JSON = {"id": "json", "name": "Before", "version": "1", "mine": {"deep": [1, None, True]},
                 "commands": {"reboot": "0", "command": {"name": "n", "command": "c", "x": 1.5}},
                 "inventory": {"associateinventory": "0", "queries": {"Qvendor": "v"}}}


class EditingTest(ServerTest):
    """Helpers of the classes below."""

    configuration = CONFIGURATION

    @classmethod
    def make_tree(cls, src):
        make_package(src, "p", {"a.txt": b"alpha", "sub/b.txt": b"beta"}, label="Sample")
        make_package(src, "own", {"x": b"x"}, folder="group/named otherwise")
        (src / "extended").mkdir()
        (src / "extended" / "conf.xml").write_text(EXTENDED_XML, encoding="utf-8")
        (src / "json").mkdir()
        (src / "json" / "conf.json").write_text(json.dumps(EXTENDED_JSON), encoding="utf-8")
        (src / "both").mkdir()
        (src / "both" / "conf.json").write_text(
            json.dumps({**EXTENDED_JSON, "id": "both"}), encoding="utf-8")
        (src / "both" / "conf.xml").write_bytes(conf_xml("both"))
        (cls.folder / "other").mkdir()
        make_package(cls.folder / "other", "foreign", {"f": b"f"})
        (cls.folder / "outside").mkdir()
        (cls.folder / "outside" / "secret").write_bytes(b"secret")

    def setUp(self):
        self.api = self.server.proxy("/put")
        self.src = self.folder / "src"
        self.upload = self.folder / "upload"

    def state_of_the_disk(self):
        """Every path below what the server may change, with its content."""
        found = {}
        for top in ("src", "other", "upload", "outside"):
            for path in sorted((self.folder / top).rglob("*")):
                name = path.relative_to(self.folder).as_posix()
                if path.is_symlink():
                    found[name] = os.readlink(path)
                else:
                    found[name] = path.read_bytes() if path.is_file() else path.stat().st_mode
        found.pop("src/.pulse2-staging", None)
        return found

    @contextlib.contextmanager
    def nothing_changes(self):
        """Neither on the disk nor in what is answered."""
        before = self.state_of_the_disk(), self.api.getAllPackages(), self.api.getAllPendingPackages()
        yield
        after = self.state_of_the_disk(), self.api.getAllPackages(), self.api.getAllPendingPackages()
        self.assertEqual(before, after)

    def assert_failure(self, answer, kind="invalid_argument"):
        self.assertIsInstance(answer, dict, answer)
        self.assertRegex(answer.get("faultCode", ""), rf"^{kind}: .* $", answer)

    def assert_refused(self, answer, reason=""):
        self.assertIsInstance(answer, list, answer)
        self.assertIs(False, answer[0], answer)
        self.assertIn(reason, answer[1])

    def assert_complete(self, folder):
        """What the API says of a package is what stands on the disk, MD5SUMS included."""
        path = self.src / folder
        files = {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*")
                 if file.is_file() and file.name not in ("conf.xml", "conf.json", "MD5SUMS")}
        self.assertEqual(md5sums(files), (path / "MD5SUMS").read_bytes())
        record = record_on_disk(self.src, folder)
        self.assertEqual(record, self.api.getPackageDetail(record["id"]))
        self.assertIn(record, self.api.getAllPackages())

    def make_upload(self, name, files):
        folder = self.upload / name
        folder.mkdir(mode=0o700)
        for file, content in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        return folder

    def create(self, pid, need_assign=False):
        self.assertTrue(self.api.putPackageDetail({"id": pid, "label": pid}, need_assign)[0])


class Uploads(EditingTest):
    """pushPackage and getTemporaryFiles."""

    def push(self, name, *files, local=False):
        return self.api.pushPackage(name, list(files), local)

    def test_text_wrapped_text_and_binary(self):
        content = os.urandom(300_000)
        plain = base64.b64encode(content).decode()
        wrapped = base64.encodebytes(content).decode()
        self.assertIs(True, self.push(
            "kinds", {"filename": "plain", "filebinary": plain, "tmp_dir": False},
            {"filename": "wrapped", "filebinary": wrapped},
            {"filename": "windows", "filebinary": wrapped.replace("\n", "\r\n")},
            {"filename": "binary", "filebinary": xmlrpc.client.Binary(content)},
            {"filename": "small", "filebinary": xmlrpc.client.Binary(b"abc")},
            {"filename": "empty", "filebinary": ""},
            {"filename": "a..b é.exe", "filebinary": "eA=="}))
        folder = self.upload / "kinds"
        for name in ("plain", "wrapped", "windows", "binary"):
            self.assertEqual(content, (folder / name).read_bytes(), name)
        self.assertEqual((b"abc", b"", b"x"),
                         tuple((folder / name).read_bytes()
                               for name in ("small", "empty", "a..b é.exe")))
        self.assertIn(["kinds", True], self.api.getTemporaryFiles())

    def test_a_second_upload_replaces_files_and_keeps_others(self):
        self.push("twice", {"filename": "a", "filebinary": "MQ=="},
                  {"filename": "b", "filebinary": "MQ=="})
        self.assertIs(True, self.push("twice", {"filename": "a", "filebinary": "Mg=="}))
        self.assertEqual((b"2", b"1"), ((self.upload / "twice/a").read_bytes(),
                                        (self.upload / "twice/b").read_bytes()))

    def test_all_or_none(self):
        self.push("whole", {"filename": "a", "filebinary": "MQ=="})
        good = {"filename": "a", "filebinary": "Mg=="}
        (self.upload / "whole" / "folder").mkdir()
        with self.nothing_changes():
            for name in ("whole", "fresh"):
                for bad in ({"filename": "b", "filebinary": "***"},
                            {"filename": "b", "filebinary": "Zm9"},
                            {"filename": "b", "filebinary": xmlrpc.client.Binary(b"")}):
                    if isinstance(bad["filebinary"], str):
                        self.assert_failure(self.push(name, good, bad), "malformed")
                self.assert_failure(self.push(name, good, good))
                self.assert_failure(self.push(name, good, {"filename": "b"}))
                self.assert_failure(self.push(name, good, {"filebinary": ""}))
                self.assert_failure(self.push(name, good, {"filename": "b", "filebinary": 7}))
                self.assert_failure(self.push(name, good, "b"))
            self.assert_failure(self.push("whole", good, {"filename": "folder", "filebinary": ""}),
                                "already_exists")

    def test_bad_base64_of_any_size(self):
        for text in ("x" * 100_001, base64.b64encode(bytes(200_000)).decode() + "*",
                     "A" * 300_000 + "=" + "AAA"):
            with self.nothing_changes():
                self.assert_failure(self.push("bad", {"filename": "f", "filebinary": text}),
                                    "malformed")
                body = xmlrpc.client.dumps(("bad", [{"filename": "f", "filebinary": "@"}], False),
                                           "pushPackage").replace(
                    "<string>@</string>", f"<base64>{text}</base64>")
                answer = xmlrpc.client.loads(self.post(body))[0][0]
                self.assert_failure(answer, "malformed")

    def post(self, body):
        with Connection(self.server) as connection:
            connection.send(f"POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n"
                            f"Connection: close\r\n\r\n{body}")
            return connection.read_answer().body

    def test_names_that_are_refused(self):
        file = {"filename": "f", "filebinary": "eA=="}
        with self.nothing_changes():
            for name in (*BAD_NAMES, "", 7, [], None, True):
                self.assert_failure(self.push(name, file))
                self.assert_failure(self.push("dir", {**file, "filename": name}))
            for count in ((), ("a",), ("a", []), ("a", [], False, 1)):
                self.assert_failure(self.api.pushPackage(*count))
            self.assert_failure(self.api.pushPackage("a", "files", False))
            # A NUL can't stand in XML at all.
            with self.assertRaises(xmlrpc.client.Fault):
                self.push("a\0b", file)

    def test_links_are_not_followed(self):
        (self.upload / "away").symlink_to(self.folder / "outside")
        inside = self.make_upload("links", {})
        (inside / "f").symlink_to(self.folder / "outside" / "secret")
        with self.nothing_changes():
            self.assertIn("faultCode", self.push("away", {"filename": "f", "filebinary": "eA=="}))
        self.assertIs(True, self.push("links", {"filename": "f", "filebinary": "eA=="}))
        self.assertEqual(b"secret", (self.folder / "outside" / "secret").read_bytes())
        self.assertFalse((inside / "f").is_symlink())

    def local_folder(self, place, files):
        """A folder as a console on this machine leaves it: <place>/<random_dir>/<files>."""
        folder = pathlib.Path(place) / "random"
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return folder

    def test_local_files_are_moved(self):
        place = self.new_folder("local")
        folder = self.local_folder(place, {"a": b"1", "b": b"2", "kept": b"3"})
        files = [{"filename": name, "tmp_dir": str(place), "filebinary": False} for name in "ab"]
        self.assertIs(True, self.push("random", *files, local=True))
        self.assertEqual(["kept"], [path.name for path in folder.iterdir()])
        self.assertEqual(b"2", (self.upload / "random" / "b").read_bytes())

    @unittest.skipUnless(os.path.isdir("/dev/shm") and os.stat("/dev/shm").st_dev
                         != os.stat(tempfile.gettempdir()).st_dev, "no second file system")
    def test_local_files_come_from_another_file_system(self):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
            content = os.urandom(3_000_000)
            folder = self.local_folder(place, {"a": content})
            os.utime(folder / "a", (1_000_000_000, 1_000_000_000))
            file = {"filename": "a", "tmp_dir": place}
            with self.nothing_changes():
                self.assert_failure(self.push("random", file, {"filename": "no", "tmp_dir": place},
                                              local=True), "not_found")
            self.assertTrue((folder / "a").exists())
            self.assertIs(True, self.push("random", file, local=True))
            self.assertFalse((folder / "a").exists())
            moved = self.upload / "random" / "a"
            self.assertEqual(content, moved.read_bytes())
            self.assertEqual(1_000_000_000, moved.stat().st_mtime)

    def test_local_files_that_are_refused(self):
        place = self.new_folder("local")
        folder = self.local_folder(place, {"a": b"1"})
        (folder / "link").symlink_to(self.folder / "outside" / "secret")
        (folder / "folder").mkdir()
        os.mkfifo(folder / "pipe")
        good = {"filename": "a", "tmp_dir": str(place)}
        with self.nothing_changes():
            for name in ("link", "folder", "pipe", "..", "../random/a"):
                self.assert_failure(self.push("random", good, {**good, "filename": name},
                                              local=True))
            for tmp_dir in ("", "relative", 7, False, None):
                self.assert_failure(self.push("random", {**good, "tmp_dir": tmp_dir}, local=True))
            self.assert_failure(
                self.push("random", {**good, "tmp_dir": "/missing"}, local=True), "not_found")
        self.assertEqual(b"1", (folder / "a").read_bytes())

    def test_other_kinds_are_not_listed(self):
        self.make_upload("listed", {"f": b""})
        (self.upload / "a file").write_bytes(b"")
        (self.upload / "listed link").symlink_to("/etc")
        (self.upload / ".pulse2-tmp.push.1-1").write_bytes(b"")
        listed = self.api.getTemporaryFiles()
        self.assertIn(["listed", True], listed)
        self.assertIn(["a file", False], listed)
        names = [name for name, _ in listed]
        self.assertEqual(sorted(names), names)
        self.assertNotIn("listed link", names)
        self.assertNotIn(".pulse2-tmp.push.1-1", names)

    def test_what_a_killed_upload_left_is_removed_at_the_next_start(self):
        self.make_upload("killed", {".pulse2-tmp.push.1-1": b"half"})
        self.make_upload("partly", {".pulse2-tmp.push.1-2": b"half", "whole": b"w"})
        self.server.stop()
        self.server.start()
        self.assertFalse((self.upload / "killed").exists())
        self.assertEqual(["whole"], os.listdir(self.upload / "partly"))


class NoUploadFolder(EditingTest):
    """tmp_input_dir does not exist yet."""

    configuration = CONFIGURATION.replace("tmp_input_dir = @FOLDER@/upload",
                                          "tmp_input_dir = @FOLDER@/new/upload")

    def test_it_is_made(self):
        self.assertEqual([], self.api.getTemporaryFiles())
        self.assertEqual("", self.api.getTemporaryFilesSuggestedCommand("any")["commandcmd"])
        self.assertIs(True, self.api.pushPackage(
            "dir", [{"filename": "f", "filebinary": "eA=="}], False))
        self.assertEqual(b"x", (self.folder / "new/upload/dir/f").read_bytes())
        self.assertEqual(0o700, (self.folder / "new/upload").stat().st_mode & 0o777)


class Descriptions(EditingTest):
    """putPackageDetail and the methods that put one member."""

    def test_a_new_package(self):
        sent = {"id": "new", "label": "New <é> & co", "version": "1.0", "description": "Text\nlines",
                "mode": "creation", "why": "x", "basepath": "/x", "size": 7, "unknown": [1],
                "command": {"name": "run", "command": "./run 'a' \"b\" <&>"}, "reboot": "1",
                "preCommand": {"name": "", "command": ""}, "Qvendor": "V"}
        answer = self.api.putPackageDetail(sent, False)
        record = record_on_disk(self.src, "new")
        self.assertEqual([True, "new", str(self.src / "new"), {**record, "files": []}], answer)
        self.assertEqual(("New <é> & co", "Text\nlines", "1", "V", sent["command"]),
                         tuple(record[name] for name in ("label", "description", "reboot", "Qvendor",
                                                         "command")))
        self.assert_complete("new")
        text = (self.src / "new" / "conf.xml").read_text(encoding="utf-8")
        self.assertTrue(text.startswith("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!DOCTYPE"))
        self.assertNotIn("<files>", text)

    def test_a_new_package_waits_for_its_files(self):
        for arguments in ((), (True,), (1,)):
            pid = f"waits{len(arguments)}{arguments}"
            self.assertTrue(self.api.putPackageDetail({"id": pid, "label": "w"}, *arguments)[0])
            self.assertEqual({}, self.api.getPackageDetail(pid))
            pending = {p["id"]: p for p in self.api.getAllPendingPackages()}
            self.assertEqual("association", pending[pid]["why"])
            self.assertEqual([True, []], self.api.associatePackages(pid, []))
            self.assertEqual(pid, self.api.getPackageDetail(pid)["id"])

    def test_a_fresh_id(self):
        first, second = (self.api.putPackageDetail({"id": "", "label": "Fresh"}, False)
                         for _ in range(2))
        self.assertRegex(first[1], UUID)
        self.assertNotEqual(first[1], second[1])
        self.assertEqual(str(self.src / first[1]), first[2])

    def test_an_edit_keeps_what_is_not_sent(self):
        self.create("kept")
        self.api.putPackageDetail({"id": "kept", "label": "L", "version": "2", "licenses": "GPL",
                                   "command": {"name": "n", "command": "c"}}, False)
        self.api.putPackageDetail({"id": "kept", "description": "only this"}, True)
        detail = self.api.getPackageDetail("kept")
        self.assertEqual(("L", "2", "GPL", "only this", {"name": "n", "command": "c"}),
                         tuple(detail[name] for name in ("label", "version", "licenses",
                                                         "description", "command")))

    def test_documented_types_at_once(self):
        sent = {"id": "types", "label": 7, "version": 2.5, "reboot": True, "associateinventory": 1,
                "command": "text alone", "installInit": {"command": "c"}, "licenses": None}
        record = self.api.putPackageDetail(sent, False)[3]
        self.assertEqual(("7", "2.5", "1", "1", "", {"name": "", "command": "text alone"},
                          {"name": "", "command": "c"}, 0),
                         tuple(record[name] for name in ("label", "version", "reboot",
                                                         "associateinventory", "licenses", "command",
                                                         "installInit", "size")))
        self.assertEqual({**record, "files": self.api.getPackageFiles("types")},
                         self.api.getPackageDetail("types"))

    def test_members_of_newer_consoles(self):
        sent = {"id": "newer", "label": "N", "entity_id": 3,
                "sub_packages": [{"pid": "p", "condition": "all"}, {"pid": "q"}]}
        self.api.putPackageDetail(sent, False)
        for _ in range(2):
            detail = self.api.getPackageDetail("newer")
            self.assertEqual("3", detail["entity_id"])
            self.assertEqual([("p", "all"), ("q", "")],
                             [(s["pid"], s.get("condition", "")) for s in detail["sub_packages"]])
            self.api.putPackageLabel("newer", "again")
        self.assertNotIn("entity_id", self.api.getPackageDetail("p"))
        self.api.putPackageDetail({"id": "newer", "sub_packages": [], "entity_id": ""}, False)
        self.assertNotIn("sub_packages", self.api.getPackageDetail("newer"))

    def test_unknown_elements_survive(self):
        for _ in range(2):
            self.assertTrue(self.api.putPackageDetail({"id": "extended", "label": "After"})[0])
            text = (self.src / "extended" / "conf.xml").read_text(encoding="utf-8")
            for part in ('flavour="sweet"', '<vendor kind="ours">Some <b>one</b></vendor>',
                         "<build>77</build>", 'shell="cmd"', "<uninstall>./un</uninstall>",
                         'reboot="1"', "<name>After</name>"):
                self.assertIn(part, text)
        self.assertEqual(0, self.api.putPackageVersion("extended", "2"))
        self.assertIn("<build>77</build>",
                      (self.src / "extended" / "conf.xml").read_text(encoding="utf-8"))
        self.assert_complete("extended")

    def test_conf_json_stays_conf_json(self):
        self.assertTrue(self.api.putPackageDetail(
            {"id": "json", "label": "After", "Qsoftware": "S"})[0])
        self.assertEqual(0, self.api.putPackageCommand("json", {"name": "n", "command": "d"}))
        self.assertFalse((self.src / "json" / "conf.xml").exists())
        written = json.loads((self.src / "json" / "conf.json").read_text(encoding="utf-8"))
        self.assertEqual(("After", {"deep": [1, None, True]}, "v", "S"),
                         (written["name"], written["mine"],
                          written["inventory"]["queries"]["Qvendor"],
                          written["inventory"]["queries"]["Qsoftware"]))
        self.assertEqual({"name": "n", "command": "d", "x": 1.5}, written["commands"]["command"])
        self.assertEqual("After", self.api.getPackageLabel("json"))

    def test_both_descriptions_are_written(self):
        self.assertTrue(self.api.putPackageDetail({"id": "both", "label": "Two"})[0])
        written = json.loads((self.src / "both" / "conf.json").read_text(encoding="utf-8"))
        self.assertEqual(("Two", {"deep": [1, None, True]}), (written["name"], written["mine"]))
        self.assertIn("<name>Two</name>",
                      (self.src / "both" / "conf.xml").read_text(encoding="utf-8"))

    def test_the_package_s_own_folder(self):
        answer = self.api.putPackageDetail({"id": "own", "label": "Elsewhere"})
        self.assertEqual(str(self.src / "group/named otherwise"), answer[2])
        self.assertFalse((self.src / "own").exists())
        self.assertEqual("Elsewhere", self.api.getPackageLabel("own"))

    def test_what_is_refused(self):
        with self.nothing_changes():
            for name in BAD_NAMES:
                self.assert_failure(self.api.putPackageDetail({"id": name, "label": "L"}))
            for name in (".pulse2-staging", ".pulse2-tmp.x", 7, None, []):
                self.assert_failure(self.api.putPackageDetail({"id": name, "label": "L"}))
            for package in ({"label": "no id"}, {"id": "n"}, [], "text", 7,
                            {"id": "n", "label": "L", "command": [1]},
                            {"id": "n", "label": "L", "sub_packages": "x"}):
                self.assert_failure(self.api.putPackageDetail(package))
            for pid in ("n", "p"):
                for label in ("", " \n ", None):
                    self.assert_refused(self.api.putPackageDetail({"id": pid, "label": label}),
                                        "label")
            self.assert_failure(self.api.putPackageDetail())
            self.assert_failure(self.api.putPackageDetail({}, True, 3))
            self.assert_refused(self.api.putPackageDetail({"id": "foreign", "label": "L"}),
                                "can't be changed from here")
            self.assert_failure(self.api.putPackageLabel("foreign", "L"), "permission_denied")

    def test_a_folder_that_is_taken(self):
        (self.src / "taken").mkdir()
        (self.src / "taken" / "file").write_bytes(b"mine")
        (self.src / "away").symlink_to(self.folder / "outside")
        with self.nothing_changes():
            for pid in ("taken", "away", "group"):
                self.assert_refused(self.api.putPackageDetail({"id": pid, "label": "L"}))

    def test_each_member_alone(self):
        self.create("members")
        for name in ("Label", "Version"):
            self.assertEqual(0, getattr(self.api, f"putPackage{name}")("members", f"new {name}"))
            self.assertEqual(f"new {name}", getattr(self.api, f"getPackage{name}")("members"))
        for name in ("InstallInit", "PreCommand", "Command", "PostCommandSuccess",
                     "PostCommandFailure"):
            for value, expected in (({"name": "n", "command": name}, {"name": "n", "command": name}),
                                    ("text " + name, {"name": "", "command": "text " + name})):
                self.assertEqual(0, getattr(self.api, f"putPackage{name}")("members", value))
                self.assertEqual(expected, getattr(self.api, f"getPackage{name}")("members"))
        self.assertEqual(0, self.api.putPackageSize("members", 99))
        self.assertEqual(0, self.api.getPackageSize("members"))
        self.assert_complete("members")
        with self.nothing_changes():
            for name in ("Label", "Version", "Size", "InstallInit", "PreCommand", "Command",
                         "PostCommandSuccess", "PostCommandFailure", "Files"):
                method = getattr(self.api, f"putPackage{name}")
                self.assert_failure(method("unknown", "x"), "not_found")
                self.assert_failure(method("../p", "x"), "(not_found|invalid_argument)")
                self.assert_failure(method("members"))
                self.assert_failure(method(7, "x"))
            self.assert_failure(self.api.putPackageLabel("members", ""))
            self.assert_failure(self.api.putPackageLabel("members", [1]))


class Files(EditingTest):
    """associatePackages, removeFilesFromPackage, putPackageFiles, addPackageFile."""

    def test_files_and_folders(self):
        self.create("level0", need_assign=True)
        self.make_upload("up0", {"one": b"1", "deep/two": b"2", "deep/er/three": b"3"})
        self.assertEqual([True, []], self.api.associatePackages("level0", ["up0"], 0))
        self.assertEqual(b"3", (self.src / "level0/up0/deep/er/three").read_bytes())
        self.assertFalse((self.upload / "up0").exists())
        self.assert_complete("level0")

    def test_the_content_of_folders(self):
        self.create("level1", need_assign=True)
        self.make_upload("up1", {"one": b"1", "deep/two": b"2", "conf.xml": b"<x/>",
                                 "MD5SUMS": b"x"})
        self.assertEqual([True, []], self.api.associatePackages("level1", ["up1"], "1"))
        self.assertEqual({"one", "deep", "conf.xml", "MD5SUMS"},
                         set(os.listdir(self.src / "level1")))
        self.assertFalse((self.upload / "up1").exists())
        self.assert_complete("level1")
        (self.upload / "empty1").mkdir()
        self.assertEqual([True, []], self.api.associatePackages("level1", ["empty1"], 1))

    def test_names_with_several_components(self):
        self.create("paths")
        self.make_upload("up2", {"sub/file": b"1", "sub/other": b"2"})
        self.assertEqual([True, []], self.api.associatePackages("paths", ["up2/sub/file"]))
        self.assertEqual(b"1", (self.src / "paths" / "file").read_bytes())
        self.assertEqual(["other"], os.listdir(self.upload / "up2" / "sub"))
        self.assert_complete("paths")

    def test_what_is_there_is_replaced(self):
        self.create("replaced")
        for content in (b"first", b"second"):
            self.make_upload("up3", {"file": content})
            self.assertEqual([True, []], self.api.associatePackages("replaced", ["up3"], 1))
        self.assertEqual(b"second", (self.src / "replaced" / "file").read_bytes())
        self.assert_complete("replaced")

    def test_no_files_ends_the_wait(self):
        for number, names in enumerate(([], "", None)):
            pid = f"none{number}"
            self.create(pid, need_assign=True)
            self.assertEqual({}, self.api.getPackageDetail(pid))
            self.assertEqual([True, []], self.api.associatePackages(pid, names))
            self.assert_complete(pid)

    def test_files_and_folders_that_are_refused(self):
        self.make_upload("up4", {"good": b"1", "sub/x": b"1"})
        (self.upload / "up4" / "link").symlink_to(self.folder / "outside")
        (self.upload / "leads out").symlink_to(self.folder / "outside" / "secret")
        (self.upload / "away").symlink_to(self.folder / "outside")
        os.mkfifo(self.upload / "pipe")
        (self.upload / "back\\slash").write_bytes(b"")
        with self.nothing_changes():
            for name in BAD_PATHS:
                self.assert_failure(self.api.associatePackages("p", ["up4/good", name]))
            for name in ("up4", "leads out", "away/secret", "pipe", "up4/link/secret"):
                answer = self.api.associatePackages("p", ["up4/good", name])
                self.assertTrue("faultCode" in answer or answer[0] is False, (name, answer))
            self.assert_refused(self.api.associatePackages("p", ["missing"]), "missing")
            self.assert_refused(self.api.associatePackages("unknown", ["up4/good"]),
                                "This package don't exists")
            self.assert_refused(self.api.associatePackages("p", ["up4/good"], 1), "not a folder")
            self.assert_refused(self.api.associatePackages("foreign", ["up4/good"]),
                                "can't be changed from here")
            for names in (7, [7], {}, [None]):
                self.assert_failure(self.api.associatePackages("p", names))
            self.assert_failure(self.api.associatePackages("p"))
            self.assert_failure(self.api.associatePackages(7, []))

    def test_association_by_other_names(self):
        self.create("aliases")
        self.make_upload("up5", {"a": b"1", "b": b"2"})
        self.assertEqual(0, self.api.putPackageFiles("aliases", ["up5/a"]))
        self.assertEqual(0, self.api.addPackageFile("aliases", "up5/b"))
        self.assertEqual({"a", "b", "MD5SUMS", "conf.xml"}, set(os.listdir(self.src / "aliases")))
        self.assert_complete("aliases")
        with self.nothing_changes():
            for method in (self.api.putPackageFiles, self.api.addPackageFile):
                self.assert_failure(method("aliases", ["missing"]), "not_found")
                self.assert_failure(method("aliases", ["../src/p/a.txt"]))
                self.assert_failure(method("aliases", 7))

    def test_removal(self):
        make = {"a": b"1", "b": b"2", "sub/c": b"3", "sub/d": b"4"}
        self.create("removal")
        self.make_upload("up6", make)
        self.api.associatePackages("removal", ["up6"], 1)
        self.assertEqual([True, 0], self.api.removeFilesFromPackage("removal", "a"))
        self.assertEqual([True, 0], self.api.removeFilesFromPackage("removal", ["sub/c", "b"]))
        self.assertEqual([True, 0], self.api.removeFilesFromPackage("removal", []))
        self.assertEqual(["sub/d"], [path.relative_to(self.src / "removal").as_posix()
                                     for path in (self.src / "removal").rglob("*")
                                     if path.is_file() and path.name not in ("conf.xml", "MD5SUMS")])
        self.assert_complete("removal")

    def test_removals_that_are_refused(self):
        with self.nothing_changes():
            for name in BAD_PATHS:
                answer = self.api.removeFilesFromPackage("p", ["a.txt", name])
                self.assert_failure(answer)
            for name in ("missing", "sub", "conf.xml", "MD5SUMS", "sub/"):
                answer = self.api.removeFilesFromPackage("p", ["a.txt", name])
                self.assertTrue("faultCode" in answer or answer[0] is False, (name, answer))
            for names in (7, None, [7], {}):
                self.assert_refused(self.api.removeFilesFromPackage("p", names))
            self.assert_refused(self.api.removeFilesFromPackage("unknown", ["a.txt"]))
            self.assert_refused(self.api.removeFilesFromPackage("foreign", ["f"]))
            self.assert_failure(self.api.removeFilesFromPackage("p"))


class Drops(EditingTest):
    """dropPackage and getRsyncStatus."""

    def test_a_dropped_package_is_gone(self):
        self.create("gone")
        self.assertEqual("gone", self.api.dropPackage("gone"))
        self.assertFalse((self.src / "gone").exists())
        self.assertEqual({}, self.api.getPackageDetail("gone"))
        self.assertEqual("gone", self.api.dropPackage("gone"))
        self.create("gone")
        self.assert_complete("gone")

    def test_drops_that_are_refused(self):
        with self.nothing_changes():
            for pid in ("unknown", "..", "../src/p", "", "p/sub"):
                self.assert_failure(self.api.dropPackage(pid), "(not_found|invalid_argument)")
            self.assert_failure(self.api.dropPackage("foreign"), "permission_denied")
            self.assert_failure(self.api.dropPackage(7))
            self.assert_failure(self.api.dropPackage())

    def test_status_without_targets(self):
        self.assertEqual([], self.api.getRsyncStatus("p"))
        self.assert_failure(self.api.getRsyncStatus("unknown"), "not_found")
        self.assert_failure(self.api.getRsyncStatus(7))
