"""Setting imaging up: missing folders, `setup --create-folders`, and registering at the MMC agent."""
import os
import shutil
import ssl
import subprocess
import uuid
import xmlrpc.client

from tests.support.agent import SERVER_UUID, Agent
from tests.support.cases import FolderTest
from tests.support.certificates import Authority
from tests.support.daemon import OTHER_GROUP, OTHER_USER
from tests.support.imaging import CONFIGURATION, make_folders, run_tool, with_ports
from tests.support.server import Server, program

PARTS = {"base_folder": "", "bootloader_folder": "bootloader", "bootmenus_folder": "bootmenus",
         "diskless_folder": "diskless", "computers_folder": "computers",
         "inventories_folder": "inventories", "masters_folder": "masters",
         "postinst_folder": "postinst", "diskless_kernel": "diskless/kernel",
         "diskless_initrd": "diskless/initrd", "diskless_memtest": "diskless/memtest",
         "diskless_dban": "diskless/dban"}


def setup(file):
    return subprocess.run([program(), "setup", "--create-folders", "-f", file],
                          capture_output=True, text=True, check=False, timeout=60)


class MissingFolders(FolderTest):
    """Without its folders the server runs without imaging; setup makes them."""

    def server(self, configuration=CONFIGURATION):
        folder = self.new_folder("server")
        (folder / "src").mkdir()
        server = Server(folder, with_ports(configuration, Agent()))
        self.addCleanup(server.kill)
        return server

    def assert_off(self, server):
        """It serves, and the API is not there."""
        self.assertIn("imaging.off", server.log())
        self.assertTrue(server.is_healthy())
        with self.assertRaises(xmlrpc.client.ProtocolError) as raised:
            server.proxy("/imaging_api").imagingServerStatus()
        self.assertEqual(404, raised.exception.errcode)

    def test_setup_makes_them(self):
        server = self.server()
        server.start()
        for option in PARTS:
            self.assertIn(f"imaging.missing: [imaging_api] {option}: ", server.log())
        self.assertIn("setup --create-folders", server.log())
        self.assert_off(server)
        self.assertEqual(0, server.stop())
        done = setup(server.config_file)
        self.assertEqual(0, done.returncode, done.stderr)
        base = server.folder / "imaging"
        for name in ("masters", "isos", "archives", "bootmenus"):
            self.assertIn(f"made {base}/{name}\n", done.stdout)
            self.assertEqual(0o755, (base / name).stat().st_mode & 0o777)
        for option in ("diskless_kernel", "diskless_initrd", "diskless_memtest", "diskless_dban"):
            self.assertIn(f"still missing: [imaging_api] {option}", done.stdout)
        for name in ("kernel", "initrd", "memtest", "dban"):
            (base / "diskless" / name).write_text("x")
        self.assertEqual("imaging has all that it needs\n", setup(server.config_file).stdout)
        server.start()
        self.assertIsInstance(server.proxy("/imaging_api").imagingServerStatus(), dict)
        self.assertEqual(0, server.stop())

    def test_setup_gives_them_to_the_user(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give folders away")
        server = self.server(CONFIGURATION.replace(
            "[daemon]\n", f"[daemon]\nuser = {OTHER_USER}\ngroup = {OTHER_GROUP}\n"))
        self.assertEqual(0, setup(server.config_file).returncode)
        for name in ("", "masters", "isos", "bootmenus"):
            path = server.folder / "imaging" / name
            self.assertEqual((OTHER_USER, OTHER_GROUP), (path.owner(), path.group()), name)

    def test_each_part_is_needed(self):
        server = self.server()
        for option, name in PARTS.items():
            with self.subTest(option):
                base = server.folder / "imaging"
                make_folders(base)
                path = base / name
                if path.is_dir():
                    shutil.rmtree(path)
                    path.write_text("no folder")
                else:
                    path.unlink()
                    path.mkdir()
                server.start()
                begin = server.log()[server.log_begin:]
                self.assertIn(f"imaging.missing: [imaging_api] {option}: ", begin)
                self.assert_off(server)
                self.assertEqual(0, server.stop())
                if base.is_dir():
                    shutil.rmtree(base)
                else:
                    base.unlink()

    def test_setup_names_what_is_wrong(self):
        server = self.server(CONFIGURATION.replace(f"uuid = {SERVER_UUID}\n", ""))
        done = setup(server.config_file)
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn("uuid", done.stderr)
        server.write_configuration(with_ports(CONFIGURATION, Agent()) + "rpc_count = none\n")
        done = setup(server.config_file)
        self.assertEqual(1, done.returncode)
        self.assertIn("rpc_count", done.stderr)
        self.assertFalse((server.folder / "imaging").exists())
        self.assertEqual(3, setup(server.folder / "none.ini").returncode)
        # A file where a folder should be.
        server.write_configuration(with_ports(CONFIGURATION, Agent()))
        (server.folder / "imaging").write_text("")
        done = setup(server.config_file)
        self.assertEqual(1, done.returncode)
        self.assertIn(str(server.folder / "imaging"), done.stderr)

    def test_a_malformed_uuid_is_an_error(self):
        server = self.server()
        server.write_configuration(CONFIGURATION.replace(SERVER_UUID, "../../etc"))
        done = subprocess.run([program(), "-d", "-f", server.config_file], capture_output=True,
                              text=True, check=False, timeout=60)
        self.assertEqual(1, done.returncode)
        self.assertIn("uuid", done.stderr)


class RegistrationTool(FolderTest):
    """Options and exit statuses of pulse2-package-server-register-imaging."""

    def write(self, text):
        path = self.folder / "file.ini"
        path.write_text(text, encoding="utf-8")
        return path

    def configuration(self, agent, ssl_section=""):
        return self.write(f"[main]\nhost = 10.0.0.1\npublic_ip = imaging.example.com\nport = 9990\n"
                          f"[ssl]\n{ssl_section}[mmc_agent]\nenablessl = 0\nport = {agent.port}\n"
                          f"[imaging_api]\nuuid = {SERVER_UUID}\nmount_point = /imaging/api\n")

    def agent(self, **keywords):
        agent = Agent(**keywords).start()
        self.addCleanup(agent.stop)
        return agent

    def test_without_an_agent(self):
        first, second = run_tool("-u"), run_tool("--uuid")
        self.assertEqual((0, 0), (first.returncode, second.returncode))
        self.assertNotEqual(first.stdout, second.stdout)
        self.assertEqual(first.stdout, f"{uuid.UUID(first.stdout.strip())}\n")
        self.assertEqual(0, run_tool().returncode)
        for option in ("-m", "-n", "-i", "-c", "-u", "-C", "-q", "-V"):
            self.assertIn(f"{option},--", run_tool().stdout)
        self.assertEqual(0, run_tool("--help").returncode)
        self.assertRegex(run_tool("-V").stdout, r"\d+\.\d+")
        self.assertEqual(0, run_tool("--version").returncode)

    def test_what_is_wrong_before_a_call(self):
        agent = self.agent()
        file = self.configuration(agent)
        for arguments in (("--nonsense",), ("-n",), ("-i", file), ("-q", "-i", file),
                          ("-n", "x", "-i", file, "-m", "ftp://h"),
                          ("-n", "x", "-i", file, "-m", "http://h:99999"),
                          ("-n", "x", "-i", file, "-c", "no-colon"),
                          ("-n", "x", "-i", file, "-m", f"https://127.0.0.1:{agent.port}", "-c",
                           "/none.pem:/none.pem"), ("-n", "x", "surplus")):
            done = run_tool(*arguments)
            self.assertIn(done.returncode, (2, 5) if "/none.pem:/none.pem" in arguments else (2,),
                          arguments)
            self.assertNotEqual("", done.stderr, arguments)
        self.assertEqual(3, run_tool("-C", "-i", self.folder / "none.ini").returncode)
        self.assertEqual(1, run_tool("-C", "-i", self.write("[main]\n")).returncode)
        self.assertEqual(1, run_tool("-n", "x", "-i", self.write("[main]\n")).returncode)
        self.assertEqual(4, run_tool("-C", "-i", self.write("[main]\nport = x\n")).returncode)
        self.assertEqual(4, run_tool("-C", "-i", self.write("no section\n")).returncode)
        self.assertEqual([], agent.calls)

    def test_checking(self):
        agent = self.agent()
        file = self.configuration(agent)
        for answer, status in ((False, 0), ([True, False], 0), (True, 6), ([True, True], 6), (1, 6),
                               (0, 0)):
            agent.answers["imaging.isImagingServerRegistered"] = answer
            done = run_tool("-C", "-i", file)
            self.assertEqual(status, done.returncode, answer)
            self.assertIn("is registered already" if status else "is not registered yet", done.stdout)
            self.assertEqual("", run_tool("-q", "-C", "-i", file).stdout)
        self.assertEqual([SERVER_UUID], agent.calls[-1].params)
        agent.answers["imaging.isImagingServerRegistered"] = RuntimeError("broken")
        self.assertEqual(5, run_tool("-C", "-i", file).returncode)
        agent.stop()
        away = run_tool("-C", "-i", file)
        self.assertEqual(5, away.returncode)
        self.assertIn("can't be reached", away.stderr)

    def test_registering(self):
        agent = self.agent()
        file = self.configuration(agent)
        agent.answers["imaging.imagingServerRegister"] = [True, "welcome"]
        done = run_tool("-n", "site é", "-i", file)
        self.assertEqual((0, "registered as site é\n"), (done.returncode, done.stdout))
        # Without any slash, as the agent puts the mount point behind one.
        self.assertEqual(("imaging.imagingServerRegister",
                          ["site é", "https://imaging.example.com:9990/imagingapi", SERVER_UUID]),
                         (agent.calls[-1].method, agent.calls[-1].params))
        self.assertEqual("", run_tool("-q", "-n", "x", "-i", file).stdout)
        for refusal in ([False, "name taken"], RuntimeError("name taken")):
            agent.answers["imaging.imagingServerRegister"] = refusal
            done = run_tool("-n", "x", "-i", file)
            self.assertEqual((5, True), (done.returncode, "name taken" in done.stderr))
        self.assertEqual(5, run_tool("-n", "x", "-i", file, "-m", "http://127.0.0.1:1").returncode)

    def test_credentials(self):
        agent = self.agent(password="p@ss/word")
        file = self.configuration(agent, "username = u\npassword = p/@\n")
        refused = run_tool("-n", "x", "-i", file)
        self.assertEqual((5, True), (refused.returncode,
                                     "refuses the user name and password" in refused.stderr))
        url = f"http://mmc:p%40ss%2Fword@127.0.0.1:{agent.port}/"
        self.assertEqual(0, run_tool("-q", "-n", "x", "-i", file, "-m", url).returncode)
        # Ours, by which the agent will call us, are in the URL.
        self.assertEqual("https://u:p%2F%40@imaging.example.com:9990/imagingapi",
                         agent.calls[-1].params[1])

    def test_certificates(self):
        authority = Authority(self.folder)
        agents, other = authority.issue("agent"), Authority(self.folder, "other")
        ours = self.folder / "ours.pem"
        ours.write_bytes(authority.issue("ours", "client").pem())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(agents.certificate), str(agents.key))
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(str(authority.certificate))
        agent = self.agent(context=context)
        file = self.configuration(agent)
        url = f"https://mmc:s3cr3t@127.0.0.1:{agent.port}"
        call = ("-n", "x", "-i", file, "-m", url)
        self.assertEqual(0, run_tool(*call, "-c", f"{authority.certificate}:{ours}").returncode)
        self.assertEqual(5, run_tool(*call, "-c", f"{other.certificate}:{ours}").returncode)
        self.assertEqual(5, run_tool(*call).returncode)
        self.assertEqual(1, len(agent.calls))
