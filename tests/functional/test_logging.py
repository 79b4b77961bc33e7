"""The logs: where lines go, what they look like, rotation and reopening."""
import base64
import datetime
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import urllib.request

from tests.support.cases import BASIC_CONFIGURATION, FolderTest
from tests.support.clock import FakeClock
from tests.support.daemon import Daemon
from tests.support.packages import make_package
from tests.support.server import PATIENCE, Server, program, wait_until
from tests.support.wire import Connection, get

# As deployed configuration files have them.
LOGGING = """
[loggers]
keys = root,imaging

[handlers]
keys = hand01,hand_imaging

[formatters]
keys = form01,form_imaging

[logger_root]
level = NOTSET
handlers = hand01

[handler_hand01]
class = handlers.TimedRotatingFileHandler
level = DEBUG
formatter = form01
args = ("@FOLDER@/log/main.log", 'midnight', 1, 7)

[formatter_form01]
format = %(asctime)s %(levelname)s %(message)s

[logger_imaging]
level = NOTSET
handlers = hand_imaging
propagate = 0
qualname = imaging

[handler_hand_imaging]
class = FileHandler
level = DEBUG
formatter = form_imaging
args = ("@FOLDER@/log/main.log",)

[formatter_form_imaging]
format = %(asctime)s %(levelname)s Imaging: %(message)s
"""
LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (DEBUG|INFO|WARNING|ERROR|CRITICAL) "
                  r"[a-z_]+(\.[a-z_0-9]+)+: \S.*")


class LoggingTest(FolderTest):
    """Each test has a server of its own."""

    def make_server(self, logging=LOGGING):
        folder = self.new_folder("server")
        (folder / "src").mkdir()
        (folder / "upload").mkdir(mode=0o700)
        make_package(folder / "src", "one", {"a.txt": b"a"})
        server = Server(folder, BASIC_CONFIGURATION + logging)
        self.addCleanup(self.end, server)
        return server

    @staticmethod
    def end(server):
        if server.process is not None and server.process.poll() is None:
            server.stop()

    def lines(self, server, name="main.log"):
        return (server.folder / "log" / name).read_text(encoding="utf-8").splitlines()


