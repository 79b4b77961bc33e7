"""The service manager: what it is told, sockets that it passes, the unit and its sandbox."""
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

from tests.support import sandbox
from tests.support.cases import BASIC_CONFIGURATION, FolderTest, file_log
from tests.support.daemon import Daemon
from tests.support.packages import make_package
from tests.support.server import PATIENCE, Server, free_port, is_sanitized, program, wait_until
from tests.support.wire import Connection, get

DAEMON_LOG = file_log("server")
GET = "GET /mirror1_files/one/a.txt HTTP/1.1\r\nHost: t\r\n\r\n"


class Manager:
    """The end of the manager: a socket that hears what services say."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(PATIENCE)

    def next(self):
        """The fields of the next message that is no sign of life and not only a status."""
        while True:
            text = self.socket.recv(4096).decode()
            fields = dict(line.split("=", 1) for line in text.split("\n"))
            if set(fields) - {"WATCHDOG", "STATUS"}:
                return fields

    def wait_for(self, name):
        """Signs of life and statuses, too."""
        while True:
            text = self.socket.recv(4096).decode()
            if text.startswith(name + "="):
                return text.partition("=")[2]


class SystemdTest(FolderTest):
    """Each test makes the servers that it needs."""

    def make(self, configuration=BASIC_CONFIGURATION, kind=Server, **keywords):
        folder = self.new_folder("server")
        (folder / "src").mkdir()
        (folder / "upload").mkdir(mode=0o700)
        make_package(folder / "src", "one", {"a.txt": b"a"})
        server = kind(folder, configuration, **keywords)
        self.addCleanup(server.kill)
        return server


class Notifications(SystemdTest):
    """sd_notify(3)."""

    def make_watched(self, *variables):
        server = self.make()
        # Not below the test's folder: the name of a socket is short.
        manager = Manager(os.path.relpath(server.folder / "notify"))
        self.addCleanup(manager.socket.close)
        server.command_prefix = ["env", f"NOTIFY_SOCKET={server.folder / 'notify'}", *variables]
        if len(str(server.folder / "notify")) > 100:
            self.skipTest(f"{server.folder} is too long a name for a socket in it")
        return server, manager

    def test_ready_reloading_stopping(self):
        server, manager = self.make_watched()
        server.start()
        fields = manager.next()
        self.assertEqual("1", fields["READY"])
        self.assertEqual(str(server.process.pid), fields["MAINPID"])
        self.assertTrue(fields["STATUS"])

        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        server.reload()
        fields = manager.next()
        self.assertEqual("1", fields["RELOADING"])
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.assertTrue(before <= int(fields["MONOTONIC_USEC"]) <= after)
        self.assertEqual("1", manager.next()["READY"])

        server.reload("nonsense", done="reload.refused")
        self.assertEqual("1", manager.next()["RELOADING"])
        fields = manager.next()
        self.assertEqual("1", fields["READY"])
        self.assertIn("former configuration", fields["STATUS"])

        self.assertEqual(0, server.stop())
        fields = manager.next()
        self.assertEqual("1", fields["STOPPING"])
        self.assertGreater(int(fields["EXTEND_TIMEOUT_USEC"]), 10_000_000)

    def test_the_status_tells_what_is_served(self):
        server, manager = self.make_watched("WATCHDOG_USEC=200000")
        server.start()
        status = manager.wait_for("STATUS")
        while not status.startswith("serving"):
            status = manager.wait_for("STATUS")
        self.assertEqual(f"serving on port {server.port}, packages: 1", status)
        self.assertEqual(0, server.stop())

    def test_signs_of_life(self):
        server, manager = self.make_watched("WATCHDOG_USEC=200000")
        server.start()
        for _ in range(5):
            manager.wait_for("WATCHDOG")
        # They go on while downloads are finished.
        with open(server.folder / "src" / "one" / "large.bin", "wb") as file:
            file.truncate(64 << 20)
        with Connection(server) as connection:
            connection.send(GET.replace("a.txt", "large.bin"))
            self.assertEqual(200, connection.read_answer(head_only=True).status)
            server.send_signal(signal.SIGTERM)
            while "STOPPING" not in manager.next():
                pass
            for _ in range(3):
                manager.wait_for("WATCHDOG")
        self.assertEqual(0, server.process.wait(PATIENCE))

    def test_no_signs_of_life_unless_asked_for(self):
        server, manager = self.make_watched()
        server.start()
        self.assertEqual(0, server.stop())
        manager.socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            manager.wait_for("WATCHDOG")

    def test_a_start_that_fails_is_not_ready(self):
        server, manager = self.make_watched()
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", server.port))
            taken.listen()
            done = subprocess.run([*server.command_prefix, program(), "-d", "-f",
                                   str(server.config_file)], stdin=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, timeout=PATIENCE, check=False)
        self.assertEqual(1, done.returncode)
        manager.socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            manager.next()


class PassedSockets(SystemdTest):
    """sd_listen_fds(3): the manager listens, the server accepts."""

    def listen(self, kind=socket.SOCK_STREAM):
        made = socket.socket(socket.AF_INET, kind)
        self.addCleanup(made.close)
        made.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            made.listen(100)
        return made

    def pass_to(self, server, sockets, names=""):
        """Lets `server` start with the sockets as descriptors 3, 4…"""
        moves = "".join(f" {3 + i}<&{100 + i}" for i in range(len(sockets)))
        for i, each in enumerate(sockets):
            # Numbers that no move overwrites.
            os.dup2(each.fileno(), 100 + i, inheritable=True)
            self.addCleanup(os.close, 100 + i)
        server.command_prefix = ["bash", "-c", f"LISTEN_PID=$$ exec \"$@\"{moves}", "bash"]
        server.environment = {**os.environ, "LISTEN_FDS": str(len(sockets)),
                              "LISTEN_FDNAMES": names}
        server.pass_fds = [100 + i for i in range(len(sockets))]

    def start(self, server):
        with open(server.stderr_file, "ab") as stderr:
            server.log_begin = stderr.tell()
            server.process = subprocess.Popen(
                [*server.command_prefix, program(), "-d", "-f", str(server.config_file)],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env=server.environment,
                pass_fds=server.pass_fds)
        wait_until(server.has_scanned, "all packages are loaded")

    def test_connections_queue_while_the_server_is_restarted(self):
        listener = self.listen()
        server = self.make(port=listener.getsockname()[1])
        self.pass_to(server, [listener], "http")
        with Connection(server) as early:
            early.send(GET)  # nobody is there yet
            self.start(server)
            self.assertEqual(b"a", early.read_answer().body)
        self.assertEqual(0, server.stop())
        with Connection(server) as between:
            between.send(GET)
            self.start(server)
            self.assertEqual(b"a", between.read_answer().body)
        self.assertEqual(0, server.stop())
        self.assertNotIn("start.warning", server.log())

    def test_all_threads_accept_on_several_sockets(self):
        listeners = [self.listen(), self.listen()]
        server = self.make(BASIC_CONFIGURATION + "\n[http]\nio_threads = 4\n",
                           port=listeners[0].getsockname()[1])
        self.pass_to(server, listeners)
        self.start(server)
        for listener in listeners:
            server.port = listener.getsockname()[1]
            connections = [Connection(server) for _ in range(20)]
            for connection in connections:
                connection.send(GET)
            for connection in connections:
                self.assertEqual(b"a", connection.read_answer().body)
                connection.socket.close()
        self.assertEqual(0, server.stop())

    def test_what_is_not_used_is_told(self):
        listener, packets = self.listen(), self.listen(socket.SOCK_DGRAM)
        server = self.make(port=free_port())
        self.pass_to(server, [listener, packets], "http:other")
        self.start(server)
        self.assertRegex(server.log(), r"start\.warning: the socket other .* is not used")
        # URLs for clients name the port of the file.
        self.assertRegex(server.log(), rf"start\.warning: .*{listener.getsockname()[1]}.*"
                                       rf"{server.port}")
        server.port = listener.getsockname()[1]
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        self.assertEqual(0, server.stop())

    def test_what_is_no_listening_socket_is_refused(self):
        idle = socket.socket()
        self.addCleanup(idle.close)
        server = self.make()
        self.pass_to(server, [idle])
        done = subprocess.run([*server.command_prefix, program(), "-d", "-f",
                               str(server.config_file)], stdin=subprocess.DEVNULL, text=True,
                              stderr=subprocess.PIPE, env=server.environment,
                              pass_fds=server.pass_fds, timeout=PATIENCE, check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn("no listening TCP socket", done.stderr)

    def test_a_daemon_takes_them_too(self):
        listener = self.listen()
        server = self.make(BASIC_CONFIGURATION + DAEMON_LOG, Daemon,
                           port=listener.getsockname()[1])
        self.pass_to(server, [listener])
        status, output = server.run(env=server.environment, pass_fds=server.pass_fds)
        self.assertEqual(0, status, output)
        server.pid = int(server.pid_file.read_text(encoding="ascii"))
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        server.stop()

    def test_by_systemd_itself(self):
        if not shutil.which("systemd-socket-activate"):
            self.skipTest("systemd-socket-activate (package systemd) is missing")
        server = self.make()
        variables = [f"--setenv={name}" for name in os.environ if name.endswith("SAN_OPTIONS")]
        server.command_prefix = ["systemd-socket-activate", "-l", f"127.0.0.1:{server.port}",
                                 "--fdname=http", *variables]
        server.start()  # its first connection starts the server
        self.assertEqual(b"a", get(server, "/mirror1_files/one/a.txt").body)
        self.assertEqual(0, server.stop())


class Unit(SystemdTest):
    """What `cmake --install` puts in place for systemd."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        build = pathlib.Path(program()).resolve().parent.parent
        cls.prefix = cls.folder / "prefix"
        subprocess.run(["cmake", "--install", str(build), "--prefix", str(cls.prefix)], check=True,
                       stdout=subprocess.DEVNULL)
        cls.unit = cls.prefix / "lib/systemd/system/pulse2-package-server.service"

    def analyze(self, *arguments):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze (package systemd) is missing")
        return subprocess.run(["systemd-analyze", *map(str, arguments)], text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_the_units_are_right(self):
        for name in ("service", "socket"):
            done = self.analyze("verify", self.unit.with_suffix(f".{name}"))
            self.assertEqual((0, ""), (done.returncode, done.stdout))

    def test_the_sandbox_is_tight(self):
        done = self.analyze("security", "--offline=true", "--no-pager", self.unit)
        level = re.search(r"Overall exposure level for .*: (\d+\.\d+)", done.stdout)
        self.assertIsNotNone(level, done.stdout)
        self.assertLess(float(level[1]), 2.5, done.stdout)

    def test_it_has_one_capability_and_no_root(self):
        self.assertEqual(["CAP_NET_BIND_SERVICE"], sandbox.options(self.unit, "CapabilityBoundingSet"))
        self.assertEqual(["CAP_NET_BIND_SERVICE"], sandbox.options(self.unit, "AmbientCapabilities"))
        self.assertEqual(["pulse2-package-server"], sandbox.options(self.unit, "User"))
        self.assertEqual(["notify"], sandbox.options(self.unit, "Type"))

    def test_it_starts_what_is_installed(self):
        (command,) = sandbox.options(self.unit, "ExecStart")
        done = subprocess.run([command.split()[0], "--version"], check=True, text=True,
                              stdout=subprocess.PIPE)
        self.assertIn("pulse2-package-server", done.stdout)

    def test_the_user_and_the_folders_are_made(self):
        if os.geteuid() != 0 or not shutil.which("systemd-sysusers"):
            self.skipTest("needs root and the package systemd")
        root = self.new_folder("root")
        for folder in ("lib/sysusers.d", "lib/tmpfiles.d"):
            shutil.copytree(self.prefix / folder, root / "usr" / folder)
        (root / "etc").mkdir()
        subprocess.run(["systemd-sysusers", f"--root={root}"], check=True)
        users = (root / "etc/passwd").read_text(encoding="utf-8")
        user = re.search(r"^pulse2-package-server:x:(\d+):(\d+):", users, re.MULTILINE)
        self.assertIsNotNone(user, users)
        subprocess.run(["systemd-tmpfiles", "--create", f"--root={root}"], check=True)
        state = (root / "var/lib/pulse2/package-server").stat()
        self.assertEqual((int(user[1]), int(user[2]), 0o750),
                         (state.st_uid, state.st_gid, state.st_mode & 0o777))

    def test_the_server_lives_in_its_sandbox(self):
        """The unit's system calls; a package is served, edited and the configuration reloaded."""
        if is_sanitized():
            self.skipTest("sanitizers need system calls of their own")
        try:
            sandbox.ctypes.CDLL("libseccomp.so.2")
        except OSError:
            self.skipTest("libseccomp is missing")
        self.analyze("--version")
        configuration = BASIC_CONFIGURATION + ("\n[package_api_put:01]\nmount_point = /put\n"
                                               "src = @FOLDER@/src\n")
        server = self.make(configuration, command_prefix=[
            sys.executable, sandbox.__file__, str(self.unit)])
        (server.folder / "src" / "one").chmod(0o2775)  # a folder of a group
        server.start()
        self.assertEqual(b"a", get(server, "/mirror1_files/one/a.txt").body)
        api = server.proxy("/put")
        api.putPackageLabel("one", "Another")
        self.assertEqual("Another", api.getPackageLabel("one"))
        self.assertTrue(api.putPackageDetail({"id": "two", "label": "Two"}, False)[0])
        server.reload(configuration + "[http]\nmax_request_head = 32 KiB\n")
        self.assertEqual(200, get(server, "/healthz").status)
        self.assertEqual(0, server.stop())

    def test_the_sandbox_of_the_test_is_one(self):
        try:
            sandbox.ctypes.CDLL("libseccomp.so.2")
        except OSError:
            self.skipTest("libseccomp is missing")
        self.analyze("--version")
        file = self.new_folder("own") / "file"
        file.touch()
        done = subprocess.run([sys.executable, sandbox.__file__, str(self.unit), "chown",
                               str(os.geteuid()), str(file)], check=False, text=True,
                              stderr=subprocess.PIPE)
        self.assertEqual(1, done.returncode)
        self.assertIn("not permitted", done.stderr)
