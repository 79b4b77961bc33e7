"""Life as a daemon: pid file, signals, the end, other users, what is kept from whom."""
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess

from tests.support.cases import BASIC_CONFIGURATION, FolderTest, file_log
from tests.support.certificates import Authority
from tests.support.daemon import (OTHER_GROUP, OTHER_USER, Daemon, descriptors, is_running,
                                  needs_other_user)
from tests.support.packages import make_package
from tests.support.server import Server, free_port, is_sanitized, program, wait_until
from tests.support.wire import Connection, get

LOG = file_log("server")
CONFIGURATION = BASIC_CONFIGURATION + LOG
DAEMON = "pidfile = @FOLDER@/run/server.pid\n"
LARGE = 64 << 20


def with_daemon_options(*lines, configuration=CONFIGURATION):
    return configuration.replace(DAEMON, DAEMON + "".join(line + "\n" for line in lines))


class DaemonTest(FolderTest):
    """Each test makes the servers that it needs."""

    def make(self, configuration=CONFIGURATION, kind=Daemon, name="server", **keywords):
        folder = self.new_folder(name)
        (folder / "src").mkdir()
        (folder / "upload").mkdir(mode=0o700)
        make_package(folder / "src", "one", {"a.txt": b"a"})
        server = kind(folder, configuration, **keywords)
        self.addCleanup(server.kill)
        return server


class PidFile(DaemonTest):
    """One server for a pid file."""

    def test_it_names_the_daemon_and_goes_with_it(self):
        server = self.make().start()
        self.assertTrue(is_running(server.pid))
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        server.stop()
        self.assertFalse(server.pid_file.exists())

    def test_a_second_start_is_refused(self):
        first = self.make().start()
        # Another port: it is the pid file that tells.
        second = Daemon(first.folder, CONFIGURATION, port=free_port())
        status, output = second.run()
        self.assertEqual(1, status)
        self.assertIn(f"holds the pid file {first.pid_file} (process {first.pid})", output)
        self.assertEqual(str(first.pid), first.pid_file.read_text(encoding="ascii").strip())
        self.assertEqual(200, get(first, "/healthz").status)
        first.stop()

    def test_a_stale_file_does_not_matter(self):
        server = self.make()
        # Of a process that lives, but is no server.
        server.pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")
        server.start()
        self.assertNotEqual(os.getpid(), server.pid)
        server.stop()
        self.assertFalse(server.pid_file.exists())

    def test_a_killed_server_can_be_started_again(self):
        server = self.make().start()
        server.kill()
        self.assertTrue(server.pid_file.exists())
        first = server.pid
        server.start()
        self.assertNotEqual(first, server.pid)
        server.stop()

    def test_a_link_is_not_followed(self):
        server = self.make()
        victim = server.folder / "victim"
        victim.write_text("precious", encoding="ascii")
        server.pid_file.symlink_to(victim)
        self.assertEqual(1, server.run()[0])
        self.assertEqual("precious", victim.read_text(encoding="ascii"))