class Logging(LoggingTest):
    """The logging sections."""

    def test_lines_have_the_recorded_form(self):
        server = self.make_server().start()
        server.stop()
        lines = self.lines(server)
        for line in lines:
            self.assertRegex(line, LINE)
        text = "\n".join(lines)
        for identifier in ("server.listening", "catalog.scan_done", "server.stopping"):
            self.assertRegex(text, rf"INFO {re.escape(identifier)}: ")

    def test_the_foreground_has_the_lines_too(self):
        server = self.make_server().start()
        self.assertIn("INFO server.listening: ", server.log())

    def test_what_a_client_sends_stays_on_one_line(self):
        server = self.make_server().start()
        request = urllib.request.Request(
            f"{server.url}/rpc", b"<methodCall><methodName>no\nERROR forged</methodName></methodCall>",
            {"Content-Type": "text/xml"})
        urllib.request.urlopen(request, timeout=PATIENCE).close()
        server.stop()
        self.assertFalse([line for line in self.lines(server) if line.startswith("ERROR forged")])

    def test_a_file_of_yesterday_is_renamed(self):
        server = self.make_server()
        yesterday = datetime.datetime.now() - datetime.timedelta(days=1)
        log = server.folder / "log" / "main.log"
        log.write_text("a line of yesterday\n", encoding="utf-8")
        os.utime(log, (yesterday.timestamp(),) * 2)
        for day in range(1, 9):
            (server.folder / "log" / f"main.log.2001-01-0{day}").write_text("old", encoding="utf-8")
        server.start()
        self.assertEqual(["a line of yesterday"],
                         self.lines(server, f"main.log.{yesterday:%Y-%m-%d}"))
        self.assertNotIn("a line of yesterday", self.lines(server))
        kept = sorted(path.name for path in (server.folder / "log").glob("main.log.*"))
        self.assertEqual(7, len(kept), kept)
        self.assertEqual("main.log.2001-01-03", kept[0])

    def test_sigusr1_opens_a_moved_file_again(self):
        server = self.make_server().start()
        log = server.folder / "log" / "main.log"
        log.rename(log.with_suffix(".moved"))
        server.process.send_signal(signal.SIGUSR1)
        wait_until(log.exists, "the log file is there again")
        wait_until(lambda: "server.logs_reopened" in log.read_text(encoding="utf-8"),
                   "the new file has a line")
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)

    def test_a_moved_file_needs_no_signal(self):
        server = self.make_server().start()
        log = server.folder / "log" / "main.log"
        log.rename(log.with_suffix(".moved"))
        with open(log, "x", encoding="ascii"):  # logrotate with `create`
            pass
        self.assertEqual(200, get(server, "/package_api_get1", method="POST",
                                  headers=["Content-Length: 0"]).status)
        wait_until(lambda: "api.call.malformed" in log.read_text(encoding="utf-8"),
                   "the new file has the line")
        self.assertNotIn("api.call", log.with_suffix(".moved").read_text(encoding="utf-8"))

    def test_a_full_disk_does_not_stop_the_server(self):
        server = self.make_server(LOGGING.replace("@FOLDER@/log/main.log", "/dev/full")
                                  .replace("handlers.TimedRotatingFileHandler", "FileHandler")
                                  .replace(", 'midnight', 1, 7", ","))
        server.start()
        for _ in range(3):
            self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        server.stop()
        self.assertEqual(1, server.log().count("/dev/full: No space left"), server.log())

    def test_a_disk_that_was_full_is_written_to_again(self):
        server = self.make_server(LOGGING.replace("handlers.TimedRotatingFileHandler", "FileHandler")
                                  .replace(", 'midnight', 1, 7", ","))
        # A disk of its own for the logs, which nobody else sees.
        prefix = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs -o size=64k none "
                  f'"{server.folder}/log" && exec "$@"', "sh"]
        probe = subprocess.run([*prefix, "true"], capture_output=True, check=False)
        if probe.returncode != 0:
            self.skipTest("a file system can't be mounted here")
        server.command_prefix = prefix
        server.start()
        disk = pathlib.Path(f"/proc/{server.process.pid}/root{server.folder}/log")
        with self.assertRaises(OSError), open(disk / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)

        def is_told():
            server.process.send_signal(signal.SIGUSR1)  # some more lines
            return "main.log: No space left" in server.log()

        wait_until(is_told, "the full disk is told")
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        (disk / "filler").unlink()
        server.reload()
        lines = (disk / "main.log").read_text(encoding="utf-8").splitlines()
        self.assertIn("reload.done", lines[-1])
        self.assertRegex(lines[-1], LINE)  # whole, and not behind the torn one
        self.assertEqual(0, server.stop())

    def test_a_log_in_a_missing_folder_does_not_stop_the_server(self):
        server = self.make_server(LOGGING.replace("/log/main.log", "/missing/main.log")).start()
        self.assertIn("missing/main.log: No such file", server.log())
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)

    def test_mistakes_are_listed_with_those_of_other_sections(self):
        folder = self.new_folder("config")
        wrong = (LOGGING.replace("level = NOTSET", "level = LOUD", 1).replace("'midnight'", "'noon'")
                 .replace("%(message)s", "%(text)s", 1))
        path = folder / "server.ini"
        path.write_text((BASIC_CONFIGURATION + wrong).replace("@PORT@", "none")
                        .replace("@FOLDER@", str(folder)), encoding="utf-8")
        done = subprocess.run([program(), "-d", "-f", str(path)], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE, check=False)
        self.assertEqual(1, done.returncode)
        for part in ("[main] port = none", "[logger_root] level = LOUD: expected NOTSET",
                     "[handler_hand01] args = ", "[formatter_form01] format = "):
            self.assertEqual(1, done.stderr.count(part), done.stderr)


