"""`pulse2-package-server doctor`: a sound set-up passes, each fault of a broken one is named."""
import contextlib
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import unittest

from tests.support.cases import BASIC_CONFIGURATION, FolderTest
from tests.support.certificates import A_WHILE_AGO, Authority
from tests.support.packages import make_package
from tests.support.server import PATIENCE, Server, free_port, program, wait_until
from tests.support.tls import TlsServer, trust

SECRET = "s3cr3t-pass"
SOUND = BASIC_CONFIGURATION.replace(
    "enablessl = 0", f"enablessl = 1\nusername = console\npassword = {SECRET}\n"
    "cacert = @FOLDER@/cacert.pem\nlocalcert = @FOLDER@/localcert.pem") + """
[package_api_put:01]
mount_point = /package_api_put1
src = @FOLDER@/src

[log]
access_log = @FOLDER@/log/access.log
"""


def doctor(config_file, *arguments, environment=None):
    """Exit status, standard output and standard error of one look."""
    done = subprocess.run([program(), "doctor", "-f", str(config_file), *arguments],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE, check=False, env=environment)
    return done.returncode, done.stdout, done.stderr


@contextlib.contextmanager
def listener(greeting=b""):
    """A port of 127.0.0.1 at which something else listens and says `greeting`."""
    with socket.create_server(("127.0.0.1", 0)) as sock:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = sock.accept()
                    with connection:
                        connection.sendall(greeting)

        threading.Thread(target=serve, daemon=True).start()
        yield sock.getsockname()[1]
        sock.shutdown(socket.SHUT_RDWR)


class DoctorTest(FolderTest):
    """Helpers of the classes below."""

    def make_server(self, configuration, server_type=Server, name="server", **options):
        """A set-up in a folder of this test; not started."""
        folder = self.new_folder(name)
        (folder / "src").mkdir()
        (folder / "upload").mkdir(mode=0o700)
        make_package(folder / "src", "p", {"a.txt": b"alpha", "sub/b.bin": os.urandom(50000)})
        server = server_type(folder, configuration, **options)
        self.addCleanup(server.kill)
        return server

    def findings(self, server, environment=None):
        """What it says, as JSON; the text form says the same."""
        status, output, errors = doctor(server.config_file, "--json", environment=environment)
        self.assertEqual("", errors)
        report = json.loads(output)
        self.assertEqual(report["healthy"], status == 0)
        self.assertEqual(report["faults"],
                         sum(each["verdict"] == "fault" for each in report["findings"]))
        for each in report["findings"]:
            self.assertTrue(each["text"] and each["probe"], each)
            self.assertEqual(each["verdict"] == "good", each["fix"] == "", each)
        self.assertNotIn(SECRET, output)
        return report["findings"]

    def of(self, findings, *verdicts):
        return [f"{each['probe']}: {each['text']}" for each in findings
                if each["verdict"] in verdicts]


