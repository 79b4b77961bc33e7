"""Kills the server while packages are copied into its tree and its drop folder and clients edit others.

PULSE2_CRASH_ROUNDS says how often (a third of it), PULSE2_CRASH_SEED which stories are told.
"""
import itertools
import os
import random
import threading

from tests.functional.test_detection import API, configuration
from tests.support.cases import ServerTest
from tests.support.copies import Copier
from tests.support.packages import md5sums
from tests.support.server import wait_until
from tests.support.story import GONE, is_refusal

ROUNDS = max(1, int(os.environ.get("PULSE2_CRASH_ROUNDS", "15")) // 3)
SEED = os.environ.get("PULSE2_CRASH_SEED", "1")
EDITED = "edited"


class CrashDetection(ServerTest):
    """Every finished copy becomes visible whole, and none before it is."""

    configuration = configuration(loop=1, put="tmp_input_dir = @FOLDER@/drop\n")

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        for name in ("drop", "aside"):
            (cls.folder / name).mkdir(mode=0o755)

    def test_finished_copies_are_served_whole(self):
        self.src, self.drop = self.folder / "src", self.folder / "drop"
        self.copied, self.halves = {}, set()
        for number in range(ROUNDS):
            choice = random.Random(f"{SEED} detection {number}")
            copier = Copier((self.src, self.drop), f"copy{number}", f"{SEED}.{number}")
            copier.start()
            try:
                labels = self.edit_until_killed(choice)
            finally:
                copier.end()
            self.copied.update(copier.finished)
            self.halves.add(copier.half)
            # What came while nobody looked is found by the start.
            self.server.start()
            self.check(labels, f"seed {SEED}, round {number}")
        self.assertGreater(len(self.copied), ROUNDS)

    def edit_until_killed(self, choice):
        """Kills the server at no particular moment. The labels of which one is kept: the last that
        was acknowledged, and the one that was not."""
        api = self.server.proxy(API)
        killer = threading.Timer(choice.uniform(0.3, 1.5), self.server.kill)
        killer.start()
        labels = ()
        try:
            for number in itertools.count():
                labels = (*labels[-1:], f"label {number} {choice.random()}")
                answer = api.putPackageDetail({"id": EDITED, "label": labels[-1]}, False)
                self.assertFalse(is_refusal(answer), answer)
        except GONE:
            return labels
        finally:
            killer.join()

    def check(self, labels, where):
        api = self.server.proxy(API)

        def are_all_there():
            visible = {record["id"]: record for record in api.getAllPackages()}
            self.assertLessEqual(visible.keys(), {*self.copied, EDITED}, where)
            for pid in self.copied.keys() & visible.keys():
                self.assert_whole(visible[pid], self.copied[pid], where)
            return self.copied.keys() <= visible.keys()
        wait_until(are_all_there, f"{where}: finished copies are served")
        self.assertIn(api.getPackageDetail(EDITED)["label"], labels, where)
        wait_until(lambda: not self.litter(), f"{where}: nothing is left behind")

    def assert_whole(self, record, files, where):
        served = {file["name"] for file in record["files"]}
        self.assertEqual({*files, "MD5SUMS"}, served, f"{where}: {record['id']}")
        sums = (self.src / record["id"] / "MD5SUMS").read_bytes()
        self.assertEqual(md5sums(files), sums, f"{where}: {record['id']}")

    def litter(self):
        staging = self.src / ".pulse2-staging"
        return [*self.folder.rglob(".pulse2-tmp.*"), *(staging.iterdir() if staging.exists() else ()),
                *(path for path in self.drop.iterdir() if path.name not in self.halves)]
