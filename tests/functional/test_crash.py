"""Kills the server in the middle of changes and looks at what the next start serves."""
import base64
import http.client
import random
import threading
import time
import unittest
import xmlrpc.client

from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.packages import md5_hex
from tests.support.server import wait_until

ROUNDS = 4
CONFIGURATION = BASIC_CONFIGURATION + """
[package_api_put:01]
mount_point = /package_api_put1
src = @FOLDER@/src
"""
GONE = (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError)


class Client(threading.Thread):
    """Creates, fills, edits and drops packages until the server is gone."""

    def __init__(self, server, number):
        super().__init__()
        self.api = server.proxy("/package_api_put1")
        self.number = number
        self.random = random.Random(number)
        self.packages = {}    # pid -> (label, files) as acknowledged
        self.uncertain = {}   # pid -> what a call without an answer may have left

    def run(self):
        try:
            for step in range(10_000):
                self.story(f"client{self.number}-{step}")
        except GONE:
            pass

    def change(self, pid, after, call):
        before = self.packages.get(pid)
        self.uncertain[pid] = (before, after)
        answer = call()
        assert not (isinstance(answer, dict) and "faultCode" in answer), answer
        assert not (isinstance(answer, list) and answer[0] is False), answer
        del self.uncertain[pid]
        self.packages[pid] = after

    def story(self, pid):
        content = self.random.randbytes(self.random.randrange(200_000))
        self.change(pid, (pid, {}), lambda: self.api.putPackageDetail({"id": pid, "label": pid}, False))
        self.api.pushPackage(pid, [{"filename": "data.bin",
                                    "filebinary": base64.b64encode(content).decode()}], False)
        files = {"data.bin": md5_hex(content)}
        self.change(pid, (pid, files), lambda: self.api.associatePackages(pid, [pid], 1))
        self.change(pid, ("edited", files), lambda: self.api.putPackageLabel(pid, "edited"))
        if self.random.random() < 0.3:
            self.change(pid, None, lambda: self.api.dropPackage(pid))


class Crash(ServerTest):
    """Everything acknowledged is there, nothing half-made is visible, no litter stays."""

    configuration = CONFIGURATION

    def test_acknowledged_changes_survive_being_killed(self):
        expected = {}
        for number in range(ROUNDS):
            clients = [Client(self.server, 10 * number + i) for i in range(3)]
            for client in clients:
                client.start()
            time.sleep(random.Random(number).uniform(0.2, 1.2))
            self.server.kill()
            for client in clients:
                client.join()
                expected.update(client.packages)
            uncertain = {pid: states for client in clients
                         for pid, states in client.uncertain.items()}
            self.server.start()
            self.check(expected, uncertain)
        self.assertGreater(len(expected), ROUNDS)

    def check(self, expected, uncertain):
        api = self.server.proxy("/package_api_put1")
        sure = {pid for pid, state in expected.items() if state and pid not in uncertain}
        wait_until(lambda: sure <= {p["id"] for p in api.getAllPackages()}, "the packages are back")
        wait_until(lambda: api.putPackageDetail({"id": "probe", "label": "p"}, False)[0],
                   "the scan is over")
        for pid in set(expected) | set(uncertain):
            states = uncertain.get(pid, (expected.get(pid),))
            found = self.state_of(api, pid)
            self.assertIn(found, states, pid)
            expected[pid] = found
        staging = self.folder / "src" / ".pulse2-staging"
        self.assertEqual([], list(staging.iterdir()) if staging.exists() else [])

    def state_of(self, api, pid):
        """Label and files of a package as they stand on the disk and in MD5SUMS, or None."""
        detail = api.getPackageDetail(pid)
        folder = self.folder / "src" / pid
        if not detail:
            self.assertFalse(folder.exists(), pid)
            return None
        files = {path.name: md5_hex(path.read_bytes()) for path in folder.iterdir()
                 if path.name not in ("conf.xml", "MD5SUMS")}
        sums = "".join(f"{md5}  {name}\n" for name, md5 in sorted(files.items()))
        self.assertEqual(sums, (folder / "MD5SUMS").read_text(encoding="utf-8"), pid)
        self.assertEqual(sorted([*files, "MD5SUMS"]), sorted(f["name"] for f in detail["files"]))
        return detail["label"], files


if __name__ == "__main__":
    unittest.main()
