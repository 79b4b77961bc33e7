"""PXE clients: what they ask for, what the agent and the inventory server learn of it, and what
happens when one of these is away."""
import contextlib
import os
import pathlib
import re
import shutil
import socket
import xml.etree.ElementTree

from tests.support.agent import SERVER_UUID
from tests.support.cases import FolderTest
from tests.support.certificates import Authority
from tests.support.daemon import Daemon, needs_other_user
from tests.support.imaging import (CONFIGURATION, IMAGE, ImagingTest, fill_image, make_folders, menu,
                                   waiting_calls, with_ports)
from tests.support.pxe import (AUTHENTICATE, CHANGE_DEFAULT, CREATE_IMAGE, HOST, HOST_NAME, IMAGE_DONE,
                               LOG, MAC, REGISTER, UUID, WAIT, Client, InventoryServer, inventory,
                               packet)
from tests.support.server import Server, free_port, wait_until

# SHA-1 of "pxe" and the salt.
PASSWORD_HASH = "eca7d4d9c165ddc2fbb11ba04634aa08c6c000f9"
SECOND_MAC = "00:11:22:33:44:56"
FORMER_MAC = "00:11:22:33:44:57"


class PxeTest(ImagingTest):
    """A server with one registered computer, and an inventory server that may be away."""

    options = ""
    inventories_up = True

    @classmethod
    def setUpClass(cls):
        cls.inventories = cls.make_inventory_server()
        if cls.inventories_up:
            cls.inventories.start()
        cls.addClassCleanup(cls.inventories.stop)
        super().setUpClass()
        cls.pxe_port = int(re.search(r"pxe_port = (\d+)", cls.configuration)[1])
        cls.server.proxy("/imaging_api").computerRegister("pc1", MAC)

    @classmethod
    def make_inventory_server(cls):
        return InventoryServer()

    @classmethod
    def make_tree(cls, src):
        cls.configuration += f"inventory_port = {cls.inventories.port}\n{cls.options}\n"
        super().make_tree(src)

    def setUp(self):
        self.agent.take_calls()

    def client(self, address=HOST):
        client = Client(self.pxe_port, address)
        self.addCleanup(client.socket.close)
        return client

    def ask(self, data, address=HOST):
        return self.client(address).ask(data)

    def notes(self, phase=None):
        """Level, phase and message of what the agent was told."""
        with self.agent.lock:
            calls = list(self.agent.calls)
        return [tuple(call.params[2:]) for call in calls if call.method == "imaging.logClientAction"
                and phase in (None, call.params[3])]

    def wait_for_note(self, *note, count=1):
        wait_until(lambda: self.notes().count(note) >= count, f"{note} x {count}: {self.notes()}")


class UnknownComputer(PxeTest):
    """An agent of its own: what it is told late of the calls of other tests would be in the way."""

    def test_nothing_for_an_unknown_computer(self):
        for data in (packet(UUID, mac=SECOND_MAC), packet(HOST_NAME, mac=SECOND_MAC),
                     packet(CREATE_IMAGE, mac=SECOND_MAC), inventory(SECOND_MAC),
                     packet(IMAGE_DONE, IMAGE.encode(), SECOND_MAC)):
            client = self.client()
            client.send(data)
            self.agent.wait_for("imaging.getComputerByMac")
            self.assertTrue(client.is_alive())
            self.assertEqual(["imaging.getComputerByMac"], self.agent.methods(), data)
            self.agent.take_calls()
        self.assertEqual([], self.inventories.documents())


