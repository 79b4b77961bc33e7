"""dropPackage, with and without real_package_deletion, beside downloads that run."""
import pathlib

from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.packages import conf_xml, make_package, md5_hex
from tests.support.server import wait_until
from tests.support.wire import Connection, get

LARGE = bytes(range(256)) * (16 << 12)  # more than a socket's buffers hold
CONFIGURATION = BASIC_CONFIGURATION + """
[package_api_put:01]
mount_point = /package_api
src = @FOLDER@/src
"""


class Deletion(ServerTest):
    """The folder goes."""

    configuration = CONFIGURATION
    stays = False

    @classmethod
    def make_tree(cls, src):
        for pid in ("downloaded", "dropped", "twice"):
            make_package(src, pid, {"large.bin": LARGE if pid == "downloaded" else b"small"})

    def setUp(self):
        self.src = pathlib.Path(self.folder) / "src"
        self.api = self.server.proxy("/package_api")

    def check_gone(self, pid):
        self.assertEqual({}, self.api.getPackageDetail(pid))
        self.assertNotIn(pid, [package["id"] for package in self.api.getAllPackages()])
        self.assertFalse(self.server.proxy("/mirror1").isAvailable(pid))
        folder = self.src / pid
        self.assertEqual(self.stays, folder.exists())
        if self.stays:
            self.assertEqual(conf_xml(pid), (folder / "conf.xml.rem").read_bytes())
            self.assertFalse((folder / "conf.xml").exists())

    def test_a_running_download_finishes(self):
        with Connection(self.server) as client:
            client.send(f"GET /mirror1_files/downloaded/large.bin HTTP/1.1\r\n"
                        f"Host: {self.server.host}\r\nConnection: close\r\n\r\n")
            self.assertTrue(client.fill())
            self.assertLess(len(client.buffer), len(LARGE))
            self.assertTrue(self.api.dropPackage("downloaded"))
            self.check_gone("downloaded")
            answer = client.read_answer()
        self.assertEqual(200, answer.status)
        self.assertEqual(md5_hex(LARGE), md5_hex(answer.body))
        status = get(self.server, "/mirror1_files/downloaded/large.bin").status
        self.assertEqual(200 if self.stays else 404, status)

    def test_the_package_is_gone(self):
        get(self.server, "/mirror1_files/dropped/large.bin")
        self.assertTrue(self.api.dropPackage("dropped"))
        self.check_gone("dropped")
        staging = self.src / ".pulse2-staging"
        wait_until(lambda: not staging.exists() or not list(staging.iterdir()), "nothing is staged")

    def test_a_second_call_is_no_failure(self):
        self.assertTrue(self.api.dropPackage("twice"))
        self.assertTrue(self.api.dropPackage("twice"))


class Withdrawal(Deletion):
    """The folder stays, its description is renamed."""

    configuration = CONFIGURATION.replace("[main]\n", "[main]\nreal_package_deletion = 0\n")
    stays = True
