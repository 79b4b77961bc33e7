"""The whole story of imaging, with the MMC agent played: present, away, slow, wrong; and refusals."""
import re
import shutil
import socket
import subprocess
import threading
import time
import xmlrpc.client

from tests.support.agent import SERVER_UUID
from tests.support.imaging import (CONFIGURATION, IMAGE, ImagingTest, fill_image, menu, paths_below,
                                   run_tool)
from tests.support.server import wait_until

MAC = "00:11:22:33:44:55"
COMPUTER = "001122334455"


def is_failure(answer):
    return isinstance(answer, dict) and "faultCode" in answer


class Story(ImagingTest):
    """From the registration of the server to the archive of a computer."""

    def test_the_whole_story(self):
        self.register_the_server()
        self.register_a_computer()
        self.set_its_menu()
        self.follow_it()
        image = self.back_it_up()
        self.unregister_it(image)

    def register_the_server(self):
        self.agent.answers["imaging.isImagingServerRegistered"] = False
        file = self.server.config_file
        self.assertEqual(0, run_tool("-C", "-i", file).returncode)
        done = run_tool("-n", "site one", "-i", file, "-m",
                        f"http://mmc:s3cr3t@127.0.0.1:{self.agent.port}")
        self.assertEqual(0, done.returncode, done.stderr)
        call = self.agent.wait_for("imaging.imagingServerRegister")[0]
        self.assertEqual(["site one", f"http://127.0.0.1:{self.server.port}/imaging_api",
                          SERVER_UUID], call.params)
        self.agent.answers["imaging.isImagingServerRegistered"] = [True, True]
        self.assertEqual(6, run_tool("-C", "-i", file).returncode)

    def register_a_computer(self):
        # The agent sets the computer's menu before it answers its registration.
        def register(*_):
            return [True, self.server.proxy("/imaging_api").computersMenuSet(
                {"UUID17": menu()})[0]]
        self.agent.answers["imaging.computerRegister"] = register
        self.assertIs(True, self.api.computerRegister("/Root/Paris/pc1.example.com", MAC))
        call = self.agent.wait_for("imaging.computerRegister")[-1]
        self.assertEqual([SERVER_UUID, "pc1", "example.com", MAC, "", "Paris", False], call.params)
        self.assertIn("[UUID17]\nmac = 00:11:22:33:44:55\nshortname = pc1\nfqdn = pc1.example.com\n"
                      "entity = Paris\n", (self.base / "uuid-cache.txt").read_text())
        self.assertTrue((self.base / "bootmenus" / COMPUTER).exists())
        record = self.api.getComputerByMac(MAC)
        self.assertEqual(("UUID17", "pc1.example.com"), (record["uuid"], record["fqdn"]))

    def set_its_menu(self):
        self.agent.answers["imaging.getPXEParams"] = {"pxe_password": "", "pxe_keymap": "fr_FR"}
        target = {**menu()["target"], "exclude_parameters": "0:0"}
        self.assertEqual(["UUID17"], self.api.computersMenuSet({"UUID17": menu(target=target)}))
        file = self.base / "bootmenus" / COMPUTER
        wait_until(lambda: b"\nkbdfr\n" in file.read_bytes(), "the agent's keymap is in the menu")
        self.assertIn("title Image pc1 été\n".encode("cp437"), file.read_bytes())
        folder = self.base / "computers" / "UUID17"
        self.assertEqual(["0:0", "pc1"], [(folder / name).read_text()
                                          for name in ("exclude", "hostname")])

    def follow_it(self):
        for message, line in (("booted", "pc1 (00:11:22:33:44:55): booted"),
                              (f"'restoration started: {IMAGE}'", f": restoration started: {IMAGE}"),
                              ('"restoration finished"', ": restoration finished")):
            self.assertIs(True, self.api.logClientAction(MAC, 3, "restoration", message))
            self.assertRegex(self.server.log(), r"INFO imaging\.client: .*" + re.escape(line) + "\n")
            self.assertEqual(message, self.agent.calls[-1].params[4])
        self.assertIs(True, self.api.logClientAction(MAC, 2, "menu", "'choosen menu entry: 1'"))
        self.assertNotIn("choosen", self.server.log())

    def back_it_up(self):
        image = self.api.computerCreateImageDirectory(MAC)
        folder = self.base / "masters" / image
        self.assertTrue(folder.is_dir())
        call = self.agent.wait_for("imaging.imageRegister")[0]
        self.assertEqual(["UUID17", image, False, "Backup of pc1", "In Progress", str(folder), 0],
                         call.params[1:8])
        fill_image(folder)
        self.assertIs(True, self.api.imageDone(MAC, image))
        call = self.agent.wait_for("imaging.imageUpdate")[0]
        self.assertEqual(["UUID17", image, "Backup of pc1"], call.params[1:4])
        self.assertRegex(call.params[4], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, 1000\.0 KiB$")
        self.assertEqual((1024000.0, "DONE"), (call.params[5], call.params[7]))
        self.assertEqual(["all is well\n"], self.api.imageGetLogs(image))
        return image

    def unregister_it(self, image):
        self.assertIs(True, self.api.computerUnregister("UUID17", [image, IMAGE], True))
        archive = self.base / "archives" / "UUID17-1"
        wait_until(lambda: "imaging.unregister.archived" in self.server.log(), "all is archived")
        self.assertEqual({COMPUTER, "UUID17", image}, {path.name for path in archive.iterdir()})
        self.assertEqual("1000\t/revosave\n", (archive / image / "size.txt").read_text())
        self.assertEqual([], list((self.base / "computers").iterdir()))
        self.assertEqual([], list(self.base.glob("*/*.archiving")))
        self.assertIs(False, self.api.computerUnregister("UUID17", [], False))
        self.agent.answers["imaging.getComputerByMac"] = [False, "unknown"]
        self.assertIs(False, self.api.getComputerByMac(MAC))


class Refusals(ImagingTest):
    """What makes no sense is refused clearly, and nothing is written."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.proxy("/imaging_api").computerRegister("pc1", MAC)

    def setUp(self):
        self.before = self.files()

    def files(self):
        return {str(path): path.read_bytes() if path.is_file() else None
                for path in paths_below(self.base) if not path.name.startswith("rpc-replay")}

    def assert_nothing_was_written(self):
        self.assertEqual(self.before, self.files())

    def test_malformed_addresses(self):
        for mac in ("", "BAD", "00:11:22:33:44", "../../../../../etc", "00:11:22:33:44:5g", "é"):
            for method, arguments in (("logClientAction", (6, "boot", "booted")),
                                      ("computerCreateImageDirectory", ()), ("getComputerByMac", ()),
                                      ("computerChangeDefaultMenuItem", (1,)),
                                      ("injectInventory", ({},)), ("getDefaultMenuItem", ())):
                answer = getattr(self.api, method)(mac, *arguments)
                self.assertTrue(is_failure(answer), (method, mac, answer))
                self.assertIn("invalid_argument", answer["faultCode"])
            self.assertIs(False, self.api.computerRegister("pc9", mac))
            self.assertIs(False, self.api.imageDone(mac, IMAGE))
        self.assert_nothing_was_written()

    def test_uuids_with_slashes(self):
        for uuid in ("../x", "UUID1/../../x", "/etc", "", ".", "UUID0", "uuid1", "UUID1\0"):
            sent = uuid.replace("\0", "\n")
            self.assertIs(False, self.api.computerPrepareImagingDirectory(sent))
            self.assertIs(False, self.api.computerUnregister(sent, [], False))
            self.assertIs(False, self.api.imagingServerImageDelete(sent))
            self.assertIs(False, self.api.imageDone(MAC, sent))
            self.assertEqual([], self.api.imageGetLogs(sent))
            self.assertEqual([], self.api.computersMenuSet({sent: menu(sent)}))
            self.assertEqual([], self.api.computersRegister([["pc9", MAC, {"uuid": sent, "menu": {}}]]))
            self.assertTrue(is_failure(self.api.imagingServerISOCreate(sent, 1000000, "x")))
        for name in ("../evil.sh", "a/b.sh", "x.txt", ".sh", "", "..", ".hidden.sh"):
            self.assertIs(False, self.api.createBootServiceFromPostInstall([name, "true", {}]))
        self.assertIs(False, self.api.bsUnlinkShFile(["../../uuid-cache", {}]))
        self.assert_nothing_was_written()

    def test_menus_that_are_not_whole(self):
        for member in ("message", "protocol", "timeout", "images", "bootservices", "target",
                       "ethercard", "mtftp_restore_timeout"):
            broken = menu()
            del broken[member]
            self.assertEqual([], self.api.computersMenuSet({"UUID17": broken}))
            wait_until(lambda: f"{member} is missing" in self.server.log(), "the reason is logged")
        same = menu(images={"0": {"uuid": IMAGE, "name": "a", "desc": ""}})
        self.assertEqual([], self.api.computersMenuSet({"UUID17": same}))
        self.assertIn("two items stand at position 0", self.server.log())
        self.assertEqual([], self.api.computersMenuSet({"UUID18": menu("UUID17")}))
        self.assertIs(False, self.api.imagingServerDefaultMenuSet({"a": 1}))
        self.assertTrue(is_failure(self.api.computersMenuSet("x")))
        self.assertTrue(is_failure(self.api.computerUnregister("UUID17", "x", False)))
        self.assert_nothing_was_written()

    def test_titles_that_are_no_file_names(self):
        image = self.base / "masters" / IMAGE
        image.mkdir(exist_ok=True)
        fill_image(image)
        self.before = self.files()
        for title in ("", "a/b", "../x", "..", ".pulse2-tmp.x", "a\nb", "x" * 300):
            answer = self.api.imagingServerISOCreate(IMAGE, 1000000, title)
            self.assertTrue(is_failure(answer), (title, answer))
        for size in (0, -1, "abc", "", 1.5, []):
            answer = self.api.imagingServerISOCreate(IMAGE, size, "title")
            self.assertTrue(is_failure(answer), (size, answer))
        self.assert_nothing_was_written()

    def test_links_in_an_image_are_not_followed(self):
        image = "302c19d2-212b-4b9a-b04e-4fced0b83467"
        folder = self.base / "masters" / image
        folder.mkdir()
        fill_image(folder)
        (folder / "log.txt").unlink()
        (folder / "log.txt").symlink_to("/etc/passwd")
        self.assertEqual([], self.api.imageGetLogs(image))
        self.agent.take_calls()
        self.assertIs(True, self.api.imageDone(MAC, image))
        self.assertEqual("INVALID", self.agent.wait_for("imaging.imageUpdate")[0].params[7])
        shutil.rmtree(folder)

    def test_status_is_always_a_struct(self):
        status = self.api.imagingServerStatus()
        self.assertEqual({"space_available", "mem_info", "disk_info", "uptime", "stats"}, set(status))
        self.assertEqual({"rescue", "master", "total"}, set(status["stats"]))
        free = subprocess.run(["free"], capture_output=True, text=True, check=True).stdout
        self.assertEqual([line.split()[0] for line in free.splitlines()],
                         [line.split()[0] for line in status["mem_info"][:-1]])
        self.assertEqual(free.splitlines()[0], status["mem_info"][0])
        self.assertTrue(status["disk_info"][0].startswith("Filesystem"))
        self.assertEqual(["", ""], [status["mem_info"][-1], status["disk_info"][-1]])
        used, megabytes = status["space_available"]
        disk = shutil.disk_usage(self.base)
        self.assertAlmostEqual(disk.free / 2**20, megabytes, delta=2000)
        self.assertTrue(0 <= used <= 100)


class SlowAgent(ImagingTest):
    """An agent that takes its time holds nothing else up."""

    configuration = CONFIGURATION.replace("enablessl = 0\n\n[imaging", "enablessl = 0\n"
                                          "max_connections = 4\nanswer_timeout = 30\n\n[imaging")

    def test_others_are_served_and_calls_are_under_way_together(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.agent.spoil = lambda call: release.wait(60) and None
        answers = []
        threads = [threading.Thread(target=lambda i=i: answers.append(
            self.server.proxy("/imaging_api").getComputerByMac(f"00:11:22:33:55:{i:02x}")))
            for i in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: self.agent.under_way == 4, "four calls are under way")
        begin = time.monotonic()
        for _ in range(20):
            self.server.proxy("/mirror1").getServerDetails()
            self.assertEqual([], self.api.imageGetLogs(IMAGE))
            self.assertTrue(self.server.is_healthy())
        self.assertLess(time.monotonic() - begin, 20)
        self.assertEqual([], answers)
        release.set()
        for thread in threads:
            thread.join(60)
        self.assertEqual([False] * 8, answers)
        self.assertEqual(4, self.agent.most_under_way)
        connections = {call.connection for call in self.agent.calls}
        self.assertLessEqual(len(connections), 5)

    def test_a_registration_is_newer_than_a_look_up(self):
        mac = "00:11:22:33:77:01"
        release = threading.Event()
        before = dict(self.agent.answers)
        self.addCleanup(release.set)
        self.addCleanup(self.agent.answers.update, before)
        self.addCleanup(self.agent.take_calls)
        self.agent.answers["imaging.computerRegister"] = [True, "UUID77"]
        self.agent.answers["imaging.getComputerByMac"] = [True, {
            "uuid": "UUID77", "shortname": "old", "fqdn": "old", "entity": "", "mac": mac}]
        self.agent.spoil = lambda call: (release.wait(60) and None
                                         if call.method == "imaging.getComputerByMac" else None)
        look_up = threading.Thread(
            target=lambda: self.server.proxy("/imaging_api").getComputerByMac(mac))
        look_up.start()
        self.agent.wait_for("imaging.getComputerByMac")
        self.assertIs(True, self.api.computerRegister("new", mac))
        release.set()
        look_up.join(60)
        self.assertEqual("new", self.api.getComputerByMac(mac)["shortname"])

    def test_stopping_does_not_wait_for_it(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.agent.spoil = lambda call: release.wait(60) and None
        with socket.create_connection((self.server.host, self.server.port)) as client:
            body = xmlrpc.client.dumps(("00:11:22:33:66:01",), "getComputerByMac").encode()
            client.sendall(b"POST /imaging_api HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
                           % len(body) + body)
            self.agent.wait_for("imaging.getComputerByMac")
            wait_until(lambda: self.agent.under_way >= 1, "the call is under way")
            self.server.process.terminate()
            self.server.process.terminate()
            self.assertEqual(0, self.server.process.wait(25))
        self.server.start()
