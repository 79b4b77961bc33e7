"""One writer: calls on one package follow each other, those on others run beside them."""
import concurrent.futures
import os
import threading

from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.packages import make_package, record_on_disk

CONFIGURATION = BASIC_CONFIGURATION + """
[package_api_put:01]
mount_point = /put
src = @FOLDER@/src
"""
LARGE = 1 << 30  # sparse: takes seconds to hash, and no room


class Together(ServerTest):
    """Several clients at once."""

    configuration = CONFIGURATION

    @classmethod
    def make_tree(cls, src):
        make_package(src, "p", {"a.txt": b"alpha"})

    def setUp(self):
        self.api = self.server.proxy("/put")

    def make_upload(self, name, files):
        folder = self.folder / "upload" / name
        folder.mkdir()
        for file, content in files.items():
            (folder / file).write_bytes(content)

    def test_calls_on_one_package_follow_each_other(self):
        """Each adds its file, removes its former one and changes a member: nothing is lost."""
        self.api.putPackageDetail({"id": "one", "label": "One"}, False)
        members = ("Label", "Version", "Command", "PreCommand", "InstallInit", "PostCommandSuccess")

        def work(number):
            api = self.server.proxy("/put")
            for step in range(5):
                folder = f"one{number}-{step}"
                self.make_upload(folder, {folder: folder.encode()})
                assert api.associatePackages("one", [folder], 1) == [True, []]
                if step:
                    name = f"one{number}-{step - 1}"
                    assert api.removeFilesFromPackage("one", [name]) == [True, 0]
                assert getattr(api, f"putPackage{members[number]}")("one", f"of {number}") == 0
            return True

        with concurrent.futures.ThreadPoolExecutor(len(members)) as clients:
            self.assertTrue(all(clients.map(work, range(len(members)))))
        record = record_on_disk(self.folder / "src", "one")
        self.assertEqual(record, self.api.getPackageDetail("one"))
        self.assertEqual([f"one{number}-4" for number in range(len(members))] + ["MD5SUMS"],
                         [file["name"] for file in record["files"]])
        self.assertEqual(("of 0", "of 1", "of 2"),
                         (record["label"], record["version"], record["command"]["command"]))

    def test_others_do_not_wait_for_a_package_that_is_hashed(self):
        self.api.putPackageDetail({"id": "large", "label": "Large"}, False)
        self.make_upload("large", {})
        with open(self.folder / "upload" / "large" / "file", "wb") as file:
            file.truncate(LARGE)
        answers, done = [], threading.Event()

        def associate():
            try:
                answers.append(self.server.proxy("/put").associatePackages("large", ["large"], 1))
            finally:
                done.set()

        client = threading.Thread(target=associate)
        client.start()
        edits = 0
        while not done.is_set():
            self.make_upload(f"small{edits}", {"f": b"%d" % edits})
            self.assertEqual([True, []], self.api.associatePackages("p", [f"small{edits}"], 1))
            # The old package is served until the new one is ready.
            self.assertIn(self.api.getPackageDetail("large")["size"], (0, LARGE + 39))
            edits += not done.is_set()
        client.join()
        self.assertEqual([[True, []]], answers)
        self.assertGreater(edits, 2)
        # 32 digits, two blanks, the name and a line break
        self.assertEqual(LARGE + 39, self.api.getPackageSize("large"))
        os.unlink(self.folder / "src" / "large" / "file")
