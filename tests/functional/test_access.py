"""Who may change packages: [http] write_from."""
import xmlrpc.client

from tests.support import imaging
from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.packages import make_package
from tests.support.wire import Connection, get

WRITER = "127.0.0.2"
READER = "127.0.0.1"
# One mount point for reading and editing, as deployed files have it.
CONFIGURATION = BASIC_CONFIGURATION + f"""
[package_api_put:01]
mount_point = /package_api_get1
src = @FOLDER@/src

[http]
write_from = 10.0.0.0/8 {WRITER} 2001:db8::/32
"""
API = "/package_api_get1"


def call(server, path, source, method, *parameters):
    """The answer to one call from that address, as it came."""
    body = xmlrpc.client.dumps(parameters, method).encode()
    with Connection(server, source=source) as connection:
        connection.send(f"POST {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return connection.read_answer()


class WriteFrom(ServerTest):
    """One address may write, the other may only read."""

    configuration = CONFIGURATION

    @classmethod
    def make_tree(cls, src):
        make_package(src, "p", {"a.txt": b"alpha"}, label="Before")

    def call(self, source, method, *parameters):
        return call(self.server, API, source, method, *parameters)

    def label(self):
        return xmlrpc.client.loads(self.call(READER, "getPackageLabel", "p").body)[0][0]

    def test_others_get_403_and_a_line_in_the_log(self):
        for method, *parameters in (("putPackageLabel", "p", "Forged"), ("dropPackage", "p"),
                                    ("putPackageDetail", {"label": "Forged"}),
                                    ("removeFilesFromPackage", "p", ["/p/a.txt"]),
                                    ("getTemporaryFiles",)):
            answer = self.call(READER, method, *parameters)
            self.assertEqual(403, answer.status, method)
            self.assertIn(f"api.call.refused: {API} {method} from {READER}", self.server.log())
        self.assertNotEqual("Forged", self.label())
        self.assertEqual(b"alpha", get(self.server, "/mirror1_files/p/a.txt").body)

    def test_others_may_read(self):
        self.assertEqual(200, self.call(READER, "getAllPackages").status)
        self.assertEqual(200, self.call(READER, "getPackageDetail", "p").status)

    def test_writers_write(self):
        answer = self.call(WRITER, "putPackageLabel", "p", "After")
        self.assertEqual(200, answer.status)
        self.assertEqual("After", self.label())

    def test_others_can_not_upload_what_only_writers_may(self):
        """A body above the limit of reading APIs is refused before it is sent."""
        for source, status in ((READER, 413), (WRITER, 100)):
            with Connection(self.server, source=source) as connection:
                connection.send(f"POST {API} HTTP/1.1\r\nHost: test\r\nContent-Length: 20000000\r\n"
                                "Expect: 100-continue\r\n\r\n")
                self.assertEqual(status, connection.read_answer().status, source)


MAC = "00:11:22:33:44:55"


class WriteImagesFrom(imaging.ImagingTest):
    """The same for the imaging API."""

    configuration = imaging.CONFIGURATION + f"\n[http]\nwrite_from = {WRITER}\n"

    def status(self, source, method, *parameters):
        return call(self.server, "/imaging_api", source, method, *parameters).status

    def registrations(self):
        return [call.method for call in self.agent.calls].count("imaging.computerRegister")

    def test_others_may_only_read(self):
        before = self.registrations()
        for method, *parameters in (
                ("computerRegister", "pc1", MAC), ("computersRegister", []),
                ("computerUnregister", "UUID1", [], False), ("computerUpdate", MAC),
                ("computerPrepareImagingDirectory", "UUID1"), ("injectInventory", MAC, {}),
                ("computersMenuSet", {}), ("imagingServerDefaultMenuSet", {}),
                ("computerCreateImageDirectory", MAC), ("computerChangeDefaultMenuItem", MAC, 1),
                ("imageDone", MAC, imaging.IMAGE), ("imagingServerImageDelete", imaging.IMAGE),
                ("imagingServerISOCreate", imaging.IMAGE, 1, "t"), ("computerMenuUpdate", MAC),
                ("imagingServerConfigurationSet", {}), ("logClientAction", MAC, 1, "boot", "text"),
                ("createBootServiceFromPostInstall", "x"), ("bsUnlinkShFile", "x")):
            self.assertEqual(403, self.status(READER, method, *parameters), method)
        self.assertEqual(before, self.registrations())
        for method, *parameters in (("imagingServerStatus",), ("getComputerByMac", MAC),
                                    ("imageGetLogs", imaging.IMAGE), ("getDefaultMenuItem", MAC)):
            self.assertEqual(200, self.status(READER, method, *parameters), method)

    def test_writers_write(self):
        before = self.registrations()
        self.assertEqual(200, self.status(WRITER, "computerRegister", "pc1", MAC))
        self.assertEqual(before + 1, self.registrations())
