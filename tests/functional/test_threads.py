"""Many clients at once: also run under ThreadSanitizer."""
import concurrent.futures
import http.client
import xmlrpc.client

from tests.support.cases import ServerTest
from tests.support.packages import make_package
from tests.support.server import Server
from tests.support.wire import Connection, get

CONTENT = bytes(range(256)) * 2000


class Parallel(ServerTest):
    """Lists, files and ranges by many clients at the same time."""

    @classmethod
    def make_tree(cls, src):
        for number in range(50):
            make_package(src, f"p{number:02}", {"data.bin": CONTENT, "note.txt": b"note"})

    def work(self, worker):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        try:
            for number in range(10):
                pid = f"p{(worker * 7 + number) % 50:02}"
                call = xmlrpc.client.dumps((pid,), "getPackageDetail")
                connection.request("POST", "/package_api_get1", call)
                answer = xmlrpc.client.loads(connection.getresponse().read())[0][0]
                assert answer["id"] == pid, answer
                connection.request("GET", f"/mirror1_files/{pid}/data.bin")
                assert connection.getresponse().read() == CONTENT
                connection.request("GET", f"/mirror1_files/{pid}/data.bin",
                                   headers={"Range": f"bytes={number * 1000}-"})
                assert connection.getresponse().read() == CONTENT[number * 1000:]
                connection.request("POST", "/mirror1", xmlrpc.client.dumps((), "getServerDetails"))
                assert len(xmlrpc.client.loads(connection.getresponse().read())[0][0]) == 50
        finally:
            connection.close()
        return True

    def test_sixteen_clients(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertTrue(all(pool.map(self.work, range(16))))

    def test_connections_come_and_go(self):
        def one(number):
            with Connection(self.server) as connection:
                connection.send("GET /mirror1_files/p00/data.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                if number % 2:
                    return True
                return connection.read_answer().body == CONTENT
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            self.assertTrue(all(pool.map(one, range(200))))

    def test_many_idle_connections(self):
        connections = [Connection(self.server) for _ in range(200)]
        self.assertEqual(b"note", get(self.server, "/mirror1_files/p00/note.txt").body)
        for connection in connections:
            connection.send("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        for connection in connections:
            self.assertEqual(200, connection.read_answer().status)
            connection.socket.close()


class ReloadUnderLoad(Parallel):
    """Package trees, logs, limits and routes change while clients are served."""

    def test_reloads(self):
        (self.folder / "more").mkdir()
        make_package(self.folder / "more", "more", {"note.txt": b"more"})
        more = self.configuration + ("[mirror:02]\nmount_point = /mirror2\nsrc = @FOLDER@/more\n"
                                     "[http]\nmax_request_head = 32 KiB\nfollow_links_to = /opt\n")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            clients = [pool.submit(self.work, number) for number in range(24)]
            for text in (more, self.configuration, more.replace("/opt", "/usr"),
                         more.replace("max_", "mix_"), "nonsense", self.configuration):
                self.server.reload(text, "reload.refused" if text == "nonsense" else "reload.done")
            self.assertTrue(all(client.result() for client in clients))

    # Those of Parallel itself are not run twice.
    test_sixteen_clients = None
    test_connections_come_and_go = None
    test_many_idle_connections = None


class StopUnderLoad(ServerTest):
    """SIGTERM while clients are served: a clean end, and a new start on the same port."""

    @classmethod
    def make_tree(cls, src):
        make_package(src, "p", {"data.bin": CONTENT * 10})

    def test_stop_and_start_again(self):
        with Connection(self.server) as busy, Connection(self.server) as idle:
            busy.send("GET /mirror1_files/p/data.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            idle.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(200, idle.read_answer().status)
            self.assertEqual(CONTENT * 10, busy.read_answer().body)
            self.assertEqual(0, self.server.stop())
        again = Server(self.folder, self.configuration, port=self.server.port)
        again.start()
        self.assertEqual(0, again.stop())