class Signals(DaemonTest):
    """Each signal of a daemon; those of a server in the foreground are tested elsewhere."""

    def test_the_configuration_may_be_named_relatively(self):
        server = self.make()
        done = subprocess.run([program(), "-f", server.config_file.name], cwd=server.folder,
                              stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(0, done.returncode)
        server.pid = int(server.pid_file.read_text(encoding="ascii"))
        server.reload()
        server.stop()

    def test_sigusr1_opens_the_logs_again(self):
        server = self.make().start()
        log = server.folder / "log" / "server.log"
        log.rename(log.with_suffix(".moved"))
        server.send_signal(signal.SIGUSR1)
        wait_until(lambda: "server.logs_reopened" in server.log(), "the log is opened again")
        server.stop()

    def test_sigint_ends_it(self):
        server = self.make().start()
        server.stop(signal.SIGINT)
        self.assertIn("stopping on SIGINT", server.log())

    def test_the_end_of_the_terminal_does_not_end_it(self):
        server = self.make().start()
        server.reload()  # SIGHUP, which a terminal sends at its end
        self.assertEqual(200, get(server, "/healthz").status)
        server.stop()


class Drain(DaemonTest):
    """What becomes of running downloads when the server ends."""

    def make_slow(self, *options):
        """A server and a connection that has a large download to wait for."""
        server = self.make(with_daemon_options(*options), Server)
        with open(server.folder / "src" / "one" / "large.bin", "wb") as file:
            file.truncate(LARGE)
        server.start()
        connection = Connection(server)
        self.addCleanup(connection.socket.close)
        connection.send("GET /mirror1_files/one/large.bin HTTP/1.1\r\nHost: t\r\n\r\n")
        self.assertEqual(200, connection.read_answer(head_only=True).status)
        return server, connection

    @staticmethod
    def count(connection):
        """How many bytes of the body come."""
        got = len(connection.buffer)
        while True:
            try:
                data = connection.socket.recv(1 << 20)
            except ConnectionResetError:
                return got
            if not data:
                return got
            got += len(data)

    def is_refused(self, server):
        try:
            socket.create_connection((server.host, server.port), timeout=5).close()
            return False
        except ConnectionRefusedError:
            return True

    def test_a_download_is_finished_and_none_begins(self):
        server, connection = self.make_slow("drain_time = 600")
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: self.is_refused(server), "no more connections are accepted")
        self.assertIsNone(server.process.poll())
        self.assertEqual(LARGE, self.count(connection))
        self.assertEqual(0, server.process.wait(60))

    def test_a_second_signal_ends_it_at_once(self):
        server, connection = self.make_slow("drain_time = 600")
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: self.is_refused(server), "no more connections are accepted")
        server.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(60))
        self.assertLess(self.count(connection), LARGE)

    def test_without_time_it_ends_at_once(self):
        server, connection = self.make_slow("drain_time = 0")
        server.send_signal(signal.SIGINT)
        self.assertEqual(0, server.process.wait(60))
        self.assertLess(self.count(connection), LARGE)

    def test_the_time_is_kept(self):
        server, connection = self.make_slow("drain_time = 1")
        server.send_signal(signal.SIGTERM)
        self.assertEqual(0, server.process.wait(60))
        self.assertLess(self.count(connection), LARGE)