class SoundSetUp(DoctorTest):
    """Nothing is wrong."""

    def make_sound_server(self, configuration=SOUND):
        server = self.make_server(configuration)
        authority = Authority(server.folder)
        identity = authority.issue("localhost")
        (server.folder / "cacert.pem").write_bytes(
            identity.certificate.read_bytes() + authority.certificate.read_bytes())
        (server.folder / "localcert.pem").write_bytes(identity.key.read_bytes())
        (server.folder / "localcert.pem").chmod(0o600)
        server.__class__ = TlsServer
        server.context = trust(authority.certificate)
        return server

    def test_before_the_start(self):
        server = self.make_sound_server()
        findings = self.findings(server)
        self.assertEqual([], self.of(findings, "fault"))
        good = "\n".join(self.of(findings, "good"))
        for part in ("configuration: ", "certificate: /CN=localhost", "days left",
                     f"ports: TCP port {server.port} ([main] port) is free", "folders: ",
                     f"space: {server.folder}"):
            self.assertIn(part, good)
        self.assertIn("download: [mirror:01]: the server does not run",
                      self.of(findings, "skipped"))

    def test_while_the_server_runs(self):
        server = self.make_sound_server().start()
        status, output, _ = doctor(server.config_file)
        self.assertEqual(0, status, output)
        self.assertRegex(output, rf"good +ports +TCP port {server.port}.*in use, and the server runs")
        self.assertRegex(output, rf"good +download +https://127\.0\.0\.1:{server.port}"
                                 r"/mirror1_files/p/\S+: .* as on the disk")
        self.assertRegex(output, r"\n0 faults, \d+ doubts?\n$")
        self.assertEqual(0, server.stop())

    def test_one_that_asks_clients_for_everything(self):
        """Files behind credentials, clients with certificates: doctor has both."""
        server = self.make_sound_server(SOUND + "\n[http]\nauthenticate = all\n")
        configuration = server.config_file.read_text(encoding="utf-8")
        server.write_configuration(configuration.replace("enablessl = 1",
                                                         "enablessl = 1\nverifypeer = 1"))
        identity = (server.folder / "cacert.pem").read_bytes()
        key = (server.folder / "localcert.pem").read_bytes()
        authority = server.folder / "authority" / "authority.crt"
        (server.folder / "cacert.pem").write_bytes(authority.read_bytes())
        (server.folder / "localcert.pem").write_bytes(identity + key)
        server.start(ready=False)
        findings = self.findings(server)
        self.assertEqual([], self.of(findings, "fault"))
        self.assertTrue([text for text in self.of(findings, "good")
                         if text.startswith("download: https://")], findings)


class BrokenSetUp(DoctorTest):
    """Every fault at once is named, each with what to do."""

    CONFIGURATION = SOUND.replace("[daemon]", "[daemon]\nuser = nobody-of-that-name").replace(
        "src = @FOLDER@/src", "src = @FOLDER@/unmounted", 1).replace(
        "host = 127.0.0.1", "host = 127.0.0.1\npublic_ip = nowhere.invalid\n"
        "free_space_reserve = 1000000 TiB\n"
        "package_mirror_command = /no/such/rsync\n"
        "package_mirror_target = 127.0.0.1 rsync://user:" + SECRET + "@127.0.0.1:@NOT_RSYNC@/module "
        "@FOLDER@/no-target\n"
        "package_mirror_command_options_ssh_options = Port=@CLOSED@").replace(
        "state_dir = @FOLDER@/state", "state_dir = @FOLDER@/no/such/state").replace(
        "@FOLDER@/log/access.log", "@FOLDER@/no-log/access.log") + f"""
[mmc_agent]
port = @CLOSED@
password = {SECRET}

[imaging_api]
uuid = 2b1c3f2e-6e0e-4f7a-9a54-0c1d2e3f4a5b
base_folder = @FOLDER@/no-imaging
isos_folder = @FOLDER@/no-isos
isogen_tool = /no/such/mkisofs
pxe_port = @PXE@
"""

    def test_each_fault_is_named(self):
        with listener() as taken, listener(b"220 mail\r\n") as not_rsync:
            server = self.make_server(
                self.CONFIGURATION.replace("@NOT_RSYNC@", str(not_rsync))
                .replace("@CLOSED@", str(free_port())).replace("@PXE@", str(free_port())),
                port=taken)
            authority = Authority(server.folder)
            old = authority.issue("localhost", end=A_WHILE_AGO)
            (server.folder / "cacert.pem").write_bytes(old.certificate.read_bytes())
            (server.folder / "localcert.pem").write_bytes(old.key.read_bytes())
            (server.folder / "upload").chmod(0o777)
            findings = self.findings(server, {"PATH": str(server.folder)})
        faults = "\n".join(self.of(findings, "fault"))
        folder = server.folder
        for part in ("account: [daemon] no such user: nobody-of-that-name",
                     "cacert.pem: the certificate expired on",
                     "address: clients get URLs with nowhere.invalid, which does not resolve",
                     f"ports: TCP port {taken} ([main] port) at 127.0.0.1 is taken by another",
                     f"folders: [mirror:01] src: {folder}/unmounted: No such file",
                     f"folders: [main] state_dir = {folder}/no/such/state: neither it nor",
                     f"folders: log file {folder}/no-log/access.log: its folder is not there",
                     f"folders: [package_api_put:01] tmp_input_dir = {folder}/upload: everybody may write",
                     f"folders: [imaging_api] masters_folder: {folder}/no-imaging/masters: No such file",
                     "less than the ", "of [main] free_space_reserve",
                     "tools: [main] package_mirror_command: /no/such/rsync is not there",
                     "tools: [imaging_api] isogen_tool: neither /no/such/mkisofs nor genisoimage",
                     "mirror target: 127.0.0.1 is not to be reached: ",
                     "mirror target: rsync://user:(hidden)@127.0.0.1",
                     "no rsync server answers at port", f"mirror target: {folder}/no-target: ",
                     "agent: the MMC agent at 127.0.0.1 port"):
            self.assertIn(part, faults)
        self.assertGreaterEqual(len(self.of(findings, "fault")), 16)

    def test_mistakes_of_the_file_come_first(self):
        server = self.make_server(SOUND.replace("enablessl = 1", "enablessl = perhaps")
                                  + "\n[http]\nmax_conections = 5\n")
        findings = self.findings(server)
        self.assertEqual(1, len(self.of(findings, "fault")))
        self.assertIn("enablessl = perhaps", self.of(findings, "fault")[0])
        self.assertRegex(self.of(findings, "doubt")[0], "max_conections.*max_connections")
        self.assertEqual(["machine: not looked at"], self.of(findings, "skipped"))

    def test_a_missing_file(self):
        status, output, errors = doctor(self.folder / "none.ini")
        self.assertEqual((3, ""), (status, output))
        self.assertIn("none.ini", errors)

    def test_bad_usage(self):
        self.assertEqual(2, doctor(self.folder / "none.ini", "--yaml")[0])


