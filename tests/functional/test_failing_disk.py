"""Writing fails at random: a call that is refused changed nothing, one that is acknowledged is
durable, and the server goes on.

PULSE2_DISK_STORIES says how many stories are told (4; nightly 40), PULSE2_DISK_SEED which.
"""
import os
import re
import unittest

from tests.support.cases import ServerTest
from tests.support.failing_disk import FailingDisk
from tests.support.server import Server, is_sanitized
from tests.support.story import Story
from tests.functional.test_crash import CONFIGURATION

STORIES = int(os.environ.get("PULSE2_DISK_STORIES", "4"))
SEED = int(os.environ.get("PULSE2_DISK_SEED", "1"))
CLIENTS, STEPS = 3, 40
# What could not be taken back because that failed, too: the line of the log names the package.
NOT_UNDONE = re.compile(r"^.*(?:undoing it failed too|api\.upload\.not_undone).*$", re.MULTILINE)


class ServerOnFailingDisk(Server):
    """Its trees, uploads and state are on a disk that fails."""

    def __init__(self, folder, configuration):
        self.disk = FailingDisk(folder, [folder / name for name in ("src", "upload", "state")])
        super().__init__(folder, configuration, command_prefix=self.disk.prefix)


@unittest.skipIf(is_sanitized(), "a sanitizer wants to be the first library")
class FailingDiskStories(ServerTest):
    """Several clients, several seeds, from rare failures to many."""

    # Detection has its own answer to a package that it can't make durable: it is not served.
    configuration = CONFIGURATION.replace("[main]\n", "[main]\npackage_detect_activate = 0\n")
    server_type = ServerOnFailingDisk

    def test_what_is_refused_changed_nothing(self):
        story = Story(self, self.server, CLIENTS)
        refused = acknowledged = 0
        for number in range(STORIES):
            where = f"seed {SEED}, story {number}"
            begin = len(self.server.log())
            clients = story.begin(f"{SEED}.{number}", STEPS)
            self.server.disk.set((3_000, 10_000, 30_000, 80_000)[number % 4], SEED + number)
            for client in clients:
                client.join()
            self.server.disk.set(0, 0)
            refused += sum(len(client.refusals) for client in clients)
            acknowledged += sum(client.calls - len(client.refusals) for client in clients)
            undecided = self.undecided(self.server.log()[begin:], clients)
            story.check(clients, where, undecided)
            self.assertEqual(0, self.server.stop())
            self.server.start()
            story.check(clients, where + ", after a restart", undecided)
            story.check_litter()
        self.assertGreater(refused, STORIES)
        self.assertGreater(acknowledged, 10 * STORIES)

    def undecided(self, log, clients):
        """What a failed undo left changed: rare, and told to the operator."""
        lines = NOT_UNDONE.findall(log)
        names = {path.name for path in (self.folder / "src").iterdir()}
        names |= {name for client in clients
                  for name in (*client.packages, *client.uncertain, *client.unsure, "shared")}
        return {name for name in names
                if any(re.search(re.escape(name) + r"(?!\d)", line) for line in lines)}
