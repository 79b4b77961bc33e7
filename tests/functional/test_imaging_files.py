"""Imaging's files: their modes, what older ones say, and a disk that is full."""
import os
import subprocess

from tests.support.agent import Agent
from tests.support.cases import FolderTest
from tests.support.clock import FakeClock
from tests.support.imaging import (CONFIGURATION, IMAGE, ImagingTest, fill_image, make_folders, menu,
                                   paths_below, waiting_calls, with_ports)
from tests.support.server import Server, wait_until

MAC = "00:11:22:33:44:55"
COMPUTER = "001122334455"


def is_failure(answer):
    return isinstance(answer, dict) and "faultCode" in answer


def litter(base):
    return [path for path in paths_below(base) if path.name.startswith(".pulse2-tmp.")]


class Modes(ImagingTest):
    """TFTP and NFS servers, which run as others, have to read what is made."""

    configuration = CONFIGURATION.replace("[daemon]\n", "[daemon]\numask = 0027\n")

    def test_less_the_umask(self):
        (self.base / "masters" / IMAGE).mkdir()
        script = {"name": 'a "name" $HOME', "value": "true\n"}
        image = {"uuid": IMAGE, "name": "n", "desc": "", "post_install_script": [script, script]}
        target = {**menu()["target"], "exclude_parameters": "0:0"}
        self.assertEqual(["UUID17"], self.api.computersMenuSet(
            {"UUID17": menu(target=target, images={"2": image})}))
        self.assertIs(True, self.api.createBootServiceFromPostInstall(["UUID5.sh", "true\n", {}]))
        made = self.api.computerCreateImageDirectory(MAC)
        for name in ("bootmenus/default", f"bootmenus/{COMPUTER}", "computers/UUID17/hostname",
                     "computers/UUID17/exclude", "postinst/scripts/UUID5.sh", "uuid-cache.txt"):
            wait_until((self.base / name).exists, name)
            self.assertEqual(0o640, (self.base / name).stat().st_mode & 0o777, name)
        for name in ("computers/UUID17", f"masters/{made}", "postinst/scripts",
                     f"masters/{IMAGE}/postinst.d"):
            self.assertEqual(0o750, (self.base / name).stat().st_mode & 0o777, name)
        folder = self.base / "masters" / IMAGE / "postinst.d"
        self.assertEqual(["01_postinst", "02_postinst"], sorted(os.listdir(folder)))
        for path in folder.iterdir():
            self.assertEqual(0o500, path.stat().st_mode & 0o777)
        said = subprocess.run(["sh", "-c", f". {folder}/02_postinst"], capture_output=True, text=True,
                              check=False, env={"HOME": "no"}).stderr
        self.assertIn("libpostinst.sh", said)
        self.assertIn('\necho "==> postinstall script #2 : a \\"name\\" \\$HOME"\nset -v\n\ntrue\n',
                      (folder / "02_postinst").read_text())

    def test_images_are_counted(self):
        names = [f"302c19d2-212b-4b9a-b04e-00000000000{number}" for number in range(3)]
        before = self.api.imagingServerStatus()["stats"]
        for name, log in zip(names, ("revorescue quiet\n", "quiet\n", None)):
            (self.base / "masters" / name).mkdir()
            if log:
                fill_image(self.base / "masters" / name, log)
        (self.base / "masters" / "no image").mkdir()
        after = self.api.imagingServerStatus()["stats"]
        self.assertEqual({"rescue": 1, "master": 1, "total": 3},
                         {name: after[name] - before[name] for name in after})


