"""Replays the recorded stories of imaging: the agent away and back, and a disc of the real generator."""
import ast
import json
import shutil
import sqlite3
import subprocess
import unittest

from tests.compat import differences
from tests.compat.golden import add_line_tests, records
from tests.compat.imaging_discs import fill_as_recorded
from tests.compat.test_imaging import BY_LABEL, CONFIGURATION, ReplayTest
from tests.support.agent import Agent
from tests.support.cases import FolderTest
from tests.support.imaging import fill_image, make_folders, waiting_calls, with_ports
from tests.support.server import Server, wait_until

REPLAY = records("rpc-replay.jsonl")
DISC = records("imaging-iso.jsonl")
TOOLS = all(shutil.which(tool) for tool in ("genisoimage", "isoinfo"))


def queued(text):
    """The recorded queue: calls in the order in which they were made first."""
    queue = ast.literal_eval(text)
    return [(method, json.loads(json.dumps(params))) for _, (_, method, params)
            in sorted(queue.items())]


class Story(ReplayTest):
    """Fills in the images that the calls make, in their order."""

    story = ()
    images = ()

    def fill_in(self, value):
        if isinstance(value, str):
            for recorded, ours in self.images:
                value = value.replace(recorded, ours)
        return super().fill_in(value)

    def remember(self, line, answer):
        if line["method"] == "computerCreateImageDirectory":
            type(self).images = (*self.images, (line["answer"], answer))
            fill_image(self.base / "masters" / answer)

    def check_disk(self, line, difference, before):
        """The queue has a file of another kind, and is looked at by lines of its own; so are images,
        and the boot loader that the recorded generator wrote into."""
        disk = line.get("disk") or {"removed": [], "changed": {}}
        changed = {name: entry for name, entry in disk["changed"].items()
                   if name not in ("rpc-replay.pck", "bootloader/cdrom_boot")
                   and not name.startswith("masters/")}
        super().check_disk({**line, "disk": {**disk, "changed": changed}}, difference, before)

    def snapshot(self):
        return {name: content for name, content in super().snapshot().items()
                if name == "masters/" or not name.startswith("masters/")}


class AgentAway(Story):
    """The agent is away, and comes back."""

    configuration = ReplayTest.configuration + "rpc_loop_timer = 5\nrpc_interval = 1\n"

    def replay(self, line):
        if line["label"].startswith("agent down") and self.agent.server:
            self.agent.stop()
        if line["label"] in LOOKS:
            LOOKS[line["label"]](self, line)
        elif "request_hex" in line:
            # A PXE client's packet, which says this.
            self.assertEqual(0, self.server.proxy("/imaging_api").logClientAction(
                "00:11:22:33:44:55", 1, "boot", "'booted'"))
        else:
            super().replay(line)

    def queue(self):
        return [(method, self.without_times(params)) for method, params
                in waiting_calls(self.base / "rpc-replay.pck")]

    def look_at_queue(self, line):
        """Made anew after every call in the recording; ours holds the same calls."""
        recorded = [(method, self.without_times(self.fill_in(params)))
                    for method, params in queued(line["answer"])]
        # A call that was answered leaves it a moment later.
        wait_until(lambda: len(self.queue()) <= len(recorded), "answered calls are gone")
        self.assertEqual(recorded, self.queue())

    def look_at_replay(self, line):
        self.agent.take_calls()
        self.agent.start()
        wait_until(lambda: not self.queue(), "all calls were answered")
        recorded = [(method, self.without_times(self.fill_in(params)))
                    for _, method, params in line["rpcs"]]
        calls = [call for call in self.agent.calls if call.method in {name for name, _ in recorded}]
        made = [(call.method, self.without_times(call.params)) for call in calls]
        self.assertEqual(differences.oldest_first(recorded), made)
        for earlier, later in zip(calls, calls[1:]):
            self.assertGreaterEqual(later.time - earlier.time, 0.9)


LOOKS = {"replay file before": AgentAway.look_at_queue,
         "replay file with agent down": AgentAway.look_at_queue,
         "6 s later, still down (after a failed replay loop?)": AgentAway.look_at_queue,
         "agent up: replayed RPCs": AgentAway.look_at_replay,
         "replay file after": AgentAway.look_at_queue}
# The log of the recorded server says nothing that is in its files and calls.
add_line_tests(AgentAway, [line for line in REPLAY if line["label"] != "server log"],
               AgentAway.replay)


class FormerQueue(FolderTest):
    """The recorded queue itself is taken over."""

    def test_its_calls_are_made(self):
        (self.folder / "src").mkdir()
        base = make_folders(self.folder / "imaging")
        line = next(line for line in REPLAY if line["label"] == "replay file with agent down")
        recorded = line["raw"]["text"].encode()
        # It may be older than a week by now: its times are moved, and nothing else.
        times = sorted(ast.literal_eval(line["answer"]))
        now = int(sqlite3.connect(":memory:").execute("SELECT strftime('%s')").fetchone()[0])
        for number, time in enumerate(times):
            recorded = recorded.replace(f"F{time}".encode(), f"F{now - 100 + number}.5".encode())
        (base / "rpc-replay.pck").write_bytes(recorded)
        agent = Agent().start()
        self.addCleanup(agent.stop)
        server = Server(self.folder, with_ports(CONFIGURATION + "rpc_interval = 0\n", agent))
        self.addCleanup(server.kill)
        server.start()
        wait_until(lambda: not waiting_calls(base / "rpc-replay.pck"), "all were answered")
        expected = queued(line["answer"])
        self.assertEqual(expected, [(call.method, call.params) for call in agent.calls
                                    if call.method in {method for method, _ in expected}])
        self.assertEqual(recorded, (base / "rpc-replay.pck.migrated").read_bytes())
        self.assertEqual(0, server.stop())


@unittest.skipUnless(TOOLS, "genisoimage or isoinfo is missing")
class RealDisc(Story):
    """What the real generator made of the recorded image, as isoinfo tells."""

    def remember(self, line, answer):
        super().remember(line, answer)
        if line["method"] == "computerCreateImageDirectory":
            folder = self.base / "masters" / answer
            log = "".join(BY_LABEL["imageGetLogs"]["answer"])
            (folder / "log.txt").write_text(log, encoding="utf-8")
            fill_as_recorded(folder)

    def replay(self, line):
        if "method" in line:
            super().replay(line)
            return
        disc = self.base / "isos" / "Image ISO-1.iso"
        wait_until(disc.exists, "the disc is made")
        said = "".join(subprocess.run(["isoinfo", *options, "-i", str(disc)], capture_output=True,
                                      check=True, text=True, timeout=60).stdout
                       for options in (("-d",), ("-R", "-f")))
        recorded = line["value"]
        self.assertEqual(differences.our_disc_listing(recorded[recorded.index("CD-ROM"):]), said)
        self.assertEqual([disc.name], [path.name for path in disc.parent.iterdir()
                                       if not path.name.startswith(".")])


add_line_tests(RealDisc, DISC, RealDisc.replay)
