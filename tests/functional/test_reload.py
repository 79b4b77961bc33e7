"""SIGHUP: another configuration takes the place of the running one, as a whole or not at all."""
import hashlib
import os
import pathlib
import ssl

from tests.support.cases import BASIC_CONFIGURATION, FolderTest, OPEN_TO_LOOKS, file_log
from tests.support.certificates import A_WHILE_AGO, LONG_AGO, Authority
from tests.support.packages import make_package
from tests.support.server import Server, free_port, wait_until
from tests.support.tls import BROKEN, TlsConnection, TlsServer, trust
from tests.support.wire import Connection, get

FILE_LOG = file_log("first")
TLS_CONFIGURATION = BASIC_CONFIGURATION.replace(
    "enablessl = 0", "enablessl = 1\ncacert = @FOLDER@/cert.pem\nlocalcert = @FOLDER@/key.pem")


def scheduler_of(server):
    """The scheduler that some machine is given."""
    return server.proxy("/scheduler_api").getScheduler({"name": "m", "uuid": "UUID1"})


class ReloadTest(FolderTest):
    """Each test has a server of its own."""

    server_type = Server

    def make_server(self, configuration=BASIC_CONFIGURATION):
        folder = self.new_folder("server")
        (folder / "src").mkdir()
        (folder / "upload").mkdir(mode=0o700)
        make_package(folder / "src", "one", {"a.txt": b"a"})
        server = self.server_type(folder, configuration)
        self.addCleanup(self.end, server)
        return server

    def end(self, server):
        if server.process is not None and server.process.poll() is None:
            self.assertEqual(0, server.stop())


