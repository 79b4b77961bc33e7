"""Hostile and broken clients: right answers, bounded memory, nobody else harmed."""
import os
import pathlib
import select
import socket
import threading
import xmlrpc.client

from tests.support.cases import OPEN_TO_LOOKS, ServerTest
from tests.support.certificates import Authority
from tests.support.packages import make_package
from tests.support.server import PATIENCE, is_sanitized, wait_until
from tests.support.tls import BROKEN, TlsConnection, TlsServer, connect, trust
from tests.support.wire import Connection, get

API = "/package_api_get1"
FILE = "/mirror1_files/sample/a.txt"
MIB = 1 << 20
BLOCK = bytes(range(256)) * 4096  # 1 MiB, its parts tell where they come from
MANY_CONNECTIONS = OPEN_TO_LOOKS + """
[http]
max_connections = 8000
max_connections_per_address = 8000
"""


def request(path, *fields, method="GET"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: test", *fields, "", ""]).encode()


def post(body, *fields):
    return request(API, f"Content-Length: {len(body)}", *fields, method="POST") + body


def read_large(connection, length=None):
    """The next `length` bytes, or all until the end: without joining them one by one."""
    pieces = [connection.buffer]
    left = None if length is None else length - len(connection.buffer)
    connection.buffer = b""
    while left is None or left > 0:
        if not connection.fill():
            break
        pieces.append(connection.buffer)
        if left is not None:
            left -= len(connection.buffer)
        connection.buffer = b""
    return b"".join(pieces)


def send_patiently(connection, data):
    """Sends until the server refuses to take more; what it answered can be read then."""
    try:
        connection.send(data)
    except BROKEN:
        pass


class AbuseTest(ServerTest):
    """Each test ends with a look at whether the server still serves."""

    @classmethod
    def make_tree(cls, src):
        make_package(src, "sample", {"a.txt": b"alpha", "b.bin": BLOCK}, label="Sample")

    def tearDown(self):
        self.assert_serves()
        super().tearDown()

    def assert_serves(self):
        with connect(self.server) as connection:
            connection.send(request(FILE) + post(
                xmlrpc.client.dumps(("sample",), "getPackageLabel").encode()))
            self.assertEqual(b"alpha", connection.read_answer().body)
            answer = connection.read_answer()
            self.assertEqual((("Sample",), None), xmlrpc.client.loads(answer.body))

    def assert_grew_by_less(self, before, allowed, what):
        """Memory that is the process's own; under a sanitizer it says nothing."""
        grown = self.server.anonymous_bytes() - before
        if not is_sanitized():
            self.assertLess(grown, allowed, f"{what}: {grown / MIB:.1f} MiB more")

    def answer_to(self, data):
        """The first answer to these bytes, None when there is none; then it must close."""
        with connect(self.server) as connection:
            send_patiently(connection, data)
            answer = connection.read_answer()
            self.assertTrue(connection.is_closed(), data[:200])
            return answer


class Heads(AbuseTest):
    """Request heads that are too large, ambiguous or never complete."""

    def test_head_of_a_mebibyte(self):
        before = self.server.anonymous_bytes()
        for data in (request("/", "X: " + "a" * MIB), request("/" + "a" * MIB),
                     request("/", *(f"X-{i}: {'b' * 40}" for i in range(21000))),
                     b"A" * MIB, b"GET / HTTP/1.1\r\nX: " + b"a" * MIB):
            answer = self.answer_to(data)
            self.assertIn(answer.status, (400, 414, 431), data[:40])
        self.assert_grew_by_less(before, 16 * MIB, "heads of 1 MiB")

    def assert_refused(self, data, statuses=(400,)):
        """One refusal, and nothing that was smuggled behind it is answered."""
        smuggled = request(FILE)
        answer = self.answer_to(data + smuggled)
        self.assertIsNotNone(answer, data)
        self.assertIn(answer.status, statuses, data)

    def test_ambiguous_lengths(self):
        for fields in (("Content-Length: 5", "Transfer-Encoding: chunked"),
                       ("Transfer-Encoding: chunked", "Content-Length: 5"),
                       ("Content-Length: 5", "Content-Length: 6"),
                       ("Content-Length: 5, 6",), ("Content-Length: +5",), ("Content-Length: -5",),
                       ("Content-Length: 0x5",), ("Content-Length: 5 5",), ("Content-Length:",),
                       ("Content-Length: 99999999999999999999999",), ("Content-Length : 5",),
                       (" Content-Length: 5",)):
            self.assert_refused(request(API, *fields, method="POST") + b"0\r\n\r\n")

    def test_the_same_length_twice(self):
        """Refused, or taken for one: RFC 9112 allows both."""
        body = xmlrpc.client.dumps(("sample",), "getPackageLabel").encode()
        length = f"Content-Length: {len(body)}"
        data = request(API, length, length, "Connection: close", method="POST") + body
        self.assertIn(self.answer_to(data).status, (200, 400))

    def test_transfer_codings(self):
        for value in ("xchunked", "chunked, identity", "gzip, chunked", "chunked, chunked",
                      "\x0bchunked", "identity", "chunked;q=1"):
            self.assert_refused(request(API, f"Transfer-Encoding: {value}", method="POST")
                                + b"0\r\n\r\n", (400, 501))
        self.assert_refused(b"POST /package_api_get1 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
                            b"0\r\n\r\n")

    def test_chunks(self):
        for chunks in (b"-1\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n",
                       b"5\r\nhelloworld\r\n0\r\n\r\n", b"5\nhello\n0\n\n", b"\r\n0\r\n\r\n",
                       b"ffffffffffffffffff\r\n", b"5;" + b"x" * MIB,
                       b"5 \x00\r\nhello\r\n0\r\n\r\n"):
            data = request(API, "Transfer-Encoding: chunked", method="POST") + chunks
            self.assert_refused(data, (400, 413))

    def test_bare_line_feeds(self):
        self.assert_refused(b"GET / HTTP/1.1\nHost: test\n\n")
        self.assert_refused(b"GET / HTTP/1.1\r\nHost: test\n\r\n")
        self.assert_refused(b"GET / HTTP/1.1\r\nHost: test\r\nX: a\nContent-Length: 5\r\n\r\n")
        self.assert_refused(b"GET / HTTP/1.1\r\nHost: test\r\n\n")

    def test_folded_and_odd_fields(self):
        for field in ("X: a\r\n b", "X: a\r\n\tTransfer-Encoding: chunked", "X: a\rb", "X: a\0b",
                      "X\0: a", ": a", "X y: a", "no colon"):
            self.assert_refused(request("/healthz", field))

    def test_hosts(self):
        self.assert_refused(b"GET / HTTP/1.1\r\n\r\n")
        self.assert_refused(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")

    def test_request_lines(self):
        for line in (b"GET", b"GET /", b"GET  / HTTP/1.1", b"GET / HTTP/1.1 ", b"GET / http/1.1",
                     b" GET / HTTP/1.1", b"G\0T / HTTP/1.1", b"GET /\0 HTTP/1.1",
                     b"\x16\x03\x01\x00", b"GET / HTTP/11.1", b"PRI * HTTP/2.0"):
            self.assert_refused(line + b"\r\nHost: test\r\n\r\n", (400, 501, 505))

    def test_truncated_requests(self):
        """A client that ends what it sends in the middle gets no success, and no wait."""
        body = xmlrpc.client.dumps(("sample",), "getPackageLabel").encode()
        whole = post(body)
        for cut in range(0, len(whole), 7):
            with connect(self.server) as connection:
                connection.send(whole[:cut])
                connection.socket.shutdown(socket.SHUT_WR)
                answer = connection.read_answer()
                self.assertTrue(answer is None or answer.status == 400, (cut, answer))
        chunked = request(API, "Transfer-Encoding: chunked", method="POST")
        for rest in (b"", b"5\r\nhel", b"5\r\nhello\r\n", b"5\r\nhello\r\n0\r\n"):
            with connect(self.server) as connection:
                connection.send(chunked + rest)
                connection.socket.shutdown(socket.SHUT_WR)
                answer = connection.read_answer()
                self.assertTrue(answer is None or answer.status == 400, (rest, answer))


class Bodies(AbuseTest):
    """Request bodies that are too large or too deep."""

    configuration = OPEN_TO_LOOKS

    def assert_fault(self, body, *codes):
        with connect(self.server) as connection:
            connection.send(post(body))
            answer = connection.read_answer()
        self.assertEqual(200, answer.status)
        with self.assertRaises(xmlrpc.client.Fault) as caught:
            xmlrpc.client.loads(answer.body)
        self.assertIn(caught.exception.faultCode, codes)
        self.assertLess(len(answer.body), 10000)

    def call(self, value):
        return (b"<?xml version='1.0'?><methodCall><methodName>getPackageLabel</methodName>"
                b"<params><param>" + value + b"</param></params></methodCall>")

    def test_nested_values(self):
        before = self.server.anonymous_bytes()
        count = 100000
        for begin, end in ((b"<value><array><data>", b"</data></array></value>"),
                           (b"<value><struct><member><name>a</name>",
                            b"</member></struct></value>")):
            # Well-formed XML that goes beyond a limit is no call (-32600). What is cut off is
            # refused at the same depth, before its end is seen.
            self.assert_fault(self.call(begin * count + end * count), -32600)
            self.assert_fault(self.call(begin * count), -32700, -32600)
        # No call in the first place: either fault is true.
        for begin, end in ((b"<value>", b"</value>"), (b"<a>", b"</a>")):
            self.assert_fault(self.call(begin * count + end * count), -32700, -32600)
            self.assert_fault(self.call(begin * count), -32700, -32600)
        self.assert_grew_by_less(before, 32 * MIB, "nested values")

    def test_entities_are_not_expanded(self):
        lines = [b'<!ENTITY a0 "aaaaaaaaaa">'] + [
            b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10) for i in range(1, 12)]
        self.assert_fault(b"<?xml version='1.0'?><!DOCTYPE x [" + b"".join(lines) + b"]>"
                          + self.call(b"<value>&a11;</value>"), -32700)
        self.assert_fault(b"<?xml version='1.0'?><!DOCTYPE x ["
                          b"<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"
                          + self.call(b"<value>&f;</value>"), -32700)

    def test_ten_gibibytes_are_refused_at_once(self):
        for extra in ((), ("Expect: 100-continue",)):
            with connect(self.server) as connection:
                connection.send(request(API, f"Content-Length: {10 << 30}", *extra, method="POST"))
                self.assertEqual(413, connection.read_answer().status)

    def test_endless_chunks(self):
        before = self.server.anonymous_bytes()
        with connect(self.server) as connection:
            connection.send(request(API, "Transfer-Encoding: chunked", method="POST"))
            try:
                for _ in range(40):
                    connection.send(b"100000\r\n" + BLOCK + b"\r\n")
            except BROKEN:
                pass
            answer = connection.read_answer()
            self.assertTrue(answer is None or answer.status == 413, answer)
        self.assert_grew_by_less(before, 32 * MIB, "endless chunks")

    def sizes_of_nameless_files(self):
        """Bytes of all files that the server has open and that have no name."""
        folder = pathlib.Path(f"/proc/{self.server.process.pid}/fd")
        return sum(file.stat().st_size for file in folder.iterdir()
                   if os.readlink(file).endswith("(deleted)"))

    def test_large_bodies_go_to_a_file(self):
        """3 MiB each, 30 at once: their bytes are in nameless files, not in memory."""
        body = self.call(b"<value>" + b"a" * (3 * MIB) + b"</value>")
        data = post(body)
        before = self.server.anonymous_bytes()
        connections = [Connection(self.server) for _ in range(30)]
        for connection in connections:
            connection.send(data[:-10])
        # All but what a buffer of the server may hold.
        wait_until(lambda: self.sizes_of_nameless_files() >= 30 * (3 * MIB - 65536),
                   "the bodies are in files")
        self.assert_grew_by_less(before, 45 * MIB, "bodies of 90 MiB")
        for connection in connections:
            connection.send(data[-10:])
            answer = connection.read_answer()
            self.assertEqual(200, answer.status)
            self.assertLess(len(answer.body), 100000)
            connection.socket.close()
        self.assert_grew_by_less(before, 45 * MIB, "answers to bodies of 90 MiB")


class Paths(AbuseTest):
    """Paths that lead out of the tree."""

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        os.symlink("/etc", src / "sample" / "etc")
        os.symlink("/etc/passwd", src / "sample" / "passwd")
        os.symlink("../../../../../../etc/passwd", src / "sample" / "relative")
        os.symlink("loop", src / "sample" / "loop")
        os.mkfifo(src / "sample" / "pipe")

    def test_nul(self):
        for path in (f"{FILE}%00", "/mirror1_files/%00", "/mirror1_files/sample%00/a.txt", "/%00"):
            self.assertEqual(400, get(self.server, path).status, path)

    def test_out_of_the_tree(self):
        for path in ("..%2f..%2fetc/passwd", "..%2f", "sample/..%2f..%2f..%2fetc%2fpasswd",
                     "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "sample/etc/passwd", "sample/etc/",
                     "sample/etc", "sample/passwd", "sample/relative", "sample/loop",
                     "%2fetc%2fpasswd", "..%5c..%5cetc%5cpasswd", "a" * 5000, "a/" * 3000):
            answer = get(self.server, f"/mirror1_files/{path}")
            self.assertEqual(404, answer.status, path[:100])
            self.assertNotIn(b"root:", answer.body)

    def test_a_pipe_is_not_waited_for(self):
        self.assertIn(get(self.server, "/mirror1_files/sample/pipe").status, (403, 404))


class ChangingFiles(AbuseTest):
    """Files that change while they are sent."""

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        cls.src = src

    def make_file(self, block=BLOCK, count=64):
        """A file outside of the packages, larger than what sockets hold; its path and address."""
        path = self.src / f"{self._testMethodName}.bin"
        with open(path, "wb") as file:
            for _ in range(count):
                file.write(block)
        return path, f"/mirror1_files/{path.name}"

    def begin(self, address):
        """A connection that has asked for it and read only the first bytes of the answer."""
        connection = connect(self.server, timeout=PATIENCE)
        self.addCleanup(connection.socket.close)
        connection.send(request(address))
        answer = connection.read_answer(head_only=True)
        self.assertEqual(str(64 * MIB), answer.headers["content-length"])
        return connection

    def assert_whole(self, connection):
        self.assertTrue(read_large(connection, 64 * MIB) == BLOCK * 64, "not the file as it was")

    def test_cut_short(self):
        path, address = self.make_file()
        connection = self.begin(address)
        os.truncate(path, 40 * MIB)
        body = read_large(connection)
        self.assertLess(len(body), 64 * MIB)
        self.assertTrue((BLOCK * 64).startswith(body), "something else than the file's bytes")
        wait_until(lambda: self.length_of(address) == 40 * MIB, "the new length is answered")

    def length_of(self, address):
        with connect(self.server) as connection:
            connection.send(request(address, method="HEAD"))
            return int(connection.read_answer(head_only=True).headers["content-length"])

    def test_replaced(self):
        path, address = self.make_file()
        connection = self.begin(address)
        new = path.with_suffix(".new")
        new.write_bytes(b"new content")
        new.rename(path)
        self.assert_whole(connection)
        wait_until(lambda: self.length_of(address) == len(b"new content"), "the new file is served")

    def test_removed(self):
        path, address = self.make_file()
        connection = self.begin(address)
        path.unlink()
        self.assert_whole(connection)


class ChangingFilesOverTls(ChangingFiles):
    """The same through TLS."""

    configuration = OPEN_TO_LOOKS.replace(
        "enablessl = 0", "enablessl = 1\ncacert = @FOLDER@/cacert.pem\n"
        "localcert = @FOLDER@/localcert.pem")

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        use_tls(cls)


def use_tls(test):
    """Gives the class's server a certificate and its clients trust in it."""
    authority = Authority(test.folder)
    identity = authority.issue("localhost")
    (test.folder / "cacert.pem").write_bytes(identity.certificate.read_bytes())
    (test.folder / "localcert.pem").write_bytes(identity.key.read_bytes())
    test.server_type = type("Here", (TlsServer,), {"context": trust(authority.certificate)})


class SlowClients(AbuseTest):
    """Clients that send little, nothing, or do not read."""

    configuration = MANY_CONNECTIONS

    def test_a_byte_a_second(self):
        """While ten of them crawl, another client works; then each gets its answer."""
        data = post(xmlrpc.client.dumps(("sample",), "getPackageLabel").encode())
        slow = [Connection(self.server, timeout=PATIENCE) for _ in range(10)]
        for number, connection in enumerate(slow):
            connection.send(data[:40 + number * 15])
        done = threading.Event()
        finished = []

        def crawl():
            for step in range(4):
                for number, connection in enumerate(slow):
                    at = 40 + number * 15 + step
                    connection.send(data[at:at + 1])
                done.wait(1)
            finished.append(True)

        crawler = threading.Thread(target=crawl)
        crawler.start()
        try:
            while not finished:
                self.assert_serves()
        finally:
            done.set()
            crawler.join(PATIENCE)
        for number, connection in enumerate(slow):
            connection.send(data[44 + number * 15:])
            self.assertEqual(200, connection.read_answer().status)
            connection.socket.close()

    def open_many(self, count):
        connections = []
        for _ in range(count):
            connections.append(Connection(self.server))
            self.addCleanup(connections[-1].socket.close)
        return connections

    def test_silent_connections_while_another_works(self):
        self.open_many(500)
        for _ in range(100):
            self.assert_serves()

    def test_idle_connections_cost_little(self):
        """2,000 that say nothing, then 2,000 that each had an answer."""
        self.assert_serves()
        before = self.server.anonymous_bytes()
        connections = self.open_many(2000)
        self.assert_serves()
        self.assert_grew_by_less(before, 2000 * 8192, "2,000 silent connections")
        for connection in connections:
            connection.send(request(FILE))
        for connection in connections:
            self.assertEqual(b"alpha", connection.read_answer().body)
        self.assert_grew_by_less(before, 2000 * 8192, "2,000 idle connections")
        for connection in connections:
            connection.send(request(FILE))
        for connection in connections:
            self.assertEqual(b"alpha", connection.read_answer().body)

    def test_readers_that_do_not_read(self):
        """Pipelined requests whose answers nobody takes: the server stops reading, too."""
        before = self.server.anonymous_bytes()
        many = request("/mirror1_files/sample/b.bin") * 1000
        connections = self.open_many(20)
        for connection in connections:
            connection.socket.setblocking(False)
            sent = 0
            while sent < 20 * MIB and select.select([], [connection.socket], [], 0.3)[1]:
                sent += connection.socket.send(many)
            self.assertLess(sent, 20 * MIB)
        self.assert_serves()
        self.assert_grew_by_less(before, 32 * MIB, "unread answers")

    def test_clients_that_reset(self):
        for data in (b"", b"GET", request("/mirror1_files/sample/b.bin"), post(b"x" * 5000)[:-100]):
            for _ in range(50):
                connection = Connection(self.server)
                connection.send(data)
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                             b"\x01\0\0\0\0\0\0\0")
                connection.socket.close()

    def test_connections_do_not_leak(self):
        folder = f"/proc/{self.server.process.pid}/fd"
        self.assert_serves()
        before = len(os.listdir(folder))
        for connection in self.open_many(300):
            connection.send(request("/mirror1_files/sample/b.bin") * 3)
            connection.socket.close()
        wait_until(lambda: len(os.listdir(folder)) <= before + 10, "the sockets are closed")


class SlowClientsOverTls(AbuseTest):
    """Silent before the handshake and after it."""

    configuration = MANY_CONNECTIONS.replace(
        "enablessl = 0", "enablessl = 1\ncacert = @FOLDER@/cacert.pem\n"
        "localcert = @FOLDER@/localcert.pem")

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        use_tls(cls)

    def test_silent_and_idle_connections(self):
        self.assert_serves()
        before = self.server.anonymous_bytes()
        silent = [Connection(self.server) for _ in range(500)]
        for _ in range(20):
            self.assert_serves()
        idle = [TlsConnection(self.server) for _ in range(500)]
        for connection in idle:
            connection.send(request(FILE))
            self.assertEqual(b"alpha", connection.read_answer().body)
        self.assert_grew_by_less(before, 1000 * 40960, "1,000 connections")
        for connection in silent + idle:
            connection.socket.close()
