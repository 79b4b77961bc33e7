"""The whole story of imaging while the server is killed and the agent is away: nothing is lost or half done."""
import http.client
import itertools
import os
import subprocess
import threading
import unittest
import xmlrpc.client

from tests.support.imaging import (CONFIGURATION, IMAGE, ImagingTest, fill_image, menu,
                                   paths_below, waiting_calls)
from tests.support.server import wait_until

MAC = "00:11:22:33:44:55"
COMPUTER = "001122334455"
FAST = CONFIGURATION + "rpc_loop_timer = 1\nrpc_interval = 0\nrpc_count = 100\n"
GONE = (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError)
ROUNDS = 4


class CrashTest(ImagingTest):
    """A server that is killed and started again."""

    configuration = FAST

    def restart(self):
        self.server.kill()
        self.server.start()

    def queue(self):
        return waiting_calls(self.base / "rpc-replay.pck")

    def litter(self):
        """What no finished work leaves."""
        return [path for path in paths_below(self.base)
                if path.name.startswith(".pulse2-tmp.") or path.name.endswith(".archiving")]

    def files_below(self, folder):
        return {path.relative_to(folder).as_posix(): path.read_bytes()
                for path in paths_below(folder) if path.is_file()}


class Story(CrashTest):
    """Killed after each step, the agent away from the backup to the end."""

    def test_the_whole_story(self):
        self.agent.answers["imaging.computerRegister"] = lambda *_: [
            True, self.server.proxy("/imaging_api").computersMenuSet({"UUID17": menu()})[0]]
        self.assertIs(True, self.api.computerRegister("/Root/Paris/pc1.example.com", MAC))
        self.restart()
        self.assertEqual("pc1.example.com", self.api.getComputerByMac(MAC)["fqdn"])
        self.assertTrue((self.base / "bootmenus" / COMPUTER).is_file())

        target = {**menu()["target"], "exclude_parameters": "0:0"}
        self.assertEqual(["UUID17"], self.api.computersMenuSet({"UUID17": menu(target=target)}))
        self.restart()
        self.assertEqual("0:0", (self.base / "computers/UUID17/exclude").read_text())

        self.agent.stop()
        image = self.api.computerCreateImageDirectory(MAC)
        self.restart()
        fill_image(self.base / "masters" / image, P1000=b"data")
        self.assertIs(True, self.api.imageDone(MAC, image))
        self.assertIs(True, self.api.computerChangeDefaultMenuItem(MAC, 1))
        self.restart()
        names = ["imaging.imageRegister", "imaging.imageUpdate",
                 "imaging.computerChangeDefaultMenuItem"]
        kept = self.queue()
        self.assertEqual(names, [method for method, _ in kept])
        self.assertIn(b"\ndefault 0\n", (self.base / "bootmenus" / COMPUTER).read_bytes())

        before = {f"UUID17/{name}": content for name, content
                  in self.files_below(self.base / "computers" / "UUID17").items()}
        before |= {f"{image}/{name}": content for name, content
                   in self.files_below(self.base / "masters" / image).items()}
        before[COMPUTER] = (self.base / "bootmenus" / COMPUTER).read_bytes()
        self.assertIs(True, self.api.computerUnregister("UUID17", [image], True))
        self.restart()
        archive = self.base / "archives" / "UUID17-1"
        wait_until(lambda: not self.litter(), "the unregistration is finished")
        self.assertEqual(before, self.files_below(archive))
        self.assertEqual([], list((self.base / "masters").iterdir()))
        self.assertNotIn("[UUID17]", (self.base / "uuid-cache.txt").read_text())

        # What had happened while the agent was away is told, in its order.
        self.agent.start()
        wait_until(lambda: not self.queue(), "the agent was told")
        self.assertEqual(kept, [(call.method, call.params) for call in self.agent.calls
                                if call.method in names])


class Unregistering(CrashTest):
    """Killed while a computer is unregistered."""

    def register(self, uuid, number):
        mac = f"00:11:22:33:45:{number:02X}"
        folder = self.base / "masters" / f"302c19d2-212b-4b9a-b04e-{number:012d}"
        folder.mkdir()
        fill_image(folder, **{f"P1{part:03}": b"x" * 100 for part in range(200)})
        self.assertIs(True, self.api.computerRegister(
            f"pc{number}", mac, {"uuid": uuid, "menu": {uuid: menu(uuid, mac)}}))
        return mac.replace(":", ""), folder.name

    def test_all_or_nothing(self):
        for number in range(ROUNDS):
            with self.subTest(number):
                self.unregister_and_kill(f"UUID{number + 1}", number, archive=number % 2 == 0)

    def unregister_and_kill(self, uuid, number, archive):
        reduced, image = self.register(uuid, number)
        acknowledged = []

        def unregister():
            try:
                acknowledged.append(self.server.proxy("/imaging_api").computerUnregister(
                    uuid, [image], archive))
            except GONE:
                pass
        thread = threading.Thread(target=unregister)
        thread.start()
        # From the first change on disk, at another moment each time.
        folder = self.base / "computers" / uuid
        wait_until(lambda: not folder.exists(), "it has begun")
        if number >= 2:
            thread.join()
        self.server.kill()
        thread.join()
        self.server.start()
        wait_until(lambda: not self.litter(), "it is finished")
        # The renaming had begun, so all of it happened, acknowledged or not.
        gone = (folder, self.base / "bootmenus" / reduced, self.base / "masters" / image)
        self.assertEqual([False] * 3, [path.exists() for path in gone])
        self.assertNotIn(f"[{uuid}]", (self.base / "uuid-cache.txt").read_text())
        archives = [path for path in (self.base / "archives").iterdir()
                    if path.name.startswith(f"{uuid}-")]
        if archive:
            self.assertEqual([f"{uuid}-1"], [path.name for path in archives])
            self.assertEqual({reduced, uuid, image}, set(os.listdir(archives[0])))
            self.assertEqual(205, len(os.listdir(archives[0] / image)))
        else:
            self.assertEqual([], archives)