class Reload(ReloadTest):
    """What changes and what does not."""

    def test_schedulers_change(self):
        server = self.make_server().start()
        self.assertIn("scheduler_0", scheduler_of(server))
        log = server.reload(BASIC_CONFIGURATION.replace("scheduler_01 scheduler_02", "other"))
        self.assertEqual("other", scheduler_of(server))
        self.assertIn("[scheduler_api] schedulers", log)

    def test_mount_points_change(self):
        server = self.make_server().start()
        with Connection(server) as connection:
            request = "GET /{}_files/one/a.txt HTTP/1.1\r\nHost: t\r\n\r\n"
            connection.send(request.format("mirror1"))
            self.assertEqual(200, connection.read_answer().status)
            server.reload(BASIC_CONFIGURATION.replace("/mirror1", "/other"))
            # The same connection, which was not dropped.
            connection.send(request.format("mirror1"))
            self.assertEqual(404, connection.read_answer().status)
            connection.send(request.format("other"))
            self.assertEqual(b"a", connection.read_answer().body)

    def test_credentials_change(self):
        server = self.make_server().start()
        self.assertEqual(200, get(server, "/desc").status)
        server.reload(BASIC_CONFIGURATION.replace("enablessl = 0",
                                                  "enablessl = 0\nusername = u\npassword = geheim"))
        self.assertEqual(401, get(server, "/desc").status)
        self.assertNotIn("geheim", server.log())

    def test_limits_change(self):
        server = self.make_server().start()
        long_field = "X-Long: " + "x" * 20000
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt", headers=[long_field]).status)
        server.reload(BASIC_CONFIGURATION + "\n[http]\nmax_request_head = 8 KiB\n")
        self.assertEqual(431, get(server, "/mirror1_files/one/a.txt", headers=[long_field]).status)

    def test_mistakes_are_listed_and_nothing_changes(self):
        server = self.make_server().start()
        wrong = (BASIC_CONFIGURATION.replace("scheduler_01 scheduler_02", "other")
                 .replace("enablessl = 0", "enablessl = perhaps")
                 + "\n[http]\nidle_timeout = never\n")
        log = server.reload(wrong, done="reload.refused")
        for option in ("enablessl = perhaps", "idle_timeout = never"):
            self.assertRegex(log, rf"ERROR reload\.mistake: .*{option}")
        self.assertRegex(log, r"mistakes in .*: 2\n")
        self.assertIn("scheduler_0", scheduler_of(server))
        # And with the mistakes corrected it goes on.
        server.reload(BASIC_CONFIGURATION.replace("scheduler_01 scheduler_02", "third"))
        self.assertEqual("third", scheduler_of(server))

    def test_a_missing_file_is_refused(self):
        server = self.make_server().start()
        server.config_file.unlink()
        self.assertIn(str(server.config_file), server.reload(done="reload.refused"))
        self.assertEqual(200, get(server, "/healthz").status)

    def test_a_missing_src_is_refused(self):
        server = self.make_server().start()
        log = server.reload(BASIC_CONFIGURATION.replace("@FOLDER@/src", "@FOLDER@/none"),
                            done="reload.refused")
        self.assertIn(f"{server.folder}/none", log)
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)

    def test_what_needs_a_restart_is_named_and_the_rest_changes(self):
        server = self.make_server().start()
        other = free_port()
        log = server.reload(BASIC_CONFIGURATION.replace("@PORT@", str(other))
                            .replace("scheduler_01 scheduler_02", "other"))
        self.assertRegex(log, r"WARNING reload\.needs_restart: \[main\] port")
        self.assertEqual("other", scheduler_of(server))
        # What clients are told has to work: it is the port in use.
        mirror = server.proxy("/rpc").getMirror({"name": "m", "uuid": "UUID1"})
        self.assertEqual(server.port, int(mirror["port"]))

    def test_imaging_that_comes_is_named(self):
        server = self.make_server().start()
        log = server.reload(BASIC_CONFIGURATION + "\n[imaging_api]\n"
                            "uuid = 2b1c3f2e-6e0e-4f7a-9a54-0c1d2e3f4a5b\n")
        self.assertRegex(log, r"WARNING reload\.needs_restart: \[imaging_api\]")
        self.assertEqual(200, get(server, "/healthz").status)

    def test_a_package_tree_is_exchanged(self):
        server = self.make_server(OPEN_TO_LOOKS).start()
        (server.folder / "other").mkdir()
        make_package(server.folder / "other", "two", {"b.txt": b"b"})
        server.reload(OPEN_TO_LOOKS.replace("@FOLDER@/src", "@FOLDER@/other"))
        packages = server.proxy("/package_api_get1")
        wait_until(lambda: [p["id"] for p in packages.getAllPackages()] == ["two"],
                   "the new tree is served")
        self.assertEqual(b"b", get(server, "/mirror1_files/two/b.txt").body)
        self.assertEqual(404, get(server, "/mirror1_files/one/a.txt").status)
        # The removed one is let go of: it could be unmounted.
        wait_until(lambda: not self.has_open(server, server.folder / "src"), "src is closed")

    def test_a_tree_becomes_editable(self):
        server = self.make_server().start()
        server.reload(BASIC_CONFIGURATION + "\n[package_api_put:01]\nmount_point = /put\n"
                      "src = @FOLDER@/src\n")
        answer = server.proxy("/put").putPackageDetail({
            "id": "made", "label": "Made", "version": "1", "description": "", "reboot": 0,
            "preCommand": {"name": "", "command": ""}, "installInit": {"name": "", "command": ""},
            "command": {"name": "run", "command": "true"},
            "postCommandSuccess": {"name": "", "command": ""},
            "postCommandFailure": {"name": "", "command": ""}, "targetos": "win"})
        self.assertIs(True, answer[0], answer)
        self.assertTrue((server.folder / "src" / "made" / "conf.xml").exists())

    def test_where_the_log_goes_changes(self):
        server = self.make_server(BASIC_CONFIGURATION + FILE_LOG).start()
        first, second = server.folder / "log/first.log", server.folder / "log/second.log"
        server.reload(BASIC_CONFIGURATION + FILE_LOG.replace("first", "second"))
        self.assertIn("server.listening", first.read_text(encoding="utf-8"))
        self.assertNotIn("reload.done", first.read_text(encoding="utf-8"))
        self.assertIn("reload.done", second.read_text(encoding="utf-8"))

    def test_a_log_that_can_not_be_written_is_refused(self):
        server = self.make_server(BASIC_CONFIGURATION + FILE_LOG).start()
        log = server.reload(BASIC_CONFIGURATION + FILE_LOG.replace("log/first", "none/first"),
                            done="reload.refused")
        self.assertIn(f"{server.folder}/none/first.log", log)
        self.assertIn("reload.refused",
                      (server.folder / "log/first.log").read_text(encoding="utf-8"))

    def test_a_log_begun_anew_at_a_start_goes_on_at_a_reload(self):
        emptied = FILE_LOG.replace("first.log',", "first.log', 'w'")
        server = self.make_server(BASIC_CONFIGURATION + emptied).start()
        server.reload(BASIC_CONFIGURATION + emptied.replace("DEBUG", "INFO"))
        self.assertIn("server.listening",
                      (server.folder / "log/first.log").read_text(encoding="utf-8"))

    @staticmethod
    def has_open(server, folder):
        descriptors = pathlib.Path(f"/proc/{server.process.pid}/fd")
        return any(os.readlink(entry) == str(folder) for entry in descriptors.iterdir())

    def test_nothing_changed(self):
        server = self.make_server().start()
        self.assertIn("nothing changed", server.reload())