class Calls(PxeTest):
    """Each call with its answer and what the agent learns; the recording has the rest."""

    def test_uuid_and_name(self):
        self.assertEqual(b"UUID17\0", self.ask(packet(UUID)))
        self.wait_for_note(8, "boot", "computer uuid sent: UUID17")
        self.assertEqual(b"pc1\0", self.ask(packet(HOST_NAME)))
        self.wait_for_note(8, "boot", "hostname sent: pc1")

    def test_acknowledged_although_unknown(self):
        self.assertEqual(b"ACK\0", self.ask(packet(LOG, b"1\x05", SECOND_MAC)))
        self.assertEqual(b"ACK\0", self.ask(packet(CHANGE_DEFAULT, b"\0", SECOND_MAC)))

    def test_backup(self):
        image = self.ask(packet(CREATE_IMAGE))[:-1].decode()
        folder = self.base / "masters" / image
        self.assertTrue(folder.is_dir())
        self.wait_for_note(8, "backup", "image UUID sent")
        self.assertEqual(b"ACK\0", self.ask(packet(LOG, b"4-" + image.encode() + b"\0")))
        fill_image(folder)
        self.assertEqual(b"ACK\0", self.ask(packet(IMAGE_DONE, image.encode() + b"\0")))
        self.wait_for_note(8, "backup", f"end-of-backup success: {image}")
        self.assertEqual("DONE", self.agent.wait_for("imaging.imageUpdate")[0].params[7])

    def test_a_backup_that_came_to_nothing(self):
        self.assertEqual(b"ACK\0", self.ask(packet(IMAGE_DONE, IMAGE.encode())))
        self.assertEqual("INVALID", self.agent.wait_for("imaging.imageUpdate")[0].params[7])

    def test_a_folder_that_cannot_be_made(self):
        masters = self.base / "masters"
        masters.rename(masters.with_suffix(".away"))
        try:
            client = self.client()
            client.send(packet(CREATE_IMAGE))
            self.wait_for_note(4, "backup", "failed to summon an image UUID")
            self.assertTrue(client.is_alive())
        finally:
            masters.with_suffix(".away").rename(masters)

    def test_a_repeated_packet_makes_one_folder(self):
        entered, masters = [], self.base / "masters"

        def slow(call):
            entered.append(call.method)
            wait_until(lambda: len(entered) > 1 or done, "the packets came")
        done = []
        self.agent.answers["imaging.getComputerByMac"] = [
            True, {"uuid": "UUID18", "shortname": "pc2", "fqdn": "pc2.", "entity": "",
                   "mac": "00:11:22:33:44:66"}]
        self.addCleanup(self.agent.answers.update,
                        {"imaging.getComputerByMac": [False, "unknown"]})
        self.agent.spoil = slow
        self.addCleanup(setattr, self.agent, "spoil", lambda call: None)
        before = set(masters.iterdir())
        client = self.client()
        for _ in range(5):
            client.send(packet(CREATE_IMAGE, mac="00:11:22:33:44:66"))
        self.assertTrue(client.is_alive(), "all of them were read")
        done.append(True)
        self.assertRegex(client.receive(), rb"^[0-9a-f-]{36}\0$")
        self.assertEqual(1, len(set(masters.iterdir()) - before))

    def test_the_default_changes_after_a_restoration_only(self):
        def change(steps, item=0):
            for step in steps:
                self.assertEqual(b"ACK\0", self.ask(packet(LOG, step)))
            self.agent.take_calls()
            self.assertEqual(b"ACK\0", self.ask(packet(CHANGE_DEFAULT, bytes([item]))))
            return [call.params for call in self.agent.calls
                    if call.method == "imaging.computerChangeDefaultMenuItem"]
        self.assertEqual([], change([b"1\x01"]), "nothing was restored")
        self.assertEqual([], change([b"1\x02", b"2\0"]), "another one is the default")
        self.assertEqual([[SERVER_UUID, "UUID17", 3]], change([b"1\x01", b"2\0"], 3))
        self.wait_for_note(8, "menu", "preselected-menu-entry-change success : 3")
        self.assertEqual([], change([]), "the choice is forgotten")

    def test_the_default_cannot_be_changed(self):
        self.addCleanup(self.agent.answers.update, {"imaging.getDefaultMenuItem": [True, 1]})
        for answer in ([False, "no"], RuntimeError("broken")):
            self.agent.answers["imaging.getDefaultMenuItem"] = answer
            self.ask(packet(LOG, b"1\x01"))
            self.ask(packet(LOG, b"5-x\0"))
            self.assertEqual(b"ERROR\0", self.ask(packet(CHANGE_DEFAULT, b"\0")))
        self.wait_for_note(5, "menu", "preselected-menu-entry-change failed : 0", count=2)
        self.assertEqual(b"ACK\0", self.ask(packet(CHANGE_DEFAULT, b"\0")), "nothing to change")

    def test_machines_wait_for_each_other(self):
        self.assertEqual(b"ACK\0", self.ask(packet(LOG, b"2-x\0")))
        self.assertEqual(b"10\0", self.ask(packet(WAIT, b";\x05100;90 ")))
        self.assertEqual(b"7\0", self.ask(packet(WAIT, b";\x05099;7 ")))
        self.assertRegex(self.ask(packet(WAIT, b";\x05100;90 ")), rb"^([1-8]?\d|90)\0$")
        self.assertEqual(b"0\0", self.ask(packet(WAIT, b";\x05101;90 ")))

    def test_registration(self):
        self.agent.answers["imaging.computerRegister"] = [True, "UUID20"]
        self.client().send(packet(REGISTER, b"IDpc20.example.com:secret:\0", "00:11:22:33:44:20"))
        call = self.agent.wait_for("imaging.computerRegister")[0]
        self.assertEqual([SERVER_UUID, "pc20", "example.com", "00:11:22:33:44:20", "", "", False],
                         call.params)
        self.wait_for_note(8, "menu", "identification success")
        self.assertEqual(b"UUID20\0", self.ask(packet(UUID, mac="00:11:22:33:44:20")))
        self.assertTrue((self.base / "computers" / "UUID20").is_dir())