class Descriptors(DaemonTest):
    """What a process has open, and who gets it."""

    CONFIGURATION = with_daemon_options("core_dumps = 1")  # else only root may look

    def assert_kept_from_children(self, pid):
        for number, target, flags in descriptors(pid):
            if number > 2:
                self.assertTrue(flags & os.O_CLOEXEC, f"{number}: {target}")

    def test_programs_that_are_run_get_none(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        self.addCleanup(os.close, writing)
        server = self.make(self.CONFIGURATION, Server)
        with open(server.stderr_file, "ab") as stderr:
            # One that the starting process left open by chance, too.
            server.process = subprocess.Popen([program(), "-d", "-f", str(server.config_file)],
                                              stdin=subprocess.DEVNULL, stdout=stderr,
                                              stderr=stderr, pass_fds=[writing])
        wait_until(server.is_listening, "the server listens")
        wait_until(server.has_scanned, "all packages are loaded")
        with Connection(server) as connection:
            connection.send("GET /mirror1_files/one/a.txt HTTP/1.1\r\nHost: t\r\n\r\n")
            self.assertEqual(200, connection.read_answer().status)
            self.assert_kept_from_children(server.process.pid)
        self.assertEqual(0, server.stop())

    def test_a_daemon_closes_what_its_starter_had_open(self):
        reading, writing = os.pipe()
        self.addCleanup(os.close, reading)
        server = self.make(self.CONFIGURATION)
        status, output = server.run(pass_fds=[writing])
        os.close(writing)
        self.assertEqual(0, status, output)
        server.pid = int(server.pid_file.read_text(encoding="ascii"))
        self.assertEqual(b"", os.read(reading, 1))  # the end: nobody else holds it
        self.assert_kept_from_children(server.pid)
        server.stop()

    def test_closed_standard_streams_are_no_harm(self):
        server = self.make(self.CONFIGURATION, command_prefix=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"])
        server.start()
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        for number, target, _ in descriptors(server.pid):
            if number <= 2:
                self.assertEqual("/dev/null", target)
        server.stop()


class CoreDumps(DaemonTest):
    """The memory, which holds passwords and keys, is not written to the disk."""

    def crash(self, *options):
        """Whether a server that crashes leaves a core dump."""
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        server = self.make(with_daemon_options(*options), Server, name=f"server{len(options)}")

        def prepare():
            resource.setrlimit(resource.RLIMIT_CORE, (most, most))
            # Whoever runs the tests in the background may have it ignored.
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)

        with open(server.stderr_file, "ab") as stderr:
            server.process = subprocess.Popen(
                [program(), "-d", "-f", str(server.config_file)], stdin=subprocess.DEVNULL,
                stdout=stderr, stderr=stderr, cwd=server.folder,
                preexec_fn=prepare)
        wait_until(server.is_listening, "the server listens")
        server.send_signal(signal.SIGQUIT)
        _, status = os.waitpid(server.process.pid, 0)
        server.process.returncode = -signal.SIGQUIT
        return os.WCOREDUMP(status)

    def test_none_without_the_option(self):
        self.assertFalse(self.crash())

    def test_one_with_the_option(self):
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text(encoding="ascii")
        if pattern.startswith("|") or "/" in pattern:
            self.skipTest(f"core dumps of this machine go elsewhere: {pattern.strip()}")
        if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
            self.skipTest("core dumps are forbidden by the limits of this session")
        if is_sanitized():
            self.skipTest("sanitizers make no core dumps")
        self.assertTrue(self.crash("core_dumps = 1"))


class WrongStart(DaemonTest):
    """What stops a start, and how it is told in the process that was started."""

    def assert_refused(self, server, *words):
        status, output = server.run()
        self.assertEqual(1, status, output)
        for word in words:
            self.assertIn(word, output)
        self.assertFalse(server.pid_file.exists())

    def test_a_user_that_does_not_exist(self):
        self.assert_refused(self.make(with_daemon_options("user = no-such-user")),
                            "[daemon]", "no such user: no-such-user")

    def test_a_group_that_does_not_exist(self):
        self.assert_refused(self.make(with_daemon_options("group = no-such-group")),
                            "[daemon]", "no such group: no-such-group")

    def test_a_pid_file_that_can_not_be_written(self):
        self.assert_refused(self.make(CONFIGURATION.replace("/run/", "/none/")), "none/server.pid")

    def test_a_key_that_can_not_be_read(self):
        server = self.make(CONFIGURATION.replace(
            "enablessl = 0", "cacert = @FOLDER@/cert.pem\nlocalcert = @FOLDER@/key.pem"))
        identity = Authority(server.folder).issue("localhost")
        shutil.copy(identity.certificate, server.folder / "cert.pem")
        shutil.copy(identity.key, server.folder / "key.pem")
        (server.folder / "key.pem").chmod(0)
        if os.geteuid() == 0:
            # Root may read everything: another user has to start it.
            needs_other_user(self, self.folder)
            for path in (server.folder, *server.folder.rglob("*")):
                shutil.chown(path, OTHER_USER, OTHER_GROUP)
            shutil.chown(server.folder / "key.pem", "root")
            server.command_prefix = ["setpriv", f"--reuid={OTHER_USER}", f"--regid={OTHER_GROUP}",
                                     "--clear-groups"]
        self.assert_refused(server, "[ssl]", "key.pem", "Permission denied")


class OtherUser(DaemonTest):
    """Started by root, running as somebody else."""

    OPTIONS = (f"user = {OTHER_USER}", f"group = {OTHER_GROUP}")

    def setUp(self):
        needs_other_user(self, self.folder)

    def make_for_other(self, configuration=None, **keywords):
        server = self.make(configuration or with_daemon_options(*self.OPTIONS), **keywords)
        (server.folder / "state").rmdir()
        shutil.chown(server.folder / "src" / "one", OTHER_USER)
        server.folder.chmod(0o755)
        return server

    @staticmethod
    def ids(pid):
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return {name: fields[name].split() for name in ("Uid", "Gid", "Groups", "CapEff")}

    @staticmethod
    def owner(path):
        return pathlib.Path(path).owner()

    def test_nothing_of_root_is_left(self):
        server = self.make_for_other().start()
        ids = self.ids(server.pid)
        self.assertEqual({"65534"}, set(ids["Uid"] + ids["Gid"] + ids["Groups"]), ids)
        self.assertEqual(0, int(ids["CapEff"][0], 16))
        self.assertEqual(OTHER_USER, self.owner(server.folder / "state"))
        self.assertEqual(0o700, (server.folder / "state").stat().st_mode & 0o777)
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        server.stop()
        # The folder is root's: the file can't be removed, but names nobody any more.
        self.assertEqual("", server.pid_file.read_text(encoding="ascii"))
        server.start()
        server.stop()

    def test_a_state_folder_of_root_is_told(self):
        server = self.make_for_other()
        (server.folder / "state").mkdir(mode=0o700)  # of a server that ran as root
        status, output = server.run()
        self.assertEqual(1, status)
        self.assertIn(f"[main] state_dir {server.folder}/state: user {OTHER_USER} may not write", output)

    def test_a_log_in_a_folder_of_root_is_usable(self):
        server = self.make_for_other()
        log = server.folder / "log" / "server.log"
        log.write_text("a line of root\n", encoding="ascii")
        log.chmod(0o600)
        server.start()
        self.assertEqual(OTHER_USER, self.owner(log))
        # logrotate with `create`: the new file is the user's, too.
        log.rename(log.with_suffix(".1"))
        log.touch()
        shutil.chown(log, OTHER_USER)
        server.send_signal(signal.SIGUSR1)
        wait_until(lambda: "server.logs_reopened" in server.log(), "the log is opened again")
        # And one that the user may not open: the old one stays in use.
        log.rename(log.with_suffix(".2"))
        log.touch(mode=0o600)
        server.send_signal(signal.SIGUSR1)
        wait_until(lambda: log.with_suffix(".2").read_text("ascii").count("logs_reopened") == 2,
                   "the old log is still written to")
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: not server.is_running(), "the daemon ends")

    def test_a_log_in_a_folder_that_is_closed_to_the_user(self):
        server = self.make_for_other(kind=Server)
        (server.folder / "log").chmod(0o700)
        server.start()
        self.assertEqual(0, server.stop())
        # It stays open, and nobody complains that it can't be looked at.
        text = (server.folder / "log" / "server.log").read_text(encoding="utf-8")
        self.assertIn("server.stopped", text)
        self.assertNotIn("Permission denied", server.log())

    def test_a_log_in_a_folder_of_the_user_rotates(self):
        rotating = with_daemon_options(*self.OPTIONS).replace(
            "class = FileHandler", "class = handlers.RotatingFileHandler").replace(
            "server.log',)", "server.log', 'a', 100, 3)")
        server = self.make_for_other(rotating)
        shutil.chown(server.folder / "log", OTHER_USER)
        server.start(ready=False)
        server.send_signal(signal.SIGUSR1)
        first = server.folder / "log" / "server.log.1"
        wait_until(first.exists, "the log has rotated")
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: not server.is_running(), "the daemon ends")
        # Not before: a rotation that goes on takes names away.
        for file in (server.folder / "log").iterdir():
            self.assertEqual(OTHER_USER, self.owner(file))

    def test_a_link_in_the_users_folder_leads_root_nowhere(self):
        server = self.make_for_other()
        victim = server.folder / "victim"
        victim.write_text("precious", encoding="ascii")
        victim.chmod(0o600)
        shutil.chown(server.folder / "log", OTHER_USER)
        (server.folder / "log" / "server.log").symlink_to(victim)
        self.assertEqual(0, server.run()[0])
        server.pid = int(server.pid_file.read_text(encoding="ascii"))
        wait_until(lambda: get(server, "/healthz").status == 200, "the server serves")
        server.kill()
        self.assertEqual("precious", victim.read_text(encoding="ascii"))
        self.assertEqual("root", self.owner(victim))

    def test_supplementary_groups_count(self):
        groups = self.folder / "groups"
        groups.write_text(pathlib.Path("/etc/group").read_text(encoding="utf-8")
                          + f"pulse2-test:x:54321:{OTHER_USER}\n", encoding="utf-8")
        prefix = ["unshare", "--mount", "sh", "-c",
                  f'mount --bind "{groups}" /etc/group && exec "$@"', "sh"]
        probe = subprocess.run([*prefix, "true"], capture_output=True, check=False)
        if probe.returncode != 0:
            self.skipTest("another /etc/group can't be mounted here")
        server = self.make_for_other(command_prefix=prefix)
        # Only the members of the group may read the tree.
        os.chown(server.folder / "src", 0, 54321)
        (server.folder / "src").chmod(0o750)
        server.start()
        self.assertEqual({"65534", "54321"}, set(self.ids(server.pid)["Groups"]))
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        server.stop()

    def make_with_key_of_root(self):
        """A server whose key only root may read, and its authority."""
        configuration = with_daemon_options(*self.OPTIONS).replace(
            "enablessl = 0", "cacert = @FOLDER@/cert.pem\nlocalcert = @FOLDER@/key.pem")
        server = self.make_for_other(configuration)
        authority = Authority(server.folder)
        self.install(server, authority.issue("localhost"))
        server.start()
        return server, configuration, authority

    @staticmethod
    def install(server, identity):
        shutil.copy(identity.certificate, server.folder / "cert.pem")
        shutil.copy(identity.key, server.folder / "key.pem")
        (server.folder / "cert.pem").chmod(0o644)
        (server.folder / "key.pem").chmod(0o600)

    def test_a_reload_without_the_rights_of_the_start(self):
        server, configuration, authority = self.make_with_key_of_root()
        # The key can't be read any more, but it did not change: no reason to refuse the rest.
        log = server.reload(configuration.replace("scheduler_01", "scheduler_11"))
        self.assertIn("[scheduler_api] schedulers", log)
        # A new one would have to be read.
        self.install(server, authority.issue("localhost"))
        log = server.reload(configuration, done="reload.refused")
        self.assertIn("key.pem", log)
        self.assertIn("Permission denied", log)
        self.assertIn("has given up the rights", log)
        # With the right to read it, it is taken.
        shutil.chown(server.folder / "key.pem", OTHER_USER)
        server.reload(configuration)
        server.stop()

    def test_a_configuration_that_only_root_may_read(self):
        server = self.make_for_other()
        server.config_file.chmod(0o600)
        server.start()
        server.send_signal(signal.SIGHUP)
        wait_until(lambda: "reload.refused" in server.log(), "the reload is refused")
        self.assertRegex(server.log(), rf"reload\.mistake: .*{server.config_file}.*Permission denied"
                                       ".*has given up the rights")
        self.assertEqual(200, get(server, "/mirror1_files/one/a.txt").status)
        server.stop()

    def test_a_log_that_the_user_may_not_write_is_refused_at_a_reload(self):
        server = self.make_for_other().start()
        (server.folder / "log" / "other.log").touch(mode=0o600)
        log = server.reload(with_daemon_options(*self.OPTIONS).replace("server.log", "other.log"),
                            done="reload.refused")
        self.assertIn("other.log: Permission denied", log)
        server.stop()

    def test_a_tree_that_the_user_may_not_read_is_refused_at_a_reload(self):
        server = self.make_for_other().start()
        (server.folder / "roots").mkdir(mode=0o700)
        log = server.reload(with_daemon_options(*self.OPTIONS).replace("@FOLDER@/src",
                                                                      "@FOLDER@/roots"),
                            done="reload.refused")
        self.assertIn(f"{server.folder}/roots", log)
        server.stop()

    def test_a_core_dump_is_not_made_after_the_change_either(self):
        server = self.make_for_other().start()
        # What may not be dumped belongs to root.
        self.assertEqual("root", self.owner(f"/proc/{server.pid}/environ"))
        server.stop()