class ReloadDuringWork(ReloadTest):
    """What runs goes on with the configuration that it began with."""

    def test_a_large_download_goes_on(self):
        server = self.make_server()
        size = 100 << 20
        large = server.folder / "src" / "one" / "large.bin"
        with open(large, "wb") as file:
            for number in range(size >> 20):
                file.write(number.to_bytes(4, "big") * (1 << 18))
        expected = hashlib.md5(large.read_bytes()).hexdigest()
        found = hashlib.md5()
        server.start()
        with Connection(server) as connection:
            connection.send("GET /mirror1_files/one/large.bin HTTP/1.1\r\nHost: t\r\n\r\n")
            head = connection.read_answer(head_only=True)
            self.assertEqual(size, int(head.headers["content-length"]))
            found.update(connection.buffer)
            left = size - len(connection.buffer)
            # Its route, its tree and the limits: nothing of it is there any more.
            (server.folder / "other").mkdir()
            server.reload(BASIC_CONFIGURATION.replace("@FOLDER@/src", "@FOLDER@/other")
                          .replace("/mirror1", "/elsewhere"))
            server.reload(BASIC_CONFIGURATION.replace("src", "nowhere"), done="reload.refused")
            while left > 0:
                data = connection.socket.recv(1 << 20)
                self.assertTrue(data, f"cut short: {left} bytes are missing")
                found.update(data)
                left -= len(data)
        self.assertEqual(expected, found.hexdigest())


class Certificates(ReloadTest):
    """A certificate that was replaced."""

    server_type = TlsServer

    def make_tls_server(self):
        server = self.make_server(TLS_CONFIGURATION)
        authority = Authority(server.folder)
        self.install(server, authority.issue("localhost"))
        server.context = trust(authority.certificate)
        server.start(ready=False)
        return server, authority

    @staticmethod
    def install(server, identity):
        for name, content in (("cert.pem", identity.certificate), ("key.pem", identity.key)):
            # As tools that renew certificates do it: a new file in the place of the old one.
            (server.folder / "next").write_bytes(content.read_bytes())
            (server.folder / "next").rename(server.folder / name)

    def served(self, server):
        """Serial number of the certificate that a new connection is shown."""
        with TlsConnection(server) as connection:
            return connection.socket.getpeercert()["serialNumber"]

    def test_new_connections_see_the_new_one_and_old_ones_live(self):
        server, authority = self.make_tls_server()
        first = self.served(server)
        with TlsConnection(server) as connection:
            request = "GET /mirror1_files/one/a.txt HTTP/1.1\r\nHost: t\r\n\r\n"
            connection.send(request)
            self.assertEqual(200, connection.read_answer().status)
            self.install(server, authority.issue("localhost"))
            self.assertEqual(first, self.served(server))  # not before it is asked to
            server.reload()
            self.assertNotEqual(first, self.served(server))
            connection.send(request)
            self.assertEqual(b"a", connection.read_answer().body)

    def test_one_that_is_of_no_use_is_refused(self):
        server, authority = self.make_tls_server()
        first = self.served(server)
        expired = authority.issue("localhost", begin=LONG_AGO, end=A_WHILE_AGO)
        self.install(server, expired)
        self.assertIn("expired", server.reload(done="reload.refused"))
        (server.folder / "cert.pem").write_bytes(
            authority.issue("localhost").certificate.read_bytes())
        self.assertIn("does not belong", server.reload(done="reload.refused"))
        (server.folder / "key.pem").unlink()
        self.assertIn("key.pem", server.reload(done="reload.refused"))
        self.assertEqual(first, self.served(server))

    def test_clients_can_be_verified_from_now_on(self):
        server, authority = self.make_tls_server()
        with TlsConnection(server) as connection:
            own = authority.issue("localhost")
            (server.folder / "both.pem").write_bytes(own.pem())
            (server.folder / "ca.pem").write_bytes(authority.certificate.read_bytes())
            server.reload(TLS_CONFIGURATION.replace("cert.pem", "ca.pem")
                          .replace("key.pem", "both.pem\nverifypeer = 1"))
            connection.send("GET /mirror1_files/one/a.txt HTTP/1.1\r\nHost: t\r\n\r\n")
            self.assertEqual(b"a", connection.read_answer().body)
        with TlsConnection(server) as stranger:
            # With TLS 1.3 a client learns only afterwards that it was refused.
            try:
                stranger.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n")
                self.assertIsNone(stranger.read_answer())
            except (ssl.SSLError, *BROKEN):
                pass
        friend = trust(authority.certificate, authority.issue("friend", "client"))
        with TlsConnection(server, friend) as connection:
            connection.send("GET /mirror1_files/one/a.txt HTTP/1.1\r\nHost: t\r\n\r\n")
            self.assertEqual(200, connection.read_answer().status)
