"""Real mirror targets on this machine: an ssh server, an rsync daemon, a folder."""
import getpass
import os
import pathlib
import signal
import socket
import subprocess

from tests.support.server import free_port, wait_until

SSH_DAEMON = "/usr/sbin/sshd"


def tree_of(folder):
    """Relative paths and contents of all that is below a folder; None for folders."""
    folder = pathlib.Path(folder)
    return {path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
            for path in folder.rglob("*")}


def packages_of(src):
    """tree_of() a src, without what is the server's own."""
    return {name: content for name, content in tree_of(src).items()
            if not name.startswith(".pulse2-staging")}


def is_listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False


class FolderTarget:
    """A folder of this machine."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.name = str(self.folder)
        self.ssh_options = ()

    def place(self, src):
        """Where the target holds the tree `src`."""
        return self.folder / str(src).lstrip("/")

    def stop(self):
        pass


class Daemon:
    """A program in the foreground that listens on a port."""

    process = None
    port = None
    command = ()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        start_new_session=True)
        wait_until(lambda: is_listening(self.port), f"{self.command[0]} listens")

    def stop(self):
        """With all that serves its connections."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process = None


class RsyncTarget(Daemon):
    """A module of an rsync daemon."""

    def __init__(self, folder):
        base = pathlib.Path(folder)
        base.mkdir()
        self.folder = base / "module"
        self.folder.mkdir()
        self.port = free_port()
        identity = f"uid = {os.getuid()}\ngid = {os.getgid()}\n" if os.getuid() == 0 else ""
        (base / "rsyncd.conf").write_text(
            f"use chroot = no\nlock file = {base}/lock\n{identity}"
            f"[module]\npath = {self.folder}\nread only = no\n", encoding="utf-8")
        self.command = ["rsync", "--daemon", "--no-detach", "--address=127.0.0.1",
                        f"--port={self.port}", f"--config={base}/rsyncd.conf"]
        self.name = f"rsync://127.0.0.1:{self.port}/module"
        self.ssh_options = ()
        self.start()

    def place(self, src):
        return self.folder / str(src).lstrip("/")


class SshTarget(Daemon):
    """An ssh server. Its trees are where this machine has its own, so the login's command maps the
    path `src` to another folder."""

    def __init__(self, folder):
        base = pathlib.Path(folder)
        base.mkdir(mode=0o700)
        self.base = base
        self.folder = base / "mirror"
        self.folder.mkdir()
        self.port = free_port()
        self.make_key("host")
        self.make_key("user")
        self.write_known_hosts("host")
        (base / "authorized_keys").write_bytes((base / "user.pub").read_bytes())
        # What the client asks for runs here, with the target's folder in the path's place.
        (base / "login").write_text(
            "#!/usr/bin/env python3\nimport os, shlex\n"
            "words = shlex.split(os.environ['SSH_ORIGINAL_COMMAND'])\n"
            f"words[-1] = {str(self.folder)!r} + words[-1]\n"
            "os.execvp(words[0], words)\n", encoding="utf-8")
        (base / "login").chmod(0o700)
        (base / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\nHostKey {base}/host\nPidFile none\n"
            f"AuthorizedKeysFile {base}/authorized_keys\nStrictModes no\nUsePAM no\n"
            f"PasswordAuthentication no\nPermitRootLogin yes\nForceCommand {base}/login\n"
            "MaxStartups 100\n", encoding="utf-8")
        if os.getuid() == 0:
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.command = [SSH_DAEMON, "-D", "-f", str(base / "sshd_config")]
        self.name = f"{getpass.getuser()}@127.0.0.1"
        self.ssh_options = (f"Port={self.port}", f"IdentityFile={base}/user",
                            f"UserKnownHostsFile={base}/known_hosts", "BatchMode=yes",
                            "ConnectTimeout=10")
        self.start()

    def make_key(self, name):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        str(self.base / name)], check=True)

    def write_known_hosts(self, key):
        """The client trusts the key of that name alone."""
        public = (self.base / f"{key}.pub").read_text(encoding="ascii")
        (self.base / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public}",
                                               encoding="ascii")

    def place(self, src):
        return self.folder / str(src).lstrip("/")
