"""The argument lists of a real server, beside the recorded ones."""
import tarfile
import unittest

from tests.compat.golden import GOLDEN, records
from tests.support.cases import BASIC_CONFIGURATION, FolderTest
from tests.support.recorder import Recorder
from tests.support.server import Server, wait_until

OPTIONS = """\
package_mirror_target = targetA targetB
package_mirror_status_file = @FOLDER@/state/status
package_mirror_loop = 1
package_mirror_command = @FOLDER@/program/program
"""
SECOND_TREE = """
[package_api_put:01]
mount_point = /package_api_put1
src = @FOLDER@/p1

[mirror:02]
mount_point = /mirror2
src = @FOLDER@/p2
"""
# Made while the recording ran; what follows a deletion is done by the test itself.
MADE_LATER = ("/p1/newpkg", "/p1/created")


class RecordedLists(FolderTest):
    """Every package and both trees at both targets, then a deletion."""

    def test_lists_of_the_recording(self):
        with tarfile.open(GOLDEN / "package-trees.tar") as archive:
            archive.extractall(self.folder)
        program = Recorder(self.folder / "program")
        text = BASIC_CONFIGURATION.replace("@FOLDER@/src", "@FOLDER@/p1")
        text = text.replace("[daemon]\n", OPTIONS + "\n[daemon]\n", 1) + SECOND_TREE
        (self.folder / "upload").mkdir(mode=0o700)
        server = Server(self.folder, text).start()
        self.addCleanup(server.kill)
        recorded = {tuple(call) for entry in records("mirroring.jsonl")
                    for call in entry.get("argv", ())}
        expected = {call for call in recorded if not call[-2].endswith((*MADE_LATER, "/"))}
        wait_until(lambda: expected <= self.made(program), "all recorded runs are made")
        self.assertEqual(set(), self.made(program) - expected)

        wait_until(lambda: server.proxy("/package_api_put1").getAllPackages(), "all are there")
        self.assertEqual("cdata", server.proxy("/package_api_put1").dropPackage("cdata"))
        deletion = {("-d", "--delete", "@VAR@/p1/", f"{name}:@VAR@/p1")
                    for name in ("targetA", "targetB")}
        self.assertLessEqual(deletion, recorded)
        wait_until(lambda: len(self.sweeps(program)) >= 2, "the deletion reaches both")
        for sweep in self.sweeps(program):
            without = tuple(word for word in sweep if word != "--exclude=/.pulse2-staging")
            self.assertIn(without, deletion)

    def made(self, program):
        return {tuple(word.replace(str(self.folder), "@VAR@") for word in call)
                for call in program.calls()}

    def sweeps(self, program):
        return {call for call in self.made(program) if call[-2].endswith("/")}


if __name__ == "__main__":
    unittest.main()