class Handlers(LoggingTest):
    """Every class of handlers, every level and every field of lines, side by side."""

    FIELDS = "%(asctime)s|%(levelname)s|%(name)s|%(process)d|%(thread)d|%(message)s"
    CONFIGURATION = """
[loggers]
keys = root,imaging
[handlers]
keys = out,err,file,sized,timed,watched,local,remote,images
[formatters]
keys = fields,dated
[formatter_fields]
format = """ + FIELDS + """
[formatter_dated]
format = OUT %(asctime)s %(levelname)-8s %(message)s
datefmt = %d.%m.%y
[logger_root]
level = DEBUG
handlers = out,err,file,sized,timed,watched,local,remote
[logger_imaging]
level = NOTSET
qualname = imaging
handlers = images
propagate = 0
[handler_out]
class = StreamHandler
level = INFO
formatter = dated
args = (sys.stdout,)
[handler_err]
class = StreamHandler
level = CRITICAL
args = ()
[handler_file]
class = FileHandler
level = DEBUG
formatter = fields
args = ('@FOLDER@/log/file.log', 'w')
[handler_sized]
class = handlers.RotatingFileHandler
level = NOTSET
formatter = fields
args = ('@FOLDER@/log/sized.log', 'a', 200, 3)
[handler_timed]
class = handlers.TimedRotatingFileHandler
level = WARNING
formatter = fields
args = ('@FOLDER@/log/timed.log', 'midnight', 1, 7)
[handler_watched]
class = handlers.WatchedFileHandler
level = ERROR
args = ('@FOLDER@/log/watched.log',)
[handler_local]
class = handlers.SysLogHandler
level = WARNING
args = ('@FOLDER@/syslog', handlers.SysLogHandler.LOG_LOCAL3)
[handler_remote]
class = handlers.SysLogHandler
level = ERROR
args = (('127.0.0.1', @SYSLOG@), 'daemon')
[handler_images]
class = FileHandler
args = ('@FOLDER@/log/images.log',)
"""

    def receiver(self, family, address):
        """A syslog server at the address."""
        receiver = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(receiver.close)
        receiver.bind(address)
        receiver.settimeout(PATIENCE)
        return receiver

    def test_all_of_them(self):
        server = self.make_server("")
        remote = self.receiver(socket.AF_INET, ("127.0.0.1", 0))
        local = self.receiver(socket.AF_UNIX, os.path.relpath(server.folder / "syslog"))
        if len(str(server.folder / "syslog")) > 100:
            self.skipTest(f"{server.folder} is too long a name for a socket in it")
        configuration = BASIC_CONFIGURATION + self.CONFIGURATION.replace(
            "@SYSLOG@", str(remote.getsockname()[1]))
        server.write_configuration(configuration + "[htpt]\n")  # a warning
        for name in ("file", "watched"):
            (server.folder / "log" / f"{name}.log").write_text("before\n", encoding="ascii")
        server.start()
        get(server, "/package_api_get1", method="POST", headers=["Content-Length: 0"])  # DEBUG
        server.reload("nonsense", done="reload.refused")  # ERROR
        self.assertEqual(0, server.stop())

        lines = [line.split("|") for line in self.lines(server, "file.log")]
        self.assertEqual({6}, {len(line) for line in lines})
        self.assertLessEqual({"DEBUG", "INFO", "WARNING", "ERROR"}, {line[1] for line in lines})
        for time, _, name, process, thread, message in lines:
            self.assertRegex(time, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}$")
            self.assertEqual(("root", server.process.pid), (name, int(process)))
            self.assertGreater(int(thread), 0)
            self.assertRegex(message, r"^[a-z_.]+: ")

        def texts(*levels):
            return [line[5] for line in lines if line[1] in levels]

        self.assertEqual(texts("WARNING", "ERROR"),
                         [line.split("|")[5] for line in self.lines(server, "timed.log")])
        self.assertEqual(["before", *texts("ERROR")], self.lines(server, "watched.log"))
        self.assertEqual({"sized.log", "sized.log.1", "sized.log.2", "sized.log.3"},
                         {path.name for path in (server.folder / "log").glob("sized.log*")})
        self.assertEqual(lines[-1][5], self.lines(server, "sized.log")[-1].split("|")[5])
        self.assertEqual([], self.lines(server, "images.log"))
        out = [line for line in server.log().splitlines() if line.startswith("OUT ")]
        self.assertEqual(len(texts("INFO", "WARNING", "ERROR")), len(out))
        self.assertRegex(out[0], r"^OUT \d\d\.\d\d\.\d\d (INFO|WARNING) ")
        # Facilities 19 and 3, severities 4 and 3.
        severity = {"WARNING": 4, "ERROR": 3}
        for line in lines:
            if line[1] in severity:
                self.assertEqual(f"<{19 * 8 + severity[line[1]]}>{line[5]}", local.recv(9000).decode())
        for text in texts("ERROR"):
            self.assertEqual(f"<{3 * 8 + 3}>{text}", remote.recv(9000).decode())

    def test_a_daemon_without_sections_uses_syslog(self):
        server = self.make_server("")
        if len(str(server.folder / "syslog")) > 100:
            self.skipTest(f"{server.folder} is too long a name for a socket in it")
        receiver = self.receiver(socket.AF_UNIX, os.path.relpath(server.folder / "syslog"))
        # A /dev of its own, whose syslog is ours.
        prefix = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /dev && "
                  "mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9 && "
                  f'ln -s "{server.folder}/syslog" /dev/log && exec "$@"', "sh"]
        probe = subprocess.run([*prefix, "true"], capture_output=True, check=False)
        if probe.returncode != 0:
            self.skipTest("a /dev of its own can't be made here")
        daemon = Daemon(server.folder, BASIC_CONFIGURATION, command_prefix=prefix)
        self.addCleanup(daemon.kill)
        status, output = daemon.run()
        self.assertEqual((0, ""), (status, output))
        daemon.pid = int(daemon.pid_file.read_text(encoding="ascii"))
        text = receiver.recv(9000).decode()
        while "server.listening" not in text:
            text = receiver.recv(9000).decode()
        self.assertRegex(text, rf"^<30>pulse2-package-server\[{daemon.pid}\]: INFO server\.listening: ")