class Passwords(PxeTest):
    """Authentication against pxe_password, and what guessing costs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent.answers["imaging.getPXEParams"] = {"pxe_password": PASSWORD_HASH,
                                                     "pxe_keymap": "C"}
        cls.server.proxy("/imaging_api").computersMenuSet({"UUID17": menu()})
        file = cls.base / "bootmenus" / MAC.replace(":", "")
        wait_until(lambda: b"menupwd" in file.read_bytes(), "the password is known")

    def test_right_and_wrong(self):
        self.assertEqual(b"ok\0", self.ask(packet(AUTHENTICATE, b":pxe\0"), "127.0.1.1"))
        self.assertEqual(b"ko\0", self.ask(packet(AUTHENTICATE, b":PXE\0"), "127.0.1.1"))
        self.wait_for_note(7, "identity", "menu identification request", count=2)

    def test_guessing_is_not_listened_to(self):
        guesser, other = self.client("127.0.1.2"), self.client("127.0.1.3")
        guesser.send(packet(AUTHENTICATE, b":wrong\0"))
        for _ in range(50):
            guesser.send(packet(AUTHENTICATE, b":pxe\0"))
        self.assertEqual(b"ok\0", other.ask(packet(AUTHENTICATE, b":pxe\0")), "not slowed down")
        self.assertEqual(b"ko\0", guesser.receive(), "held back, and nothing else was answered")
        self.assertEqual(b"ok\0", guesser.ask(packet(AUTHENTICATE, b":pxe\0")))
        self.assertEqual(1, self.server.log().count("pxe.login.failed: 127.0.1.2"))


class ForwardedInventory(PxeTest):
    """Everything that the agent learns of one, and nothing late of another test."""

    def test_forwarded(self):
        client = self.client("127.0.2.1")
        client.send(inventory())
        self.wait_for_note(7, "inventory", "hardware inventory updated")
        path, headers, document = next(post for post in self.inventories.wait_for(1)
                                       if "127.0.2.1" in post[2])
        self.assertEqual(("/", "Pulse2 Imaging server inventory hook"),
                         (path, headers["User-Agent"]))
        request = xml.etree.ElementTree.fromstring(document)
        self.assertRegex(request.findtext("DEVICEID"), r"^pc1-\d{4}(-\d\d){5}$")
        hardware = request.find("CONTENT/HARDWARE")
        self.assertEqual(["127.0.2.1", "pc1", "Other", "2593"],
                         [hardware.findtext(tag) for tag in
                          ("IPADDR", "NAME", "CHASSIS_TYPE", "PROCESSORS")])
        self.assertEqual([(8, "menu", "boot menu shown"),
                          (8, "inventory", "hardware inventory received"),
                          (7, "inventory", "hardware inventory updated")], self.notes())
        call = self.agent.wait_for("imaging.injectInventory")[0]
        self.assertEqual({"ip": "127.0.2.1", "port": 0}, call.params[2]["ipaddr"])


class Inventories(PxeTest):
    """Inventories reach the agent and the inventory server."""

    def test_also_when_the_agent_refuses(self):
        self.addCleanup(self.agent.answers.pop, "imaging.injectInventory")
        for number, answer in enumerate(([False, "no"], RuntimeError("broken"))):
            self.agent.answers["imaging.injectInventory"] = answer
            self.client().send(inventory(product=f"refused {number}"))
            wait_until(lambda: any(f"refused {number}" in document  # pylint: disable=W0640
                                   for document in self.inventories.documents()), "it came")

    def test_refused_is_not_sent_again(self):
        self.addCleanup(setattr, self.inventories, "respond", lambda document: 200)
        self.inventories.respond = lambda document: 400 if "bad one" in document else 200
        self.client().send(inventory(product="bad one"))
        self.wait_for_note(5, "inventory", "hardware inventory not updated")
        self.client().send(inventory(product="good one"))
        self.wait_for_note(7, "inventory", "hardware inventory updated")
        documents = self.inventories.documents()
        self.assertEqual(1, sum("bad one" in document for document in documents))
        self.assertIn("pxe.inventory.refused", self.server.log())

    def test_a_server_that_fails_is_asked_again(self):
        self.addCleanup(setattr, self.inventories, "respond", lambda document: 200)
        answers = iter([500, 503])
        self.inventories.respond = lambda document: next(answers, 200)
        self.client().send(inventory(product="third time"))
        self.wait_for_note(7, "inventory", "hardware inventory updated")
        self.assertEqual([(5, "inventory", "hardware inventory not updated"),
                          (7, "inventory", "hardware inventory updated")],
                         [note for note in self.notes("inventory") if note[0] != 8])


class InventoriesOverTls(PxeTest):
    """inventory_enablessl."""

    options = "inventory_enablessl = 1"

    @classmethod
    def make_inventory_server(cls):
        return InventoryServer(Authority(cls.folder / "certificates").issue("localhost"))

    @classmethod
    def setUpClass(cls):
        # The authority needs a folder before the base class makes one.
        FolderTest.setUpClass.__func__(cls)
        (cls.folder / "certificates").mkdir()
        folder = cls.folder
        super().setUpClass()
        cls.addClassCleanup(shutil.rmtree, folder, ignore_errors=True)

    def test_forwarded(self):
        self.client().send(inventory())
        self.inventories.wait_for(1)
        self.wait_for_note(7, "inventory", "hardware inventory updated")


class InventoryServerAway(PxeTest):
    """Inventories wait within a bound of memory."""

    options = "inventory_queue_size = 64 KiB"
    inventories_up = False

    def test_they_wait_for_the_server(self):
        macs = [f"00:11:22:33:55:{number:02x}" for number in range(60)]
        for number, mac in enumerate(macs):
            self.agent.answers["imaging.computerRegister"] = [True, f"UUID{100 + number}"]
            self.api.computerRegister(f"pc{number}", mac)
        client = self.client()
        client.send(inventory(macs[0], "the first one"))
        self.wait_for_note(5, "inventory", "hardware inventory not updated")
        for mac in macs:
            client.send(inventory(mac, "an old one"))
        self.agent.wait_for("imaging.injectInventory", len(macs) + 1)
        client.send(inventory(macs[-1], "the latest one"))
        self.agent.wait_for("imaging.injectInventory", len(macs) + 2)
        wait_until(lambda: "pxe.inventory.lost" in self.server.log(), "some were given up")
        self.inventories.start()
        wait_until(lambda: any("the latest one" in document
                               for document in self.inventories.documents()), "the server is back")
        documents = self.inventories.documents()
        self.assertLess(len(documents), len(macs))
        self.assertGreater(len(documents), 5)
        self.assertFalse(any("the first one" in document for document in documents))
        self.assertFalse(any("an old one" in document and macs[-1] in document
                             for document in documents), "a newer one takes its place")
        self.wait_for_note(7, "inventory", "hardware inventory updated", count=len(documents))
        self.assertIn("pxe.inventory.server_away", self.server.log())
        self.assertIn("pxe.inventory.server_back", self.server.log())


class Glpi(PxeTest):
    """glpi_mode: the inventory server learns of a computer before it is registered."""

    options = "glpi_mode = 1"

    def test_inventory_first(self):
        self.client("127.0.2.2").send(packet(REGISTER, b"IDpc7.example.com:", SECOND_MAC))
        document = self.inventories.wait_for(1)[0][2]
        self.assertEqual(0, self.agent.methods().count("imaging.computerRegister"))
        self.assertIn("<TAG>root</TAG>", document)
        self.assertIn("<NAME>pc7.example.com</NAME>", document)
        self.assertIn(f"<MACADDR>{SECOND_MAC}</MACADDR>", document)
        self.assertIn("<IPADDR>127.0.2.2</IPADDR>", document)
        self.assertNotIn("<CPUS>", document)
        self.agent.wait_for("imaging.computerRegister")


class AgentAway(PxeTest):
    """The agent may be away: machines go on, and it learns of them later."""

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        (cls.base / "uuid-cache.txt").write_text(
            f"[UUID3]\nmac = {FORMER_MAC}\nshortname = pc3\nfqdn = pc3.\nentity =\n"
            "updated = 1700000000\n", encoding="utf-8")

    def test_steps_are_kept(self):
        self.ask(packet(LOG, b"7\0"))
        self.agent.stop()
        try:
            self.assertEqual(b"ACK\0", self.ask(packet(LOG, b"2-x\0")))
            self.assertEqual(b"UUID17\0", self.ask(packet(UUID)))
            self.assertEqual(b"ACK\0", self.ask(packet(LOG, b"1\x05", SECOND_MAC)))
            image = self.ask(packet(CREATE_IMAGE))
            self.assertTrue((self.base / "masters" / image[:-1].decode()).is_dir())
        finally:
            self.agent.start()
        wait_until(lambda: "imaging.replay.queued" in self.server.log(), "they are queued")

    def test_an_old_entry_is_good_for_a_step(self):
        self.agent.stop()
        try:
            self.assertEqual(b"ACK\0", self.ask(packet(LOG, b"2-y\0", FORMER_MAC)))
            wait_until(lambda: any(params[1] == "UUID3" for _, params in waiting_calls(
                self.base / "rpc-replay.pck")), "it is kept")
            client = self.client()
            client.send(packet(UUID, mac=FORMER_MAC))
            self.assertTrue(client.is_alive(), "it is no answer to the machine")
        finally:
            self.agent.start()
        # The agent knows it no more.
        self.assertEqual(b"ACK\0", self.ask(packet(LOG, b"2-z\0", FORMER_MAC)))
        wait_until(lambda: "UUID3" not in (self.base / "uuid-cache.txt").read_text(), "it goes")


class Ports(FolderTest):
    """pxe_port is opened with the rights of the start."""

    def configured(self, port, extra=""):
        make_folders(self.folder / "imaging")
        (self.folder / "src").mkdir()
        (self.folder / "upload").mkdir(mode=0o700)
        text = re.sub(r"pxe_port = .*", f"pxe_port = {port}", CONFIGURATION)
        return text.replace("@AGENT@", str(free_port())).replace("[daemon]\n", "[daemon]\n" + extra)

    def setUp(self):
        self.folder = self.new_folder("it")

    def test_a_port_in_use(self):
        port = free_port()
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET, kind) as taken, contextlib.ExitStack() as folder:
                self.folder = self.new_folder(f"taken-{kind.name}")
                taken.bind((HOST, port))
                if kind == socket.SOCK_STREAM:
                    taken.listen()
                server = Server(self.folder, self.configured(port))
                folder.callback(server.kill)
                with self.assertRaisesRegex(AssertionError, f"listening on .*{HOST}:{port}"):
                    server.start()

    def test_a_low_port_as_another_user(self):
        needs_other_user(self, self.folder)
        port = next(number for number in range(700, 1000) if self.is_free(number))
        daemon = Daemon(self.folder, self.configured(port, "user = nobody\ngroup = nogroup\n"))
        for path in self.folder.rglob("*"):
            os.chown(path, 65534, 65534)
        self.addCleanup(daemon.kill)
        daemon.start(ready=False)
        with Client(port) as client:
            self.assertTrue(client.is_alive())
        status = pathlib.Path(f"/proc/{daemon.pid}/status").read_text(encoding="ascii")
        self.assertNotRegex(status, r"(?m)^Uid:.*\b0\b")

    @staticmethod
    def is_free(number):
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind((HOST, number))
            return True
        except OSError:
            return False
