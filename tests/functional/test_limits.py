"""Limits and fairness: connections, slow and stalled clients, bandwidth."""
import os
import pathlib
import re
import resource
import socket
import threading
import time
import xmlrpc.client

from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.certificates import Authority
from tests.support.packages import make_package
from tests.support.server import PATIENCE, Server, wait_until
from tests.support.tls import TlsConnection, TlsServer, connect, trust
from tests.support.wire import Connection

MIB = 1 << 20
BLOCK = bytes(range(256)) * 4096  # 1 MiB, its parts tell where they come from
SMALL = "/mirror1_files/p/a.txt"
LARGE = "/mirror1_files/p/large.bin"
LARGE_SIZE = 24 * MIB
OTHER_ADDRESS = "127.0.0.2"
HTTPS = ("enablessl = 0", "enablessl = 1\ncacert = @FOLDER@/cacert.pem\n"
         "localcert = @FOLDER@/localcert.pem")


def request(path, *fields, method="GET"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: test", *fields, "", ""])


def http(**options):
    """A configuration with these options of [http]."""
    lines = "".join(f"{name} = {value}\n" for name, value in options.items())
    return BASIC_CONFIGURATION + "[http]\n" + lines


def use_tls(test):
    """Gives the class's server a certificate and its clients trust in it."""
    authority = Authority(test.folder)
    identity = authority.issue("localhost")
    (test.folder / "cacert.pem").write_bytes(identity.certificate.read_bytes())
    (test.folder / "localcert.pem").write_bytes(identity.key.read_bytes())
    test.server_type = type("Here", (TlsServer,), {"context": trust(authority.certificate)})


class LimitsTest(ServerTest):
    """Helpers of the classes below."""

    @classmethod
    def make_tree(cls, src):
        make_package(src, "p", {"a.txt": b"alpha", "large.bin": BLOCK * 24}, label="Sample")

    def connection(self, source=None):
        connection = Connection(self.server, source=source, timeout=PATIENCE)
        self.addCleanup(connection.socket.close)
        return connection

    def try_download(self, source=None):
        """A client that asked for the large file and read the head of the answer, or None: there was
        no room."""
        connection = self.connection(source)
        connection.send(request(LARGE))
        answer = connection.read_answer(head_only=True)
        if answer is None or answer.status == 503:
            connection.socket.close()
            return None
        self.assertEqual(200, answer.status)
        return connection

    def begin_download(self, source=None):
        """As try_download, once there is room: that an earlier client has closed may take the server
        a moment to notice."""
        return wait_until(lambda: self.try_download(source), "there is room for a download")

    def finish_download(self, connection):
        """Reads what is left of the large file; compares it."""
        body = bytearray(connection.buffer)
        while len(body) < LARGE_SIZE:
            data = connection.socket.recv(MIB)
            if not data:
                break
            body += data
        self.assertEqual(LARGE_SIZE, len(body))
        self.assertTrue(body == BLOCK * 24, "other bytes than those of the file")

    def ask(self, path=SMALL, source=None):
        with self.connection(source) as connection:
            connection.send(request(path, "Connection: close"))
            return connection.read_answer()


class Full(LimitsTest):
    """All connections in use."""

    configuration = http(max_connections=4)

    def connection(self, source=None):
        connection = connect(self.server, timeout=PATIENCE)
        self.addCleanup(connection.socket.close)
        return connection

    def test_503_until_there_is_room(self):
        self.assertEqual(200, self.ask().status)
        busy = [self.begin_download() for _ in range(4)]
        for _ in range(3):
            answer = self.ask()
            self.assertEqual(503, answer.status)
            self.assertGreater(int(answer.headers["retry-after"]), 0)
            self.assertEqual("close", answer.headers["connection"])
        busy.pop().socket.close()
        wait_until(lambda: self.ask().status == 200, "there is room again")
        self.finish_download(busy[0])
        self.assertRegex(self.server.log(), r"WARNING http\.full: all 4 connections")


class FullOverTls(Full):
    """The refusal is an answer over TLS, too."""

    configuration = Full.configuration.replace(*HTTPS)

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        use_tls(cls)


class PerAddress(LimitsTest):
    """All connections of one address in use."""

    configuration = http(max_connections_per_address=3)

    def test_others_are_served(self):
        busy = [self.begin_download() for _ in range(3)]
        answer = self.ask()
        self.assertEqual(503, answer.status)
        self.assertIn("retry-after", answer.headers)
        self.assertEqual(200, self.ask(source=OTHER_ADDRESS).status)
        busy.pop().socket.close()
        wait_until(lambda: self.ask().status == 200, "the address has room again")
        self.assertRegex(self.server.log(), r"WARNING http\.client_full: 127\.0\.0\.1 has all 3")


class ManySlowClients(LimitsTest):
    """Five hundred that crawl in every way beside one that is in a hurry."""

    configuration = http(max_connections=2000, max_connections_per_address=2000)

    def test_a_fast_client_beside_them(self):
        slow = [self.connection() for _ in range(500)]
        call = xmlrpc.client.dumps(("p",), "getPackageLabel")
        post = request("/package_api_get1", f"Content-Length: {len(call)}", method="POST") + call
        for number, connection in enumerate(slow):
            # Nothing, a part of a head, a part of a body, or a download that is hardly read.
            connection.send(("", request(SMALL)[:20], post[:-30], request(LARGE))[number % 4])
        for connection in slow[3::4]:
            self.assertEqual(200, connection.read_answer(head_only=True).status)
        done = threading.Event()
        crawler = threading.Thread(target=self.crawl, args=(slow[3::4], done))
        crawler.start()
        try:
            with self.connection() as fast:
                for _ in range(200):
                    fast.send(request(SMALL) + post)
                    self.assertEqual(b"alpha", fast.read_answer().body)
                    self.assertEqual(200, fast.read_answer().status)
                fast.send(request(LARGE))
                self.assertEqual(200, fast.read_answer(head_only=True).status)
                self.finish_download(fast)
        finally:
            done.set()
            crawler.join(PATIENCE)
        for number, connection in enumerate(slow[:40]):
            rest = (request(SMALL), request(SMALL)[20:], post[-30:], "")[number % 4]
            connection.send(rest)
            if number % 4 == 3:
                self.finish_download(connection)
            else:
                self.assertEqual(200, connection.read_answer().status)

    @staticmethod
    def crawl(downloads, done):
        while not done.wait(0.05):
            for connection in downloads:
                connection.buffer += connection.socket.recv(1000)


def send_anyway(connection, text):
    """Sends; the other end may have closed."""
    try:
        connection.send(text)
    except OSError:
        pass


def descriptors(server):
    """Files that the server has open."""
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def limits_of(server):
    """The soft limits of the process, by the names in /proc."""
    rows = pathlib.Path(f"/proc/{server.process.pid}/limits").read_text(encoding="ascii")
    return dict(re.findall(r"^(Max [a-z ]+?)\s{2,}(\S+)", rows, re.MULTILINE))


class Descriptors(LimitsTest):
    """Open files: as many as are needed, and no failure when there are too few."""

    configuration = http(max_connections=700)

    @classmethod
    def setUpClass(cls):
        # The limit that a shell has, and no right to go beyond the hard one.
        cls.server_type = lambda folder, configuration: Server(folder, configuration, command_prefix=[
            "setpriv", "--bounding-set=-sys_resource", "--",
            "prlimit", "--nofile=64:4096", "--"])
        super().setUpClass()

    def test_the_limit_is_raised(self):
        self.assertEqual(1024 + 2 * 700, int(limits_of(self.server)["Max open files"]))
        self.assertNotIn("start.few_descriptors", self.server.log())

    def test_accepting_pauses_without_descriptors(self):
        self.assertEqual(b"alpha", self.ask().body)
        wait_until(lambda: descriptors(self.server) < 60, "earlier connections are gone")
        used = descriptors(self.server)
        soft, hard = resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE, (used + 5, hard))
        try:
            clients = [self.connection() for _ in range(40)]
            wait_until(lambda: "http.accept.paused" in self.server.log(), "accepting pauses")
            for connection in clients[:5]:
                # Who is idle makes room for others. Who gets no descriptor for the file is told so,
                # and not that it is missing.
                send_anyway(connection, request(SMALL))
                answer = connection.read_answer()
                self.assertTrue(answer is None or answer.status in (200, 503), answer)
            for connection in clients[:20]:
                connection.socket.close()
        finally:
            resource.prlimit(self.server.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
        for connection in clients[20:]:
            send_anyway(connection, request(SMALL))
            answer = connection.read_answer() or self.ask()
            self.assertEqual(b"alpha", answer.body)


class FewDescriptors(LimitsTest):
    """Connections are limited to what the system allows."""

    configuration = http(max_connections=10000)

    @classmethod
    def setUpClass(cls):
        cls.server_type = lambda folder, configuration: Server(folder, configuration, command_prefix=[
            "setpriv", "--bounding-set=-sys_resource", "--", "prlimit", "--nofile=120:120", "--"])
        super().setUpClass()

    def test_fewer_connections(self):
        self.assertRegex(self.server.log(), r"WARNING start\.few_descriptors: .*allows 120: at most 30")
        busy = [self.begin_download() for _ in range(30)]
        self.assertEqual(503, self.ask().status)
        self.finish_download(busy[0])
        self.assertNotIn("http.accept.paused", self.server.log())


class SlowAndStalled(LimitsTest):
    """A download that moves is never cut, one that does not is."""

    configuration = http(idle_timeout=1) + "[log]\naccess_log = @FOLDER@/log/access.log\n"

    def has_cut_one(self):
        """The end of a download is a line in the log. The client can't see it: what it does not
        read stands in the way."""
        return LARGE in (self.folder / "log" / "access.log").read_text(encoding="utf-8")

    def begin_download(self, source=None):
        # A small window and the segments of an Ethernet: what the client does not read stays with
        # the server.
        plain = socket.socket()
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 << 10)
        plain.settimeout(PATIENCE)
        plain.connect((self.server.host, self.server.port))
        self.addCleanup(plain.close)
        connection = Connection.__new__(Connection)
        connection.socket, connection.buffer = plain, b""
        connection.send(request(LARGE))
        self.assertEqual(200, connection.read_answer(head_only=True).status)
        return connection

    def test_slow_is_not_stalled(self):
        stalled = self.begin_download()
        slow = self.begin_download()
        # Some 40 KB/s: the socket's megabytes take longer than the stalled one is waited for.
        begin = time.monotonic()
        while time.monotonic() - begin < 6 or not self.has_cut_one():
            slow.buffer += slow.socket.recv(4 << 10)
            self.assertLess(time.monotonic() - begin, PATIENCE, "the stalled one is not cut")
            time.sleep(0.1)
        # It was not cut, though it took longer than the stalled one.
        self.finish_download(slow)
        self.assertLess(len(stalled.buffer + stalled.read_to_end()), LARGE_SIZE)


