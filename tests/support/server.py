"""Starts the real package server for a test: on a free port, in a folder of its own.

The program under test is named by the environment variable PULSE2_SERVER.
"""
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import xmlrpc.client

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "tests" / "data"
# The lines that the server logs when every package of the first scan is published or broken, and
# when all of it has been started.
READY = (b"catalog.scan_done", b"server.listening")
# Sanitizer builds are several times slower: every wait of the tests is generous, none is a sleep.
PATIENCE = 60
SANITIZER_REPORT = re.compile(
    r"ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:")


def program():
    """Path of the server under test."""
    default = ROOT / "build" / "dev" / "bin" / "pulse2-package-server"
    return os.environ.get("PULSE2_SERVER", str(default))


def free_port():
    """A TCP port that nobody listens on, on either address family."""
    with socket.socket(socket.AF_INET6) as probe:
        probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        probe.bind(("::", 0))
        return probe.getsockname()[1]


def is_sanitized():
    """True for a program whose memory is the sanitizer's rather than its own."""
    content = pathlib.Path(program()).read_bytes()
    return b"__asan_init" in content or b"__tsan_init" in content


def wait_until(condition, what, seconds=PATIENCE):
    """Polls `condition` until it gives a true value, which is returned."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Server:
    """A running server. `folder` is its working folder: configuration, state, logs, trees."""

    def __init__(self, folder, configuration, port=None, command_prefix=()):
        """`configuration` may hold @PORT@ and @FOLDER@."""
        self.folder = pathlib.Path(folder)
        self.port = port or free_port()
        self.host = "127.0.0.1"
        self.config_file = self.folder / "package-server.ini"
        self.stderr_file = self.folder / "stderr.log"
        self.command_prefix = list(command_prefix)
        self.process = None
        self.log_begin = 0
        self.write_configuration(configuration)

    def write_configuration(self, text):
        for part in ("state", "run", "log"):
            (self.folder / part).mkdir(exist_ok=True)
        text = text.replace("@PORT@", str(self.port)).replace("@FOLDER@", str(self.folder))
        self.config_file.write_text(text, encoding="utf-8")

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    def start(self, ready=True):
        """Starts it in the foreground; with `ready`, waits until its packages are loaded."""
        with open(self.stderr_file, "ab") as stderr:
            self.log_begin = stderr.tell()
            self.process = subprocess.Popen(
                [*self.command_prefix, program(), "-d", "-f", str(self.config_file)],
                stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, cwd=self.folder)
        try:
            wait_until(self.is_listening, "the server listens")
            if ready:
                wait_until(self.has_started, "all packages are loaded")
        except BaseException:
            self.kill()
            raise
        return self

    def check_running(self):
        if self.process.poll() is not None:
            raise AssertionError(
                f"the server ended with status {self.process.returncode}:\n{self.log()[-4000:]}")

    def is_listening(self):
        self.check_running()
        try:
            socket.create_connection((self.host, self.port), timeout=5).close()
            return True
        except OSError:
            return False

    def has_started(self):
        self.check_running()
        return self.has_scanned()

    def has_scanned(self):
        """Whether the first scan of this start is over, and all else that a start does."""
        with open(self.stderr_file, "rb") as log:
            log.seek(self.log_begin)
            text = log.read()
        return all(line in text for line in READY)

    def is_healthy(self):
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=10) as answer:
                return answer.status == 200
        except (urllib.error.HTTPError, OSError):
            return False

    def stop(self, signal_number=signal.SIGTERM):
        """Asks it to end; returns its exit status. A sanitizer's report is a failure."""
        self.process.send_signal(signal_number)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {PATIENCE} s after the signal") from None
        report = SANITIZER_REPORT.search(self.log())
        if report:
            raise AssertionError(self.log()[report.start():report.start() + 6000])
        return status

    def send_signal(self, number):
        self.process.send_signal(number)

    def reload(self, configuration=None, done="reload.done"):
        """Writes another configuration, if given, and sends SIGHUP; returns what was logged then.
        With done="reload.refused" the server is expected to keep what it had."""
        if configuration is not None:
            self.write_configuration(configuration)
        begin = len(self.log())
        self.send_signal(signal.SIGHUP)
        ends = re.compile(r"^.*reload\.(?:done|refused): .*\n", re.MULTILINE)
        wait_until(lambda: ends.search(self.log(), begin), "the reload is over")
        log = self.log()[begin:]
        if f"{done}: " not in log:
            raise AssertionError(f"expected {done}:\n{log}")
        return log

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self):
        return self.stderr_file.read_text(encoding="utf-8", errors="replace")

    def proxy(self, mount):
        """A client of one API, as Python consoles use it."""
        return xmlrpc.client.ServerProxy(f"{self.url}{mount}", allow_none=True)

    def resident_bytes(self):
        """Resident memory of the process now."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def anonymous_bytes(self):
        """Resident memory of the process that is no file's: what it allocated."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"RssAnon:\s+(\d+) kB", status)[1]) * 1024