class Deleting(CrashTest):
    """Killed while an image is deleted."""

    def test_it_is_out_of_sight_at_once_and_gone_in_the_end(self):
        image = self.base / "masters" / IMAGE
        image.mkdir()
        fill_image(image, **{f"P1{part:03}": b"x" for part in range(500)})
        self.assertIs(True, self.api.imagingServerImageDelete(IMAGE))
        self.assertFalse(image.exists())
        self.restart()
        self.assertIs(False, self.api.imagingServerImageDelete(IMAGE))
        wait_until(lambda: not list((self.base / "masters").iterdir()), "its files are gone")


class OtherFileSystem(CrashTest):
    """Archives on another file system: data is copied, and a copy is whole or not there."""

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        other = cls.base / "archives"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(other)],
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest("a file system can't be mounted here")
        cls.addClassCleanup(subprocess.run, ["umount", "-l", str(other)], check=False)

    def register(self, uuid, mac, size):
        image = self.base / "masters" / f"302c19d2-212b-4b9a-b04e-00000000{uuid[-4:]}"
        image.mkdir()
        fill_image(image, P1000=b"x" * size)
        self.assertIs(True, self.api.computerRegister(
            "pc1", mac, {"uuid": uuid, "menu": {uuid: menu(uuid, mac)}}))
        return image

    def test_a_copy(self):
        image = self.register("UUID1111", "00:11:22:33:46:01", 100_000)
        content = self.files_below(image)
        self.assertIs(True, self.api.computerUnregister("UUID1111", [image.name], True))
        archive = self.base / "archives" / "UUID1111-1"
        wait_until(lambda: not self.litter(), "it is archived")
        self.assertEqual(content, self.files_below(archive / image.name))

    def test_a_full_disk(self):
        image = self.register("UUID2222", "00:11:22:33:46:02", 3_000_000)
        content = self.files_below(image)
        self.assertIs(True, self.api.computerUnregister("UUID2222", [image.name], True))
        wait_until(lambda: "imaging.unregister.failed" in self.server.log(), "it is logged")
        # All is still there, under the other name, and nothing is half there.
        aside = image.with_name(image.name + ".archiving")
        self.assertEqual(content, self.files_below(aside))
        self.assertEqual([], [path for path in paths_below(self.base / "archives")
                              if path.name.startswith(".pulse2-tmp.")])
        subprocess.run(["mount", "-o", "remount,size=16m", str(self.base / "archives")], check=True)
        self.restart()
        archive = self.base / "archives" / "UUID2222-1"
        wait_until(lambda: not self.litter(), "the next start has finished it")
        self.assertEqual(content, self.files_below(archive / image.name))


class Menus(CrashTest):
    """Killed while menus are written: each file is an old one or a new one."""

    def test_menus_are_whole(self):
        self.assertIs(True, self.api.computerRegister(
            "pc1", MAC, {"uuid": "UUID17", "menu": {"UUID17": menu()}}))
        (self.base / "masters" / IMAGE).mkdir()
        for _ in range(ROUNDS):
            acknowledged = []
            thread = threading.Thread(target=self.set_menus, args=(acknowledged,))
            thread.start()
            wait_until(lambda: len(acknowledged) >= 20, "menus are being written")
            self.server.kill()
            thread.join()
            self.check_menu(acknowledged[-1])
            self.server.start()
            self.assertEqual(["UUID17"], self.api.computersMenuSet({"UUID17": self.menu_of(0)}))
            self.check_menu(0)
            # A file that was being written is no longer used, and the next one replaces it.
            litter = [path for path in self.litter() if "masters" in path.parts]
            self.assertEqual([], litter)

    def menu_of(self, number):
        script = {"name": "s", "value": f"echo {number}\n" * 300}
        image = {"uuid": IMAGE, "name": f"image {number}", "desc": "",
                 "post_install_script": [script, script]}
        service = {"name": "n", "desc": "", "value": f"root {number}\n" * 500 + "end"}
        return menu(images={"2": image}, bootservices={"0": service})

    def set_menus(self, acknowledged):
        api = self.server.proxy("/imaging_api")
        try:
            for number in itertools.count():
                api.computersMenuSet({"UUID17": self.menu_of(number)})
                acknowledged.append(number)
        except GONE:
            pass

    def check_menu(self, least):
        """The menu of one number, not before the one that was acknowledged last."""
        text = (self.base / "bootmenus" / COMPUTER).read_text("cp437")
        number = int(text.partition("\ntitle image ")[2].partition("\n")[0])
        self.assertGreaterEqual(number, least)
        self.assertEqual(500, text.count(f"root {number}\n"))
        self.assertTrue(text.endswith("\ninitrd (nd)/diskless/initrd\n"))
        scripts = sorted((self.base / "masters" / IMAGE / "postinst.d").iterdir())
        self.assertEqual(["01_postinst", "02_postinst"], [path.name for path in scripts])
        for script in scripts:
            self.assertEqual(0o500, script.stat().st_mode & 0o777)
            lines = set(script.read_text().splitlines()[6:])
            self.assertEqual(1, len(lines), lines)