class Bandwidth(LimitsTest):
    """The rates of all and of each address. Bytes are counted; only sooner would be wrong."""

    RATE = 8 * MIB
    PER_ADDRESS = 5 * MIB
    BURST = 0.25  # seconds
    configuration = http(max_download_rate="8 MiB", max_download_rate_per_address="5 MiB")

    def download(self, source, results):
        """Reads the large file; remembers the time it took when it was right."""
        begin = time.monotonic()
        context = {} if isinstance(self.server, TlsServer) else {"source": source}
        kind = TlsConnection if isinstance(self.server, TlsServer) else Connection
        with kind(self.server, timeout=PATIENCE, **context) as connection:
            connection.send(request(LARGE))
            connection.read_answer(head_only=True)
            self.finish_download(connection)
        results.append(time.monotonic() - begin)

    def download_at_once(self, *sources):
        """Seconds that each took, and all together."""
        results = []
        threads = [threading.Thread(target=self.download, args=(source, results))
                   for source in sources]
        begin = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        self.assertEqual(len(sources), len(results), "a download failed")
        return results, time.monotonic() - begin

    def assert_not_faster(self, rate, size, seconds):
        self.assertLessEqual(size, rate * (seconds + self.BURST))

    def test_one_address(self):
        results, _ = self.download_at_once("127.0.0.1")
        self.assert_not_faster(self.PER_ADDRESS, LARGE_SIZE, results[0])

    def test_all_together_and_nothing_else_waits(self):
        done = threading.Event()
        answers = []

        def work():
            while not done.is_set():
                answers.append(self.ask("/healthz").status)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            results, seconds = self.download_at_once("127.0.0.1", OTHER_ADDRESS)
        finally:
            done.set()
            worker.join(PATIENCE)
        self.assert_not_faster(self.RATE, 2 * LARGE_SIZE, seconds)
        for each in results:
            self.assert_not_faster(self.PER_ADDRESS, LARGE_SIZE, each)
        self.assertGreater(len(answers), 100)
        self.assertEqual({200}, set(answers))


