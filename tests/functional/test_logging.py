"""The logging sections: where lines go, what they look like, rotation and reopening."""
import datetime
import os
import re
import signal
import subprocess
import urllib.request

from tests.support.cases import BASIC_CONFIGURATION, FolderTest
from tests.support.packages import make_package
from tests.support.server import PATIENCE, Server, program, wait_until
from tests.support.wire import get

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


class Logging(FolderTest):
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

    def test_a_full_disk_does_not_stop_the_server(self):
        server = self.make_server(LOGGING.replace("@FOLDER@/log/main.log", "/dev/full")
                                  .replace("handlers.TimedRotatingFileHandler", "FileHandler")
                                  .replace(", 'midnight', 1, 7", ","))
        server.start()
        for _ in range(3):
            self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        server.stop()
        self.assertEqual(1, server.log().count("/dev/full: No space left"), server.log())

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
