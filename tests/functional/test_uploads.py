"""Large uploads: memory stays flat, and what goes wrong leaves nothing behind."""
import base64
import contextlib
import os
import pathlib
import shutil
import subprocess
import threading
import xmlrpc.client

from tests.support.cases import OPEN_TO_LOOKS, ServerTest
from tests.support.server import is_sanitized, wait_until
from tests.support.wire import Connection

MIB = 1 << 20
CONFIGURATION = OPEN_TO_LOOKS.replace("[main]\n", "[main]\nfree_space_reserve = 0\n") + """
[package_api_put:01]
mount_point = /put
src = @FOLDER@/src

[http]
max_upload_body = 512 MiB
"""
BLOCK = os.urandom(3 * MIB)
ENCODED = base64.b64encode(BLOCK)
MARK = "@content@"


def push_parts(name, kind="string"):
    """What stands before and after the base64 text of a pushPackage call of one file."""
    call = xmlrpc.client.dumps((name, [{"filename": "file", "filebinary": MARK}], False),
                               "pushPackage")
    call = call.replace(f"<string>{MARK}</string>", f"<{kind}>{MARK}</{kind}>")
    before, _, after = call.encode().partition(MARK.encode())
    return before, after


class UploadTest(ServerTest):
    """Helpers of the classes below."""

    configuration = CONFIGURATION

    @property
    def upload(self):
        return self.folder / "upload"

    def send(self, connection, name, blocks, kind="string", tail=b""):
        """Sends a call of so many blocks and then `tail`; False when the server hung up."""
        before, after = push_parts(name, kind)
        length = len(before) + len(ENCODED) * blocks + len(tail) + len(after)
        connection.send(f"POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            connection.send(before)
            for _ in range(blocks):
                connection.send(ENCODED)
            connection.send(tail + after)

    def push(self, name, blocks, kind="string", tail=b""):
        """The answer to such a call: what a method gave, or the status."""
        with Connection(self.server, timeout=300) as connection:
            self.send(connection, name, blocks, kind, tail)
            answer = connection.read_answer()
        if answer.status != 200:
            return answer.status
        return xmlrpc.client.loads(answer.body)[0][0]

    def assert_nothing_left(self, name):
        self.assertFalse((self.upload / name).exists())
        self.assertEqual([], [path for path in self.upload.rglob("*") if "tmp" in path.name])
        wait_until(lambda: not self.has_body_on_disk(), "the body's file is closed")

    def has_body_on_disk(self):
        """Whether the server has a file without a name open."""
        descriptors = pathlib.Path(f"/proc/{self.server.process.pid}/fd")
        return any("(deleted)" in target for target in self.targets(descriptors))

    @staticmethod
    def targets(descriptors):
        for link in descriptors.iterdir():
            with contextlib.suppress(FileNotFoundError):
                yield os.readlink(link)


class Memory(UploadTest):
    """A quarter of a gibibyte of base64 as text, less as binary."""

    @contextlib.contextmanager
    def watched(self):
        """Collects the anonymous memory while something happens."""
        samples, done = [], threading.Event()

        def watch():
            while not done.wait(0.01):
                samples.append(self.server.anonymous_bytes())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield samples
        finally:
            done.set()
            watcher.join()

    def test_it_stays_flat(self):
        for kind, blocks in (("string", 64), ("base64", 20)):
            before = self.server.anonymous_bytes()
            with self.watched() as samples:
                self.assertIs(True, self.push(kind, blocks, kind))
            with open(self.upload / kind / "file", "rb") as file:
                self.assertTrue(all(file.read(len(BLOCK)) == BLOCK for _ in range(blocks)))
                self.assertEqual(b"", file.read(1))
            if not is_sanitized():
                self.assertLess(max(samples) - before, 64 * MIB, kind)
            shutil.rmtree(self.upload / kind)


class Broken(UploadTest):
    """Uploads that end badly."""

    def test_bad_base64_after_megabytes(self):
        for kind in ("string", "base64"):
            for tail in (b"*", b"A", b"AA=A", b"AA==AAAA"):
                answer = self.push("bad", 2, kind, tail)
                self.assertRegex(answer["faultCode"], "^malformed: file: base64", tail)
                self.assert_nothing_left("bad")

    def test_truncated(self):
        before, _ = push_parts("cut")
        with Connection(self.server) as connection:
            connection.send("POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
            connection.send(before + ENCODED * 4)
            wait_until(self.has_body_on_disk, "the server writes it to a file")
        self.assert_nothing_left("cut")
        whole = before + ENCODED
        with Connection(self.server) as connection:
            connection.send(f"POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: {len(whole)}\r\n\r\n")
            connection.send(whole)
            answer = connection.read_answer()
        with self.assertRaises(xmlrpc.client.Fault):
            xmlrpc.client.loads(answer.body)
        self.assert_nothing_left("cut")

    def test_too_large(self):
        with Connection(self.server) as connection:
            connection.send("POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: 600000000\r\n\r\n")
            answer = connection.read_answer()
        self.assertEqual(413, answer.status)
        self.assertIn(b"512.0 MiB", answer.body)
        self.assert_nothing_left("large")

    def test_texts_with_references_are_bounded(self):
        """They can't be read where they lie."""
        with Connection(self.server, timeout=300) as connection:
            self.send(connection, "references", 20, tail=b"&#10;")
            answer = connection.read_answer()
        with self.assertRaises(xmlrpc.client.Fault):
            xmlrpc.client.loads(answer.body)
        self.assert_nothing_left("references")


class FullDisk(UploadTest):
    """tmp_input_dir is a small file system of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        command = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(cls.folder / "upload")]
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            cls.skip_reason = f"no small file system: {mounted.stderr.strip() or 'not root'}"
        else:
            cls.skip_reason = None
            # Before the folder is removed.
            cls.addClassCleanup(subprocess.run, ["umount", str(cls.folder / "upload")], check=True)

    def setUp(self):
        if self.skip_reason:
            self.skipTest(self.skip_reason)

    def test_no_room_for_the_body(self):
        with Connection(self.server) as connection:
            connection.send("POST /put HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n")
            answer = connection.read_answer()
        self.assertEqual(507, answer.status)
        self.assertRegex(answer.body, rb"needs 85\.8 MiB, .* are free")
        self.assert_nothing_left("body")

    def test_no_room_while_chunks_arrive(self):
        with Connection(self.server) as connection:
            connection.send("POST /put HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                for _ in range(20):
                    connection.send(b"%x\r\n%b\r\n" % (len(ENCODED), ENCODED))
            answer = connection.read_answer()
        self.assertTrue(answer is None or answer.status == 507, answer)
        self.assert_nothing_left("chunks")

    def test_no_room_for_the_file(self):
        answer = self.push("file", 7)
        self.assertRegex(answer["faultCode"], "^no_space: no space for an upload of .* are free")
        self.assert_nothing_left("file")
        self.assertIs(True, self.push("fits", 2))
        shutil.rmtree(self.upload / "fits")
