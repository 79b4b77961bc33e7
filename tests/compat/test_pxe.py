"""Replays the recorded packets of PXE clients: answers, and what each made the server ask the agent."""
import re
import unittest

from tests.compat import differences
from tests.compat.golden import add_line_tests, records
from tests.compat.test_imaging import KNOWN, ReplayTest
from tests.support.agent import SERVER_UUID
from tests.support.imaging import CONFIGURATION, fill_image
from tests.support.pxe import LOG, MAC, WAIT, Client, InventoryServer, Stream, packet
from tests.support.server import wait_until

LINES = [line for line in records("pxe.jsonl")]
# A packet that marks the end of what another one of the same computer causes: told to the agent
# after that, and answered after it.
FENCE = ["postinst", "'postinstall finished'"]
DEVICE_TIME = re.compile(r"\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d")
LOG_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
UNKNOWN = "0x1B uuid unknown"


def without_times(document):
    return LOG_TIME.sub("then", DEVICE_TIME.sub("then", document))


class PxePackets(ReplayTest):
    """One test for each recorded packet; they run in the order of the recording."""

    configuration = CONFIGURATION.replace("@FOLDER@/imaging", "@FOLDER@/var/imaging")
    images = {}

    @classmethod
    def setUpClass(cls):
        cls.inventories = InventoryServer().start()
        cls.addClassCleanup(cls.inventories.stop)
        super().setUpClass()
        cls.agent.answers["imaging.getComputerByMac"] = KNOWN
        cls.register(MAC)

    @classmethod
    def register(cls, mac):
        cls.server.proxy("/imaging_api").computerRegister("pc1", mac)

    @classmethod
    def make_tree(cls, src):
        super().make_tree(src)
        cls.configuration += f"inventory_port = {cls.inventories.port}\n"
        cls.pxe_port = int(re.search(r"pxe_port = (\d+)", cls.configuration)[1])

    def fill_in(self, value):
        if isinstance(value, str):
            for recorded, ours in self.images.items():
                value = value.replace(recorded, ours)
        return super().fill_in(value)

    def prepare(self, line):
        """What happened between the recorded packets."""
        label = line["label"]
        password = next(call["reply"] for each in LINES for call in each.get("agent_rpcs", [])
                        if call.get("method") == "imaging.getPXEParams")
        self.agent.answers["imaging.getPXEParams"] = password
        self.agent.answers["imaging.getComputerByMac"] = \
            [False, "unk"] if label == UNKNOWN else KNOWN
        if label == "0x1A hostname ascii cached":
            self.register("00:11:22:33:44:67")
        if label == "0xED image done":
            fill_image(self.base / "masters" / next(iter(self.images.values())),
                       P1000=b"data" * 10000)
        if label == "0xCD after choice 1 + restoration (default is 1) -> 0":
            self.restore()
        if label == "0x54 mtftp same file":
            self.restore()
            self.ask_client(bytes.fromhex(line["request_hex"]))

    def restore(self):
        """A restoration began, and the agent has heard of it."""
        self.agent.take_calls()
        self.ask_client(packet(LOG, b"2\0"))
        self.agent.wait_for("imaging.logClientAction")

    def ask_client(self, data):
        with Client(self.pxe_port) as client:
            return client.ask(data)

    def test_000_start(self):
        """The service listens."""
        self.assertIn("pxe.listening: PXE clients on UDP 127.0.0.1:", self.server.log())
        self.assertIn("pxe.listening: PXE clients on TCP 127.0.0.1:", self.server.log())

    def replay(self, line):
        self.prepare(line)
        if "method" in line:
            self.assertEqual(line["answer"], self.call(line))
            menu = self.base / "bootmenus" / "001122334455"
            wait_until(lambda: b"menupwd" in menu.read_bytes(), "the password is known")
            return
        difference = next((each for each in differences.PXE if line["label"] in each.labels),
                          differences.PxeDifference("", ()))
        data = bytes.fromhex(self.fill_request(line["request_hex"]))
        calls = self.expected_calls(line, difference)
        self.agent.take_calls()
        if line["transport"] == "tcp":
            with Stream(self.pxe_port) as stream:
                stream.send(data)
                self.check_answers(line, difference, lambda: stream.receive() + b"\0")
                self.check_calls(line, calls)
            return
        with Client(self.pxe_port) as client:
            client.send(data)
            self.check_answers(line, difference, client.receive)
            self.check_calls(line, calls)
            self.check_silence(client)

    def fill_request(self, request_hex):
        for recorded, ours in self.images.items():
            request_hex = request_hex.replace(recorded.encode().hex(), ours.encode().hex())
        return request_hex

    def check_answers(self, line, difference, receive):
        wanted = [bytes.fromhex(answer) for answer in line["responses_hex"]]
        if difference.answers is not differences.AS_RECORDED:
            wanted = difference.answers
        for expected in wanted:
            answer = receive()
            if line["request_hex"].startswith("ec"):
                self.assertRegex(answer, rb"^[0-9a-f-]{36}\0$")
                self.images[expected[:-1].decode()] = answer[:-1].decode()
            elif expected == "seconds":
                self.assertRegex(answer, rb"^(\d|10)\0$")
            else:
                self.assertEqual(expected, answer)

    def check_silence(self, client):
        """No further answer: the next one is that to the next packet."""
        client.send(packet(WAIT, b";\x000;0 "))
        self.assertRegex(client.receive(), rb"^\d+\0$")

    def expected_calls(self, line, difference):
        calls = [(call["method"], call["params"]) for call in line["agent_rpcs"]
                 if "method" in call]
        for method, _ in difference.fewer_calls:
            calls.remove(next(call for call in calls if call[0] == method))
        for method, params in difference.more_calls:
            calls.append((method, [SERVER_UUID, *params]))
        return calls

    def check_calls(self, line, expected):
        """What the agent was asked, in whatever order."""
        wait_until(lambda: len(self.agent.calls) >= len(expected), f"the agent got {expected}", 20)
        if expected and line["label"] != UNKNOWN:
            mac = bytes.fromhex(line["request_hex"]).partition(b"Mc:")[2][:17].decode()
            self.ask_client(packet(LOG, b"7\0", mac))
            wait_until(lambda: sum(call.params[3:] == FENCE for call in self.agent.calls)
                       > sum(params[3:] == FENCE for _, params in expected), "the fence", 20)
        calls = [(method, self.without_times(params)) for method, params in self.agent.take_calls()]
        if len(calls) > len(expected):
            calls.remove(("imaging.logClientAction", [SERVER_UUID, "UUID17", 8, *FENCE]))
        wanted = [(method, self.without_times(self.fill_in(params))) for method, params in expected]
        self.assertEqual(sorted(wanted, key=repr), sorted(calls, key=repr))
        for post in (call["inventory_post"] for call in line["agent_rpcs"]
                     if "inventory_post" in call):
            path, headers, document = self.inventories.wait_for(1)[0]
            self.assertEqual("/", path)
            self.assertEqual("Pulse2 Imaging server inventory hook", headers["User-Agent"])
            self.assertEqual("application/x-www-form-urlencoded", headers["Content-Type"])
            self.assertEqual(without_times(post), without_times(document))


add_line_tests(PxePackets, LINES, PxePackets.replay)


class PxeDifferenceTable(unittest.TestCase):
    """The table of differences itself."""

    def test_every_entry_names_recorded_lines(self):
        labels = {line["label"] for line in LINES}
        for entry in differences.PXE:
            self.assertLessEqual(set(entry.labels), labels, entry)
