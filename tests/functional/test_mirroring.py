"""Packages reach their mirror targets, and the server says whether they did."""
import base64
import unittest

from tests.support.mirroring import MirrorTest
from tests.support.server import wait_until
from tests.support.targets import FolderTarget, RsyncTarget, SshTarget, packages_of


class EveryKind:
    """What holds for each kind of target; `kinds` names them."""

    kinds = ()

    def start_with_targets(self, *options):
        self.targets = [self.make_target(kind, f"target{i}") for i, kind in enumerate(self.kinds)]
        self.start(self.targets, *options)

    def await_all_same(self):
        for target in self.targets:
            self.await_same(target)

    def test_existing_packages_are_copied_at_the_first_start(self):
        self.package("one")
        self.package("two", {"sub/b.bin": b"b" * 5000})
        self.start_with_targets()
        self.await_synchronised("one", "two")
        self.await_all_same()
        self.assertEqual({"one", "two"}, self.visible())

    def test_created_filled_edited_and_dropped(self):
        self.package("other")
        self.start_with_targets("package_global_mirror_activate = 0")
        self.await_synchronised("other")
        self.assertTrue(self.api.putPackageDetail({"id": "p", "label": "first"}, True)[0])
        self.assertEqual({"NOK"}, set(self.status("p").values()))
        data = base64.b64encode(b"data").decode()
        self.api.pushPackage("p", [{"filename": "f.bin", "filebinary": data}], False)
        self.assertEqual([True, []], self.api.associatePackages("p", ["p"], 1))
        self.await_synchronised("p")
        self.await_all_same()
        self.assertIn("p", self.visible())

        self.assertTrue(self.api.putPackageDetail({"id": "p", "label": "second"}, False)[0])
        self.await_synchronised("p")
        self.await_all_same()
        self.assertIn(b"second", (self.src / "p" / "conf.xml").read_bytes())

        self.assertEqual("p", self.api.dropPackage("p"))
        wait_until(lambda: self.status("p") is None, "the deletion is over")
        for target in self.targets:
            self.assertEqual({"other"}, {path.name for path in target.place(self.src).iterdir()})
        self.assertFalse((self.src / "p").exists())
        self.await_all_same()


class OneFolder(EveryKind, MirrorTest):
    """A folder of this machine."""

    kinds = (FolderTarget,)


class ThreeKinds(EveryKind, MirrorTest):
    """A folder, an rsync daemon and ssh side by side."""

    kinds = (FolderTarget, RsyncTarget, SshTarget)

    def test_200_packages(self):
        for number in range(200):
            self.package(f"p{number}")
        self.start_with_targets()
        self.await_synchronised(*[f"p{number}" for number in range(200)])
        self.await_all_same()
        self.assertEqual(200, len(self.visible()))


if __name__ == "__main__":
    unittest.main()
