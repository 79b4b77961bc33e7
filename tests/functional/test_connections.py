"""HTTP connections: keep-alive, pipelining, chunks, Expect, HTTP/1.0, broken requests."""
import socket
import xmlrpc.client

from tests.support.cases import ServerTest
from tests.support.packages import make_package
from tests.support.wire import Connection, get

CALL = xmlrpc.client.dumps(("sample",), "getPackageLabel").encode()
API = "/package_api_get1"


def chunked(data, size):
    """`data` as chunks of `size` bytes, with an extension and a trailer."""
    pieces = [data[i:i + size] for i in range(0, len(data), size)]
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\nX-T: 1\r\n\r\n"


class Connections(ServerTest):
    """One connection each."""

    @classmethod
    def make_tree(cls, src):
        make_package(src, "sample", {"a.txt": b"alpha", "b.bin": b"b" * 300000}, label="Sample")

    def request(self, path, extra="", method="GET", version="HTTP/1.1"):
        return f"{method} {path} {version}\r\nHost: test\r\n{extra}\r\n"

    def assert_label(self, answer):
        self.assertEqual(200, answer.status)
        self.assertEqual(("Sample",), xmlrpc.client.loads(answer.body)[0])

    def test_keep_alive(self):
        with Connection(self.server) as connection:
            for _ in range(5):
                connection.send(self.request("/mirror1_files/sample/a.txt"))
                self.assertEqual(b"alpha", connection.read_answer().body)
                connection.send(self.request("/mirror1_files/sample/missing"))
                self.assertEqual(404, connection.read_answer().status)

    def test_pipelining_keeps_the_order(self):
        paths = ["sample/a.txt", "sample/b.bin", "missing", "sample/", "sample/a.txt"] * 20
        with Connection(self.server) as connection:
            connection.send("".join(self.request(f"/mirror1_files/{path}") for path in paths))
            statuses = []
            for path in paths:
                answer = connection.read_answer()
                statuses.append(answer.status)
                if path == "sample/a.txt":
                    self.assertEqual(b"alpha", answer.body)
            self.assertEqual([404 if p == "missing" else 200 for p in paths], statuses)

    def test_pipelined_calls_and_heads(self):
        post = self.request(API, f"Content-Length: {len(CALL)}\r\n", "POST").encode() + CALL
        head = self.request("/mirror1_files/sample/b.bin", method="HEAD").encode()
        with Connection(self.server) as connection:
            connection.send(post + head + post)
            self.assert_label(connection.read_answer())
            self.assertEqual("300000", connection.read_answer(True).headers["content-length"])
            self.assert_label(connection.read_answer())

    def test_connection_close(self):
        with Connection(self.server) as connection:
            connection.send(self.request("/mirror1_files/sample/a.txt", "Connection: close\r\n"))
            self.assertEqual(b"alpha", connection.read_answer().body)
            self.assertTrue(connection.is_closed())

    def test_http_1_0(self):
        with Connection(self.server) as connection:
            connection.send("GET /mirror1_files/sample/a.txt HTTP/1.0\r\n\r\n")
            answer = connection.read_answer()
            self.assertEqual(b"alpha", answer.body)
            self.assertNotIn("transfer-encoding", answer.headers)
            self.assertTrue(connection.is_closed())
        with Connection(self.server) as connection:
            for _ in range(2):
                connection.send("GET /mirror1_files/sample/a.txt HTTP/1.0\r\n"
                                "Connection: keep-alive\r\n\r\n")
                answer = connection.read_answer()
                self.assertEqual("keep-alive", answer.headers.get("connection", "").lower())

    def test_chunked_calls(self):
        for size in (1, 7, 100, 10000):
            with Connection(self.server) as connection:
                connection.send(self.request(API, "Transfer-Encoding: chunked\r\n", "POST"))
                connection.send(chunked(CALL, size))
                self.assert_label(connection.read_answer())
                connection.send(self.request("/mirror1_files/sample/a.txt"))
                self.assertEqual(b"alpha", connection.read_answer().body)

    def test_every_split_of_a_request(self):
        data = self.request(API, f"Content-Length: {len(CALL)}\r\n", "POST").encode() + CALL
        with Connection(self.server) as connection:
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for cut in range(1, len(data), 3):
                connection.send(data[:cut])
                connection.send(data[cut:])
                self.assert_label(connection.read_answer())

    def test_expect_continue(self):
        with Connection(self.server) as connection:
            connection.send(self.request(
                API, f"Expect: 100-continue\r\nContent-Length: {len(CALL)}\r\n", "POST"))
            self.assertEqual(100, connection.read_answer().status)
            connection.send(CALL)
            self.assert_label(connection.read_answer())

    def test_expect_of_too_much_is_refused_at_once(self):
        with Connection(self.server) as connection:
            connection.send(self.request(
                API, "Expect: 100-continue\r\nContent-Length: 99999999999\r\n", "POST"))
            self.assertEqual(413, connection.read_answer().status)

    def test_body_above_the_limit(self):
        with Connection(self.server) as connection:
            connection.send(self.request(API, "Content-Length: 17000000\r\n", "POST"))
            self.assertEqual(413, connection.read_answer().status)

    def test_malformed_requests(self):
        for data in ("GET /\r\n\r\n", "GARBAGE\r\n\r\n", "GET / HTTP/1.1\r\nNo colon\r\n\r\n",
                     "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     "POST /package_api_get1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                     "\r\nzz\r\n"):
            with Connection(self.server) as connection:
                connection.send(data)
                answer = connection.read_answer()
                self.assertTrue(answer is None or answer.status == 400, (data, answer))
                self.assertTrue(connection.is_closed(), data)

    def test_head_too_long(self):
        with Connection(self.server) as connection:
            connection.send(self.request("/", "X: " + "a" * 100000 + "\r\n"))
            answer = connection.read_answer()
            self.assertTrue(answer is None or answer.status == 431, answer)

    def test_unknown_http_version(self):
        self.assertEqual(505, get(self.server, "/", version="HTTP/9.9").status)

    def test_client_that_leaves_harms_nobody(self):
        for _ in range(20):
            with Connection(self.server) as connection:
                connection.send(self.request("/mirror1_files/sample/b.bin") * 50)
        self.assertEqual(b"alpha", get(self.server, "/mirror1_files/sample/a.txt").body)

    def test_root_leads_to_the_description(self):
        answer = get(self.server, "/")
        self.assertIn(answer.status, (301, 302, 303, 307, 308))
        self.assertTrue(answer.headers["location"].endswith("/desc"))

    def test_health_and_unknown_paths(self):
        self.assertEqual(b"ok", get(self.server, "/healthz").body.strip())
        self.assertEqual(404, get(self.server, "/nowhere").status)


class BothAddressFamilies(ServerTest):
    """`localhost` binds IPv4 and IPv6; an empty host binds everything."""

    configuration = ServerTest.configuration.replace("host = 127.0.0.1", "host = localhost")

    @classmethod
    def make_tree(cls, src):
        make_package(src, "sample", {"a.txt": b"alpha"})

    def test_both_families_answer(self):
        for host in ("127.0.0.1", "::1"):
            self.assertEqual(
                b"alpha", get(self.server, "/mirror1_files/sample/a.txt", host=host).body)
