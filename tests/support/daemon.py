"""The server as a daemon: detached, with a pid file, as root or as another user."""
import os
import pathlib
import shutil
import signal
import subprocess

from tests.support.server import PATIENCE, SANITIZER_REPORT, Server, program, wait_until

# A user that every Debian has, and that owns nothing.
OTHER_USER, OTHER_GROUP = "nobody", "nogroup"


def is_running(pid):
    """Whether the process exists and has not ended (nobody may have asked for its status yet)."""
    try:
        status = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def descriptors(pid):
    """Number, target and flags of each open descriptor."""
    found = []
    for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            info = pathlib.Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text(encoding="ascii")
            flags = next(line for line in info.splitlines() if line.startswith("flags:"))
            found.append((int(entry.name), os.readlink(entry), int(flags.split()[1], 8)))
        except OSError:
            pass  # closed meanwhile
    return found


def can_reach(folder, user=OTHER_USER):
    """Whether another user can get into `folder`: a checkout may lie where only its owner can."""
    done = subprocess.run(["setpriv", f"--reuid={user}", f"--regid={OTHER_GROUP}", "--clear-groups",
                           "test", "-x", str(folder)], check=False, stderr=subprocess.DEVNULL)
    return done.returncode == 0


def needs_other_user(test, folder):
    """Skips the test, saying why, where the server can't become another user."""
    if os.geteuid() != 0:
        test.skipTest("only root can start a server that becomes another user")
    if not shutil.which("setpriv"):
        test.skipTest("setpriv (util-linux) is missing")
    folder.chmod(0o755)
    if not can_reach(folder):
        test.skipTest(f"{OTHER_USER} can't reach {folder}")


class Daemon(Server):
    """A server that detached itself. Without logging sections it would log to syslog: give it
    some, with a handler that writes to @FOLDER@/log/server.log."""

    pid = None

    @property
    def pid_file(self):
        return self.folder / "run" / "server.pid"

    def run(self, **keywords):
        """The starting process until it ends: status and what it printed."""
        done = subprocess.run([*self.command_prefix, program(), "-f", str(self.config_file)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=PATIENCE, check=False,
                              **keywords)
        return done.returncode, done.stdout

    def start(self, ready=True):
        status, output = self.run()
        if status != 0:
            raise AssertionError(f"start failed with {status}:\n{output}")
        self.pid = int(self.pid_file.read_text(encoding="ascii"))
        if ready:
            wait_until(lambda: "catalog.scan_done" in self.log(), "all packages are loaded")
        return self

    def log(self):
        path = self.folder / "log" / "server.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def send_signal(self, number):
        os.kill(self.pid, number)

    def is_running(self):
        return self.pid is not None and is_running(self.pid)

    def stop(self, signal_number=signal.SIGTERM):
        """Ends it; its exit status is nobody's, so its last words count."""
        self.send_signal(signal_number)
        wait_until(lambda: not self.is_running(), "the daemon ends")
        assert not SANITIZER_REPORT.search(self.log()), self.log()
        assert "server.stopped" in self.log(), self.log()[-4000:]
        return 0

    def kill(self):
        if self.is_running():
            self.send_signal(signal.SIGKILL)
            wait_until(lambda: not self.is_running(), "the daemon is gone")