class Agentless(FolderTest):
    """What the agent said before a restart, and what it says when it comes."""

    def test_parameters_and_default_menu(self):
        (self.folder / "src").mkdir()
        base = make_folders(self.folder / "imaging")
        agent = Agent()
        agent.answers = {"imaging.getPXEParams": {"pxe_password": "da39a3ee5e6b4b0d3255bfef95601890"
                                                  "afd80709", "pxe_keymap": "fr_FR"},
                         "imaging.getDefaultMenuForRegistering": menu(None, images={})}
        self.addCleanup(agent.stop)
        server = Server(self.folder, with_ports(CONFIGURATION + "rpc_loop_timer = 1\n", agent))
        self.addCleanup(server.kill)
        # The agent is away at first: the first values.
        server.start()
        api = server.proxy("/imaging_api")
        self.assertEqual(["UUID17"], api.computersMenuSet({"UUID17": menu()}))
        computers = base / "bootmenus" / COMPUTER
        self.assertNotIn(b"kbdfr", computers.read_bytes())
        self.assertFalse((base / "bootmenus" / "default").exists())
        # It comes: the default menu is asked for again, with the keymap.
        agent.start()
        default = base / "bootmenus" / "default"
        wait_until(lambda: default.exists() and b"\nmenupwd L=fr_FR\n" in default.read_bytes(),
                   "the default menu is written")
        # It goes again, and the server is killed: what it said last still holds.
        agent.stop()
        server.kill()
        server.start()
        self.assertEqual(["UUID17"], api.computersMenuSet({"UUID17": menu()}))
        self.assertIn(b"\nkbdfr\nmenupwd L=fr_FR\n", computers.read_bytes())
        # Parameters that make no sense change nothing.
        agent.answers["imaging.getPXEParams"] = {"pxe_keymap": "x\ny", "pxe_password": 1}
        agent.start()
        wait_until(lambda: "imaging.menu.default_set" in server.log()[server.log_begin:],
                   "the default menu is written again")
        self.assertEqual(["UUID17"], api.computersMenuSet({"UUID17": menu(timeout=77)}))
        agent.wait_for("imaging.getPXEParams", 2)
        self.assertIn(b"\nkbdfr\nmenupwd L=fr_FR\ntimeout 77\n", computers.read_bytes())
        self.assertEqual(0, server.stop())

    def test_a_server_that_is_not_registered(self):
        folder = self.new_folder("server")
        (folder / "src").mkdir()
        base = make_folders(folder / "imaging")
        agent = Agent().start()
        self.addCleanup(agent.stop)
        agent.answers["imaging.getDefaultMenuForRegistering"] = {}
        server = Server(folder, with_ports(CONFIGURATION, agent))
        self.addCleanup(server.kill)
        server.start()
        wait_until(lambda: "INFO imaging.server.not_registered" in server.log(), "it is told")
        self.assertEqual([], os.listdir(base / "bootmenus"))
        self.assertEqual(0, server.stop())


class KnownComputers(FolderTest):
    """The file of known computers: its former form, and how long an entry is believed."""

    FILE = """[UUID17]
mac = 00:11:22:33:44:55
shortname = pc1
fullname = pc1.example.com
entity = Paris
updated = 1700000000

[UUID18]
mac = 00:11:22:33:44:66
shortname = pc2
fqdn = pc2.
entity =
updated = 4000000000
"""

    def test_old_entries(self):
        folder = self.new_folder("server")
        (folder / "src").mkdir()
        base = make_folders(folder / "imaging")
        cache = base / "uuid-cache.txt"
        cache.write_text(self.FILE, encoding="utf-8")
        # What a crash left of a write.
        for name in ("", "bootmenus/", "computers/UUID17/"):
            (base / name).mkdir(exist_ok=True)
            (base / name / ".pulse2-tmp.abcdef").write_text("half")
        agent = Agent().start()
        self.addCleanup(agent.stop)
        clock = FakeClock(folder, "UTC")
        server = Server(folder, with_ports(CONFIGURATION, agent), command_prefix=clock.prefix)
        self.addCleanup(server.kill)
        clock.set("2023-11-14 22:18:00")  # 1700000280: within the 300 seconds
        server.start()
        api = server.proxy("/imaging_api")
        self.assertEqual({"uuid": "UUID17", "mac": MAC, "shortname": "pc1", "entity": "Paris",
                          "fqdn": "pc1.example.com", "updated": 1700000000},
                         api.getComputerByMac("0011.2233.4455"))
        clock.set("2023-11-14 22:20:00")
        agent.take_calls()
        agent.answers["imaging.getComputerByMac"] = [False, "unknown"]
        # By its UUID it is found whatever its age.
        self.assertEqual(["UUID17"], api.computersMenuSet({"UUID17": menu()}))
        self.assertEqual("pc1", (base / "computers" / "UUID17" / "hostname").read_text())
        # By its address the agent is asked, and the entry goes.
        self.assertIs(False, api.getComputerByMac(MAC))
        agent.wait_for("imaging.getComputerByMac")
        self.assertNotIn("UUID17", cache.read_text())
        self.assertIn("fqdn = pc2.\n", cache.read_text())
        # It comes back as the agent knows it, under the name that it has now.
        agent.answers["imaging.getComputerByMac"] = [True, {
            "uuid": "UUID18", "shortname": "pc-été", "fqdn": "pc-été.example.com", "entity": "Lyon"}]
        self.assertEqual("UUID18", api.getComputerByMac(MAC)["uuid"])
        self.assertEqual(
            "[UUID18]\nmac = 00:11:22:33:44:55\nshortname = pc-été\nfqdn = pc-été.example.com\n"
            "entity = Lyon\nupdated = ", cache.read_text().rpartition("= ")[0] + "= ")
        self.assertEqual([], litter(base))
        self.assertEqual(0, server.stop())

    def test_a_name_that_only_the_agent_gives(self):
        folder = self.new_folder("server")
        (folder / "src").mkdir()
        base = make_folders(folder / "imaging")
        agent = Agent().start()
        self.addCleanup(agent.stop)
        server = Server(folder, with_ports(CONFIGURATION, agent))
        self.addCleanup(server.kill)
        server.start()
        api = server.proxy("/imaging_api")
        for name, host in (("le PC d'été", "le PC d'été"), ("pc_.x", "pc_")):
            target = {**menu()["target"], "name": name}
            self.assertEqual(["UUID17"], api.computersMenuSet({"UUID17": menu(target=target)}))
            self.assertEqual(host, (base / "computers" / "UUID17" / "hostname").read_text("utf-8"))
            self.assertIs(True, api.computerUnregister("UUID17", [], False))
            wait_until(lambda: "imaging.unregister.deleted" in server.log(), "it is forgotten")
        for name in ("", "a/b", "../../x", "a\nb"):
            target = {**menu()["target"], "name": name}
            self.assertEqual([], api.computersMenuSet({"UUID17": menu(target=target)}))
            self.assertIs(False, api.computerRegister(name, MAC))
            self.assertIs(False, api.computerRegister(name, MAC, {"uuid": "UUID17", "menu": {}}))
        self.assertEqual([], list((base / "computers").iterdir()))
        self.assertEqual(0, server.stop())