@contextlib.contextmanager
def rsync_daemon(folder):
    """A port at which rsync offers the module `packages`, and `closed` to who has a password."""
    if not shutil.which("rsync"):
        raise unittest.SkipTest("rsync is missing")
    port = free_port()
    (folder / "module").mkdir()
    (folder / "secrets").write_text("mirror:secret\n", encoding="ascii")
    (folder / "secrets").chmod(0o600)
    module = f"path = {folder}/module\nuse chroot = no\n"
    if os.getuid() == 0:
        module += "uid = 0\ngid = 0\n"  # not another user, who may not get to the folder
    (folder / "rsyncd.conf").write_text(
        f"address = 127.0.0.1\nport = {port}\n[packages]\n{module}"
        f"[closed]\n{module}auth users = mirror\nsecrets file = {folder}/secrets\n", encoding="ascii")
    daemon = subprocess.Popen(["rsync", "--daemon", "--no-detach", "--config",
                               str(folder / "rsyncd.conf")], stdin=subprocess.DEVNULL)

    def listens():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE):
            return True
        return False

    try:
        wait_until(listens, "rsync listens")
        yield port
    finally:
        daemon.terminate()
        daemon.wait(PATIENCE)


class MirrorTargets(DoctorTest):
    """Targets that answer are asked for their packages, as the server would."""

    def targets(self, names, *options):
        """What is said about each."""
        lines = "\n".join(["host = 127.0.0.1", f"package_mirror_target = {names}", *options])
        server = self.make_server(BASIC_CONFIGURATION.replace("host = 127.0.0.1", lines))
        return {each["text"]: each["verdict"] for each in self.findings(server)
                if each["probe"] == "mirror target"}

    def test_modules(self):
        folder = self.new_folder("rsync")
        with rsync_daemon(folder) as port:
            url = f"rsync://127.0.0.1:{port}"
            found = self.targets(f"{url}/packages {url}/unknown rsync://mirror@127.0.0.1:{port}/closed")
            (missing,) = [text for text in found if "has no such package tree yet" in text]
            self.assertEqual("doubt", found.pop(missing))
            self.assertEqual({"fault"}, set(found.values()))
            texts = "\n".join(found)
            self.assertRegex(texts, rf"{url}/unknown does not list its packages: @ERROR: Unknown module")
            self.assertRegex(texts, r"/closed does not list its packages: .*(?i:password|auth)")
            # The same with the package tree there.
            tree = self.folder / "tree" / "src"
            (folder / "module" / str(tree)[1:]).mkdir(parents=True)
            (folder / "password").write_text("secret", encoding="ascii")
            (folder / "password").chmod(0o600)
            tree.mkdir(parents=True)
            configuration = BASIC_CONFIGURATION.replace("@FOLDER@/src", str(tree)).replace(
                "host = 127.0.0.1", "host = 127.0.0.1\npackage_mirror_target = "
                f"{url}/packages rsync://mirror@127.0.0.1:{port}/closed\n"
                f"package_mirror_command_options = -ar --delete --password-file={folder}/password")
            server = self.make_server(configuration, name="other")
            good = self.of(self.findings(server), "good")
            self.assertEqual(2, "\n".join(good).count(" lists its packages (rsync)"), good)

    def test_a_machine_that_does_not_let_us_in(self):
        if not shutil.which("ssh") or not shutil.which("rsync"):
            self.skipTest("ssh or rsync is missing")
        with listener(b"SSH-2.0-none\r\n") as port:
            found = self.targets("127.0.0.1", "package_mirror_command_options_ssh_options = "
                                 f"Port={port} UserKnownHostsFile=/dev/null")
        ((text, verdict),) = found.items()
        self.assertEqual("fault", verdict)
        self.assertRegex(text, "127.0.0.1 does not list its packages: .")