class Reloaded(LimitsTest):
    """Limits change while clients are connected."""

    configuration = http(max_download_rate="64 KiB", max_connections=2)

    def setUp(self):
        self.server.reload(self.configuration)

    def test_rates_of_downloads_that_run(self):
        """At the first rate it would take six minutes."""
        slow = self.begin_download()
        slow.buffer += slow.socket.recv(1000)
        self.server.reload(http(max_download_rate_per_address="100 MiB", max_connections=2))
        self.finish_download(slow)

    def test_a_rate_that_comes(self):
        self.server.reload(http(max_connections=2))
        download = self.begin_download()
        download.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        self.server.reload(http(max_connections=2, max_download_rate="4 MiB"))
        # What the sockets have may come at once, the rest not.
        held = 8 * MIB
        begin = time.monotonic()
        self.finish_download(download)
        self.assertLessEqual(LARGE_SIZE - held, 4 * MIB * (time.monotonic() - begin + 0.25))

    def test_connections(self):
        busy = [self.begin_download() for _ in range(2)]
        self.assertEqual(503, self.ask().status)
        self.server.reload(http(max_connections=3))
        self.assertEqual(200, self.ask().status)
        for connection in busy:
            self.finish_download(connection)


class BandwidthOverTls(LimitsTest):
    """Through TLS, where the bytes go another way."""

    configuration = http(max_download_rate="8 MiB").replace(*HTTPS)
    download = Bandwidth.download
    download_at_once = Bandwidth.download_at_once
    assert_not_faster = Bandwidth.assert_not_faster
    BURST = Bandwidth.BURST

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        use_tls(cls)

    def test_rate(self):
        results, _ = self.download_at_once(None)
        self.assert_not_faster(8 * MIB, LARGE_SIZE, results[0])