class FullDisk(FolderTest):
    """Nothing half-written when there is no space."""

    def test_menus_and_images(self):
        base = self.folder / "small"
        base.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(base)],
                              capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest("a small file system can't be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(base)], check=False)
        make_folders(base)
        agent = Agent().start()
        self.addCleanup(agent.stop)
        agent.answers = {"imaging.computerRegister": [True, "UUID17"], "imaging.getPXEParams": {}}
        (self.folder / "src").mkdir()
        text = with_ports(CONFIGURATION, agent).replace("@FOLDER@/imaging", "@FOLDER@/small")
        server = Server(self.folder, text)
        self.addCleanup(server.kill)
        server.start()
        api = server.proxy("/imaging_api")
        self.assertIs(True, api.computerRegister("pc1", MAC))
        self.assertEqual(["UUID17"], api.computersMenuSet({"UUID17": menu()}))
        good = (base / "bootmenus" / COMPUTER).read_bytes()
        with open(base / "ballast", "wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 4096)
            except OSError:
                pass
        big = menu(bootservices={"0": {"name": "n", "desc": "", "value": "x" * 20000}})
        self.assertEqual([], api.computersMenuSet({"UUID17": big}))
        self.assertIs(False, api.createBootServiceFromPostInstall(["a.sh", "x" * 20000, {}]))
        self.assertEqual(good, (base / "bootmenus" / COMPUTER).read_bytes())
        self.assertEqual([COMPUTER], os.listdir(base / "bootmenus"))
        self.assertFalse((base / "postinst" / "scripts" / "a.sh").exists())
        cache = (base / "uuid-cache.txt").read_bytes()
        name = "x" * 60 + "." + ".".join(["y" * 60] * 14)
        agent.answers["imaging.computerRegister"] = [True, "UUID18"]
        for number in range(20):
            api.computerRegister(name, f"00:11:22:33:55:{number:02x}",
                                 {"uuid": f"UUID{number + 100}", "menu": {}})
        self.assertTrue((base / "uuid-cache.txt").read_bytes().startswith(cache[:50]))
        self.assertIs(False, api.computerRegister(name, "00:11:22:33:55:FF"))
        self.check_calls_without_an_agent(api, agent, base)
        self.assertEqual([], litter(base))
        self.assertIn("No space left", server.log())
        (base / "ballast").unlink()
        self.assertEqual(["UUID17"], api.computersMenuSet({"UUID17": big}))
        self.assertEqual(0, server.stop())

    def check_calls_without_an_agent(self, api, agent, base):
        """What is acknowledged is on disk; what is not is told, and leaves nothing."""
        agent.stop()
        for number in range(100):
            answer = api.logClientAction(MAC, 6, "boot", f"{number} " + "x" * 3000)
            kept = [params[4].split()[0] for _, params in waiting_calls(base / "rpc-replay.pck")]
            if is_failure(answer):
                break
            self.assertEqual((0, str(number)), (answer, kept[-1]))
        self.assertIn("no_space", answer["faultCode"])
        answer = api.computerCreateImageDirectory(MAC)
        self.assertTrue(is_failure(answer), answer)
        self.assertEqual([], os.listdir(base / "masters"))
        agent.start()