SECRET = "s3cr3t-pass"
CREDENTIALS = "Authorization: Basic " + base64.b64encode(f"console:{SECRET}".encode()).decode()
COMBINED = re.compile(
    r'(?P<client>\S+) - (?P<user>\S+) \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] '
    r'"(?P<request>[^"]*)" (?P<status>\d{3}) (?P<bytes>\d+|-) "(?P<referer>[^"]*)" "(?P<agent>[^"]*)"')


class AccessLog(LoggingTest):
    """`[log] access_log`: a line for each request."""

    OPTIONS = "\n[log]\naccess_log = @FOLDER@/log/access.log\n"

    def make_server(self, logging=OPTIONS):
        server = super().make_server(logging)
        server.write_configuration((BASIC_CONFIGURATION + logging).replace(
            "enablessl = 0", f"enablessl = 0\nusername = console\npassword = {SECRET}"))
        return server

    def entries(self, server):
        return [COMBINED.fullmatch(line) for line in self.lines(server, "access.log")]

    def raw(self, server, data):
        """Sends bytes and reads all answers."""
        with Connection(server) as connection:
            connection.send(data)
            return connection.read_to_end()

    def test_lines_have_the_combined_format(self):
        server = self.make_server().start()
        address = "/mirror1_files/one/a.txt"
        get(server, address, headers=["User-Agent: Wget/1.21", "Referer: http://portal/a"])
        get(server, address + "?x=%22y", method="HEAD")
        get(server, "/desc")
        get(server, "/desc", headers=[CREDENTIALS])
        self.raw(server, b"GARBAGE\r\n\r\n")
        get(server, "/missing\"quote", version="HTTP/1.0")
        server.stop()
        entries = self.entries(server)
        self.assertNotIn(None, entries, self.lines(server, "access.log"))
        # Threads serve them: their order may differ.
        seen = {(entry["user"], entry["request"], int(entry["status"])): entry for entry in entries}
        file, head = f"GET {address} HTTP/1.1", f"HEAD {address}?x=%22y HTTP/1.1"
        self.assertEqual({("-", file, 200), ("-", head, 200), ("-", "GET /desc HTTP/1.1", 401),
                          ("console", "GET /desc HTTP/1.1", 200), ("-", "-", 400),
                          ("-", r"GET /missing\x22quote HTTP/1.0", 404)}, set(seen))
        entry = seen["-", file, 200]
        self.assertEqual(("127.0.0.1", "1", "http://portal/a", "Wget/1.21"),
                         (entry["client"], entry["bytes"], entry["referer"], entry["agent"]))
        self.assertEqual("-", seen["-", head, 200]["bytes"])

    def test_secrets_stay_out(self):
        server = self.make_server().start()
        get(server, "/desc", headers=[CREDENTIALS])
        get(server, f"http://console:{SECRET}@host/desc",
            headers=[f"Referer: https://console:{SECRET}@host/"])
        server.stop()
        text = "\n".join(self.lines(server, "access.log")) + server.log()
        self.assertIn("console:(hidden)@host", text)
        self.assertNotIn(SECRET, text)
        self.assertNotIn(CREDENTIALS.rpartition(" ")[2], text)

    def test_a_moved_file_is_opened_again(self):
        server = self.make_server().start()
        log = server.folder / "log" / "access.log"
        get(server, "/healthz")
        wait_until(lambda: "/healthz" in log.read_text(encoding="ascii"), "the line is there")
        log.rename(log.with_suffix(".1"))
        server.process.send_signal(signal.SIGUSR1)
        wait_until(log.exists, "the file is there again")
        get(server, "/mirror1_files/")
        wait_until(lambda: "/mirror1_files/" in log.read_text(encoding="ascii"), "the next line")

    def test_a_moved_file_needs_no_signal(self):
        server = self.make_server().start()
        log = server.folder / "log" / "access.log"
        get(server, "/healthz")
        wait_until(lambda: "/healthz" in log.read_text(encoding="ascii"), "the line is there")
        log.rename(log.with_suffix(".1"))
        get(server, "/mirror1_files/")
        wait_until(lambda: log.exists() and "/mirror1_files/" in log.read_text(encoding="ascii"),
                   "the next line is in a new file")

    def test_lines_may_be_objects(self):
        server = self.make_server(self.OPTIONS + "access_format = json\n").start()
        get(server, "/desc", headers=[CREDENTIALS, "User-Agent: a \"b\""])
        get(server, f"http://console:{SECRET}@host/mirror1_files/one/a.txt",
            headers=[f"Referer: https://console:{SECRET}@host/"])
        self.raw(server, b"GARBAGE\r\n\r\n")
        self.assertEqual(0, server.stop())
        entries = [json.loads(line) for line in self.lines(server, "access.log")]
        by_target = {entry["target"]: entry for entry in entries}
        self.assertEqual(3, len(by_target), entries)
        described = by_target["/desc"]
        self.assertEqual(("127.0.0.1", "console", "GET", "HTTP/1.1", 200, 'a "b"', True),
                         tuple(described[name] for name in ("client", "user", "method", "version",
                                                            "status", "user_agent", "complete")))
        self.assertRegex(described["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertGreaterEqual(described["milliseconds"], 0)
        file = by_target["http://console:(hidden)@host/mirror1_files/one/a.txt"]
        self.assertEqual((200, 1, "https://console:(hidden)@host/"),
                         (file["status"], file["bytes"], file["referer"]))
        self.assertEqual((400, "", ""), tuple(by_target[""][name] for name in
                                              ("status", "method", "version")))
        self.assertNotIn(SECRET, "".join(self.lines(server, "access.log")))

    def test_it_comes_and_goes_with_a_reload(self):
        server = self.make_server("").start()
        log = server.folder / "log" / "access.log"
        get(server, "/healthz")
        server.reload(BASIC_CONFIGURATION + self.OPTIONS)
        get(server, "/mirror1_files/")
        wait_until(lambda: log.exists() and "/mirror1_files/" in log.read_text(encoding="ascii"),
                   "the line is there")
        server.reload(BASIC_CONFIGURATION)
        get(server, "/mirror1_files/one/")
        self.assertEqual(0, server.stop())
        self.assertNotIn("/mirror1_files/one/", log.read_text(encoding="ascii"))
        self.assertNotIn("/healthz", log.read_text(encoding="ascii"))


class JsonLog(LoggingTest):
    """`[log] json_log`: an object for each message."""

    def test_lines_are_objects(self):
        server = self.make_server(LOGGING + "\n[log]\njson_log = @FOLDER@/log/log.json\n")
        server.write_configuration(server.config_file.read_text(encoding="utf-8").replace(
            "enablessl = 0", f"enablessl = 0\nusername = console\npassword = {SECRET}"))
        server.start()
        for headers in ([CREDENTIALS], []):
            get(server, "/package_api_get1", method="POST", headers=headers)
        with Connection(server) as connection:
            connection.send("POST /mirror1 HTTP/1.1\r\nHost: h\r\nContent-Length: 64\r\n\r\n"
                            "<methodCall><methodName>no\n\"ERROR\"</methodName></methodCall>    ")
            connection.read_answer()
        server.stop()
        entries = [json.loads(line) for line in self.lines(server, "log.json")]
        self.assertEqual({"time", "level", "logger", "id", "message", "process", "thread"},
                         set().union(*entries))
        for entry in entries:
            self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertEqual(server.process.pid, entry["process"])
        self.assertLess({"server.listening", "catalog.scan_done", "server.stopping"},
                        {entry["id"] for entry in entries})
        # The same messages as in the log of the logging sections.
        self.assertEqual([line.split(" ", 3)[3] for line in self.lines(server)],
                         [f"{entry['id']}: {entry['message']}" for entry in entries])
        self.assertNotIn(SECRET, "\n".join(self.lines(server, "log.json")))


class Midnight(LoggingTest):
    """Python's names for files of past days, with a date that is moved."""

    def make_at(self, date):
        server = self.make_server()
        clock = FakeClock(server.folder, "Europe/Paris")
        clock.set(date)
        server.command_prefix = clock.prefix
        server.start()
        return server, clock

    def write_a_line(self, server):
        """Lets the server log, and waits until it did."""
        folder = server.folder / "log"

        def present():
            # Between two files of a rotation there is none.
            log = folder / "main.log"
            return log.read_text(encoding="utf-8") if log.exists() else ""
        before = len(list(folder.iterdir())), present()
        server.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: (len(list(folder.iterdir())), present()) != before, "a line is written")
        wait_until(lambda: "server.logs_reopened" in present(),
                   "the line is in the present file")

    def rotated(self, server):
        return sorted(path.name for path in (server.folder / "log").glob("main.log.*"))

    def test_a_new_day_has_a_new_file(self):
        server, clock = self.make_at("2024-05-06 23:59:00")
        self.write_a_line(server)
        self.assertEqual([], self.rotated(server))
        clock.set("2024-05-07 00:00:01")
        self.write_a_line(server)
        self.assertEqual(["main.log.2024-05-06"], self.rotated(server))
        old, new = self.lines(server, "main.log.2024-05-06"), self.lines(server)
        self.assertTrue(all(line.startswith("2024-05-06 23:59:") for line in old), old)
        self.assertTrue(any("server.listening" in line for line in old))
        self.assertEqual(1, len(new))
        self.assertTrue(new[0].startswith("2024-05-07 00:00:"), new)
        self.assertEqual(0, server.stop())

    def test_seven_days_are_kept(self):
        server, clock = self.make_at("2024-02-25 12:00:00")
        for day in (26, 27, 28, 29):
            clock.set(f"2024-02-{day} 00:00:00")
            self.write_a_line(server)
        for day in range(1, 7):
            clock.set(f"2024-03-0{day} 23:59:59")
            self.write_a_line(server)
        self.assertEqual(["main.log.2024-02-28", "main.log.2024-02-29",
                          *(f"main.log.2024-03-0{day}" for day in range(1, 6))],
                         self.rotated(server))
        self.assertEqual(0, server.stop())

    def test_summer_time_begins_and_ends(self):
        server, clock = self.make_at("2024-03-30 23:59:30")
        clock.set("2024-03-31 23:59:30")  # a day of 23 hours
        self.write_a_line(server)
        self.assertEqual(["main.log.2024-03-30"], self.rotated(server))
        clock.set("2024-10-27 00:30:00")  # one of 25 hours, after a long silence
        self.write_a_line(server)
        clock.set("2024-10-27 23:59:59")
        self.write_a_line(server)
        self.assertEqual(["main.log.2024-03-30", "main.log.2024-03-31"], self.rotated(server))
        clock.set("2024-10-28 00:00:00")
        self.write_a_line(server)
        self.assertEqual(["main.log.2024-03-30", "main.log.2024-03-31", "main.log.2024-10-27"],
                         self.rotated(server))
        self.assertEqual(0, server.stop())

    def test_a_date_set_back_rotates_nothing(self):
        server, clock = self.make_at("2024-05-07 00:00:30")
        clock.set("2024-05-06 23:59:00")
        self.write_a_line(server)
        self.assertEqual([], self.rotated(server))
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        self.assertEqual(0, server.stop())