class SingleFaults(DoctorTest):
    """Faults that need a set-up of their own."""

    def test_certificates(self):
        server = self.make_server(SOUND)
        root = Authority(server.folder, "root")
        middle = Authority(server.folder, "middle", root)
        soon = openssl_date("+10 days")
        identity = middle.issue("elsewhere", end=soon)
        (server.folder / "cacert.pem").write_bytes(identity.certificate.read_bytes())
        (server.folder / "localcert.pem").write_bytes(identity.key.read_bytes())
        (server.folder / "localcert.pem").chmod(0o644)
        findings = self.findings(server)
        doubts = "\n".join(self.of(findings, "doubt"))
        self.assertRegex(doubts, r"certificate: /CN=elsewhere, valid until .*, (9|10) days left")
        self.assertIn("certificate: the chain ends at /CN=elsewhere; its issuer /CN=middle", doubts)
        self.assertEqual([f"certificate: {server.folder}/localcert.pem holds the private key and "
                          "everybody may read or change it"], self.of(findings, "fault"))
        # The subject alternative names are those of localhost and 127.0.0.1.
        server.write_configuration(SOUND.replace("host = 127.0.0.1",
                                                 "host = 127.0.0.1\npublic_ip = localhost.localdomain"))
        self.assertRegex("\n".join(self.of(self.findings(server), "doubt")),
                         "certificate: it does not name localhost.localdomain")

    @unittest.skipIf(os.geteuid() != 0, "only root may look with the rights of others")
    def test_rights_of_the_configured_user(self):
        server = self.make_server(BASIC_CONFIGURATION.replace(
            "[daemon]", "[daemon]\nuser = nobody\ngroup = nogroup"))
        for folder in (server.folder.parent, server.folder):
            folder.chmod(0o755)
        if subprocess.run(["setpriv", "--reuid", "nobody", "--clear-groups", "test", "-x",
                           server.folder], timeout=PATIENCE, check=False).returncode:
            self.skipTest("the folder for temporary files is not open to others")
        secret = server.folder / "src" / "p" / "sub" / "b.bin"
        secret.chmod(0o600)
        faults = "\n".join(self.of(self.findings(server), "fault"))
        self.assertIn(f"user nobody may not read {secret}", faults)
        self.assertIn(f"[main] state_dir = {server.folder}/state: user nobody may not write to it",
                      faults)

    @unittest.skipIf(os.geteuid() != 0, "only root may look with the rights of others")
    def test_what_a_running_server_can_not_read_again(self):
        server = self.make_server(SOUND.replace("[daemon]", "[daemon]\nuser = nobody\ngroup = nogroup"))
        identity = Authority(server.folder).issue("localhost")
        (server.folder / "cacert.pem").write_bytes(identity.certificate.read_bytes())
        (server.folder / "localcert.pem").write_bytes(identity.key.read_bytes())
        (server.folder / "localcert.pem").chmod(0o600)
        server.config_file.chmod(0o600)
        doubts = "\n".join(self.of(self.findings(server), "doubt"))
        self.assertIn(f"configuration: user nobody may not read {server.config_file}: SIGHUP", doubts)
        self.assertIn(f"certificate: user nobody may not read {server.folder}/localcert.pem", doubts)

    def test_passwords_that_everybody_may_read(self):
        server = self.make_server(SOUND)
        server.config_file.chmod(0o644)
        self.assertIn(f"configuration: everybody may read {server.config_file}, which holds passwords",
                      self.of(self.findings(server), "doubt"))
        server.config_file.chmod(0o646)
        self.assertIn(f"configuration: everybody may change {server.config_file}",
                      self.of(self.findings(server), "fault"))
        server.config_file.chmod(0o600)
        self.assertIn("can be read by whom", "\n".join(self.of(self.findings(server), "good")))

    def test_files_without_a_folder(self):
        server = self.make_server(BASIC_CONFIGURATION.replace("@FOLDER@/run/", "@FOLDER@/no-run/")
                                  .replace("host = 127.0.0.1", "host = 127.0.0.1\n"
                                           "package_mirror_target = @FOLDER@\n"
                                           "package_mirror_status_file = @FOLDER@/none/status"))
        faults = "\n".join(self.of(self.findings(server), "fault"))
        self.assertIn("[daemon] pidfile = ", faults)
        self.assertIn("no-run/server.pid: its folder is not there", faults)
        self.assertIn("[main] package_mirror_status_file = ", faults)

    def test_a_mirror_that_answers_with_other_files(self):
        class Other(http.server.BaseHTTPRequestHandler):
            """Answers everything with the same bytes, or with 404."""

            def do_GET(self):
                self.send_response(404 if self.path.startswith("/none") else 200)
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"other")

            def log_message(self, *_):
                """Keeps the tests' output clean."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
            thread = threading.Thread(target=other.serve_forever)
            thread.start()
            try:
                url = f"http://127.0.0.1:{other.server_address[1]}"
                server = self.make_server(BASIC_CONFIGURATION.replace(
                    "mount_point = /mirror1", f"mount_point = /mirror1\nmirror = {url}/same/") +
                    f"\n[mirror:02]\nmount_point = /m2\nsrc = @FOLDER@/src\nmirror = {url}/none\n")
                faults = self.of(self.findings(server), "fault")
            finally:
                other.shutdown()
                thread.join()
        self.assertEqual(2, len(faults), faults)
        self.assertRegex(faults[0], f"download: {url}/same/p/.*: other bytes than those of")
        self.assertRegex(faults[1], f"download: {url}/none/p/.*: status 404")

    def test_an_agent_that_refuses_us(self):
        with listener(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n") as port:
            server = self.make_server(BASIC_CONFIGURATION + f"""
[mmc_agent]
port = {port}
enablessl = 0
password = {SECRET}
[imaging_api]
uuid = 2b1c3f2e-6e0e-4f7a-9a54-0c1d2e3f4a5b
pxe_port = {free_port()}
""")
            faults = self.of(self.findings(server), "fault")
        self.assertIn(f"agent: the MMC agent at 127.0.0.1 port {port} refuses our credentials",
                      faults)


def openssl_date(offset):
    """A moment from now in the form that certificates take."""
    done = subprocess.run(["date", "-u", "-d", offset, "+%Y%m%d%H%M%SZ"], capture_output=True,
                          text=True, timeout=PATIENCE, check=True)
    return done.stdout.strip()
