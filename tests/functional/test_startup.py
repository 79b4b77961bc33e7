"""The command line, the configuration check, starting and ending."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

from tests.support.cases import BASIC_CONFIGURATION, OPEN_TO_LOOKS, FolderTest
from tests.support.packages import make_package
from tests.support.server import PATIENCE, Server, program, wait_until
from tests.support.wire import get

TEN_MISTAKES = """\
[main]
host = localhost
port = 99999
package_detect_activate = perhaps
package_detect_loop = often
package_detect_smart_method = guess
real_package_deletion = 2
state_dir = @FOLDER@/state

[daemon]
umask = 0999

[ssl]
enablessl = jein

[mirror:01]
mount_point = /mirror1

[package_api_get:01]
src = @FOLDER@

[mmc_agent]
port = zero

[imaging_api]
uuid = not-a-uuid
"""


def run(*arguments):
    """The server with these arguments, until it ends: status and all of its output."""
    done = subprocess.run([program(), *map(str, arguments)], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
                          check=False)
    return done.returncode, done.stdout


class CommandLine(FolderTest):
    """Options and exit statuses."""

    def file(self, text):
        path = self.new_folder("config") / "server.ini"
        path.write_text(text.replace("@FOLDER@", str(self.folder)), encoding="utf-8")
        return path

    def test_version_and_help(self):
        status, output = run("--version")
        self.assertEqual(0, status)
        self.assertRegex(output, r"\d+\.\d+\.\d+")
        status, output = run("--help")
        self.assertEqual(0, status)
        self.assertIn("--check-config", output)

    def test_bad_usage(self):
        self.assertEqual(2, run("--no-such-option")[0])
        self.assertEqual(2, run("-f")[0])

    def test_missing_file(self):
        status, output = run("-f", self.folder / "missing.ini")
        self.assertEqual(3, status)
        self.assertIn("missing.ini", output)

    def test_ten_mistakes_are_listed_at_once(self):
        path = self.file(TEN_MISTAKES)
        status, output = run("--check-config", "-f", path)
        self.assertEqual(1, status)
        for line, option in ((3, "port"), (4, "package_detect_activate"),
                             (5, "package_detect_loop"), (6, "package_detect_smart_method"),
                             (7, "real_package_deletion"), (11, "umask"), (14, "enablessl"),
                             (16, "src"), (19, "mount_point"), (23, "port"), (26, "uuid")):
            about = [text for text in output.splitlines() if option in text
                     and re.search(rf"{re.escape(str(path))}:{line}\b", text)]
            self.assertTrue(about, f"line {line}, {option}:\n{output}")

    def test_mistakes_stop_the_start(self):
        status, output = run("-d", "-f", self.file(TEN_MISTAKES))
        self.assertNotEqual(0, status)
        self.assertIn("package_detect_smart_method", output)

    def test_missing_trees_are_listed_with_the_other_mistakes(self):
        path = self.file("[main]\nport = nine\n[mirror:01]\nmount_point = /m\n"
                         "src = @FOLDER@/nowhere\n[mirror:02]\nmount_point = /n\nsrc = /etc/passwd\n")
        for arguments in (("--check-config",), ("-d",)):
            status, output = run(*arguments, "-f", path)
            self.assertEqual(1, status)
            self.assertIn(f"{path}:2: [main] port = nine: expected", output)
            self.assertIn(f"{path}:5: [mirror:01] src = {self.folder}/nowhere: expected", output)
            self.assertIn(f"{path}:8: [mirror:02] src = /etc/passwd: expected", output)

    def test_effective_configuration(self):
        (self.folder / "src").mkdir(exist_ok=True)
        text = BASIC_CONFIGURATION.replace("@PORT@", "9990") + "\n[mmc_agent]\npassword = hush\n"
        path = self.file(text)
        status, output = run("--check-config", "-f", path)
        self.assertEqual(0, status, output)
        self.assertRegex(output, rf"port\s*=\s*9990.*{re.escape(str(path))}:3\b")
        self.assertRegex(output, r"package_mirror_loop\s*=\s*5.*default")
        self.assertNotIn("hush", output)

    def test_unknown_option_gets_a_suggestion(self):
        (self.folder / "src").mkdir(exist_ok=True)
        path = self.file(BASIC_CONFIGURATION.replace("@PORT@", "9990").replace(
            "tmp_input_dir", "tmp_imput_dir"))
        status, output = run("--check-config", "-f", path)
        self.assertEqual(0, status, output)
        self.assertRegex(output, r"tmp_imput_dir.*tmp_input_dir")

    def test_shipped_configuration_is_right(self):
        shipped = pathlib.Path(__file__).resolve().parents[2] / "conf" / "package-server.ini"
        (self.folder / "src").mkdir(exist_ok=True)
        text = shipped.read_text(encoding="utf-8")
        path = self.file(text.replace("/var/lib/pulse2/packages", "@FOLDER@/src"))
        status, output = run("--check-config", "-f", path)
        self.assertEqual(0, status, output)
        self.assertNotRegex(output, "(?m)^(warning|error): ")


class Starting(FolderTest):
    """Whole starts, each in a folder of its own."""

    def make_server(self, name, configuration=BASIC_CONFIGURATION, port=None):
        folder = self.new_folder(name)
        (folder / "src").mkdir()
        server = Server(folder, configuration, port=port)
        self.addCleanup(server.kill)
        return server

    def test_signals_end_it_cleanly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.make_server(number.name).start()
            begin = time.monotonic()
            self.assertEqual(0, server.stop(number))
            self.assertLess(time.monotonic() - begin, 15)

    def test_port_in_use_is_told(self):
        first = self.make_server("first").start()
        second = self.make_server("second", port=first.port)
        status, output = run("-d", "-f", second.config_file)
        self.assertNotEqual(0, status)
        self.assertIn(str(first.port), output)
        self.assertEqual(200, get(first, "/healthz").status)
        self.assertEqual(0, first.stop())

    def test_missing_src_is_told(self):
        server = self.make_server("no-src")
        (server.folder / "src").rmdir()
        status, output = run("-d", "-f", server.config_file)
        self.assertNotEqual(0, status)
        self.assertIn(str(server.folder / "src"), output)

    def test_daemon_answers_when_its_parent_ends(self):
        server = self.make_server("daemon")
        self.assertEqual(0, run("-f", server.config_file)[0])
        pid_file = server.folder / "run" / "server.pid"
        pid = int(pid_file.read_text(encoding="ascii"))
        try:
            self.assertIn(get(server, "/healthz").status, (200, 503))
            self.assertNotEqual(os.getsid(0), os.getsid(pid))
        finally:
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not pid_file.exists(), "the daemon removes its pid file")

    def test_daemon_that_cannot_listen_fails_in_its_parent(self):
        server = self.make_server("daemon-no-port")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", server.port))
            taken.listen()
            status, output = run("-f", server.config_file)
        self.assertNotEqual(0, status)
        self.assertIn(str(server.port), output)

    def test_second_start_reads_no_payload(self):
        server = self.make_server("warm")
        payload = []
        for number in range(20):
            package = make_package(server.folder / "src", f"p{number}",
                                   {"a.bin": b"a" * 10000, "sub/b.bin": b"%d" % number})
            payload += [package / "a.bin", package / "sub" / "b.bin"]
        server.start()
        before = server.proxy("/package_api_get1").getAllPackages()
        self.assertEqual(20, len(before))
        self.assertEqual(0, server.stop())
        trace = server.folder / "opened.strace"
        warm = Server(server.folder, OPEN_TO_LOOKS, port=server.port, command_prefix=[
            # The leak checker cannot work under a tracer.
            "strace", "-E", "ASAN_OPTIONS=detect_leaks=0", "-f", "-qq", "-e", "trace=open,openat,openat2", "-o", str(trace)])
        self.addCleanup(warm.kill)
        warm.start()
        self.assertEqual(before, warm.proxy("/package_api_get1").getAllPackages())
        self.stop_traced(warm)
        opened = trace.read_text(encoding="utf-8", errors="replace")
        self.assertIn("conf.xml", opened)
        for path in payload:
            self.assertNotIn(f'{path.name}"', opened)

    def stop_traced(self, server):
        """Ends the traced program, which is the tracer's child."""
        tracer = server.process.pid
        children = pathlib.Path(f"/proc/{tracer}/task/{tracer}/children").read_text("ascii")
        os.kill(int(children.split()[0]), signal.SIGTERM)
        self.assertEqual(0, server.process.wait(PATIENCE))

    def test_file_changed_while_stopped_is_noticed(self):
        server = self.make_server("changed")
        package = make_package(server.folder / "src", "p", {"a.bin": b"one"})
        server.start()
        first = server.proxy("/package_api_get1").getPackageFiles("p")
        self.assertEqual(0, server.stop())
        (package / "a.bin").write_bytes(b"two")
        server.start()
        self.assertNotEqual(first, server.proxy("/package_api_get1").getPackageFiles("p"))
        self.assertEqual(0, server.stop())

    def test_broken_cache_is_rebuilt(self):
        server = self.make_server("cache")
        make_package(server.folder / "src", "p", {"a.bin": b"one"})
        server.start()
        first = server.proxy("/package_api_get1").getAllPackages()
        self.assertEqual(0, server.stop())
        (server.folder / "state" / "cache.sqlite").write_bytes(b"no database" * 1000)
        server.start()
        self.assertEqual(first, server.proxy("/package_api_get1").getAllPackages())
        self.assertEqual(0, server.stop())

    def test_md5sums_stays_when_nothing_changed(self):
        server = self.make_server("md5sums")
        package = make_package(server.folder / "src", "p", {"a.bin": b"one"})
        server.start()
        self.assertEqual(0, server.stop())
        first = (package / "MD5SUMS").stat()
        server.start()
        self.assertEqual(0, server.stop())
        self.assertEqual(first.st_mtime_ns, (package / "MD5SUMS").stat().st_mtime_ns)

    def test_a_long_scan_tells_how_far_it_is(self):
        server = self.make_server("long")
        make_package(server.folder / "src", "small", {"a.bin": b"one"})
        image = make_package(server.folder / "src", "zbig", {}) / "image"
        image.touch()
        os.truncate(image, 256 << 30)  # nothing on the disk, and minutes to read
        server.start(ready=False)
        api = server.proxy("/package_api_get1")
        wait_until(lambda: [p["id"] for p in api.getAllPackages()] == ["small"],
                   "the small package is served")
        self.assertEqual({}, api.getPackageDetail("zbig"))
        far = (r"2 packages found, 1 ready, 0 broken; \d of 2 files read, "
               r"[\d.]+ [KMG]iB of 256\.0 GiB, [\d.]+ [KMG]iB/s, \d+ s left")
        wait_until(lambda: re.search("INFO catalog.progress: " + far, server.log()),
                   "a line about it in the log")
        self.assertRegex(get(server, "/desc").body.decode(), "Reading packages: " + far)
        health = get(server, "/healthz")
        self.assertEqual(503, health.status)
        self.assertRegex(health.body.decode(), far)
        self.assertEqual(0, server.stop())

    def test_https(self):
        server = self.make_server("https", BASIC_CONFIGURATION.replace(
            "enablessl = 0", "enablessl = 1\ncacert = @FOLDER@/cert.pem\n"
            "localcert = @FOLDER@/key.pem"))
        make_package(server.folder / "src", "p", {"a.bin": b"x" * 200000})
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", server.folder / "key.pem", "-out", server.folder / "cert.pem"],
                       check=True, capture_output=True, timeout=PATIENCE)
        server.start(ready=False)
        url = f"https://127.0.0.1:{server.port}/mirror1_files/p/a.bin"
        done = subprocess.run(["curl", "-sf", "--cacert", server.folder / "cert.pem", url],
                              check=True, capture_output=True, timeout=PATIENCE)
        self.assertEqual(b"x" * 200000, done.stdout)
        self.assertEqual(0, server.stop())
