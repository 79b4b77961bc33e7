"""The MMC agent over HTTPS: certificates of both sides, passwords, time-outs, connections used again."""
import ssl
import threading

from tests.support.agent import Agent
from tests.support.cases import FolderTest
from tests.support.certificates import Authority
from tests.support.imaging import (CONFIGURATION, ImagingTest, make_folders, menu, waiting_calls,
                                   with_ports)
from tests.support.server import Server, wait_until

MAC = "00:11:22:33:44:55"
REGISTER = ("pc1", MAC, {"uuid": "UUID17", "menu": {"UUID17": menu()}})


def https_agent(identity, authority=None, **keywords):
    """An agent that speaks HTTPS; with `authority`, to clients with a certificate of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(identity.certificate), str(identity.key))
    if authority:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(str(authority.certificate))
    return Agent(context=context, **keywords)


class Https(FolderTest):
    """One server for each way to meet the agent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.authority = Authority(cls.folder)
        cls.other = Authority(cls.folder, "other")
        cls.agents = cls.authority.issue("agent")
        # Certificate and key in one file.
        cls.ours = cls.folder / "ours.pem"
        cls.ours.write_bytes(cls.authority.issue("ours", "client").pem())

    def start(self, agent, options):
        """A server with these options of [mmc_agent]; its API."""
        folder = self.new_folder(f"server{agent.port}")
        (folder / "src").mkdir()
        self.base = make_folders(folder / "imaging")
        text = CONFIGURATION.replace("enablessl = 0\n\n[imaging", options + "\n[imaging")
        self.server = Server(folder, with_ports(text, agent))
        self.addCleanup(self.server.kill)
        self.server.start()
        self.addCleanup(agent.stop)
        return self.server.proxy("/imaging_api")

    def verifying(self, authority):
        return f"verifypeer = 1\ncacert = {authority.certificate}\nlocalcert = {self.ours}\n"

    def test_both_show_their_certificates(self):
        agent = https_agent(self.agents, self.authority).start()
        api = self.start(agent, self.verifying(self.authority))
        self.assertIs(True, api.computerRegister(*REGISTER))
        agent.wait_for("imaging.getPXEParams")
        for _ in range(5):
            self.assertIs(True, api.logClientAction(MAC, 6, "boot", "booted"))
        # One after the other on the same connection.
        used = {call.connection for call in agent.calls if call.method == "imaging.logClientAction"}
        self.assertEqual(1, len(used))

    def test_an_agent_of_another_authority_gets_nothing(self):
        agent = https_agent(self.agents).start()
        api = self.start(agent, self.verifying(self.other))
        self.assertIs(True, api.computerRegister(*REGISTER))
        self.assertEqual(0, api.logClientAction(MAC, 6, "boot", "booted"))
        self.assertEqual(0, api.getComputerByMac("00:11:22:33:44:66"))
        self.assertIs(False, api.computerRegister("pc2", "00:11:22:33:44:66"))
        self.assertEqual([], agent.calls)
        self.assertEqual(1, len(waiting_calls(self.base / "rpc-replay.pck")))
        self.assertIn("no encrypted connection", self.server.log())

    def test_an_agent_that_refuses_our_certificate(self):
        agent = https_agent(self.agents, self.other).start()
        api = self.start(agent, self.verifying(self.authority))
        self.assertIs(True, api.computerRegister(*REGISTER))
        self.assertEqual(0, api.logClientAction(MAC, 6, "boot", "booted"))
        self.assertEqual([], agent.calls)
        self.assertEqual(1, len(waiting_calls(self.base / "rpc-replay.pck")))

    def test_without_verification_any_certificate_does(self):
        agent = https_agent(self.other.issue("anybody")).start()
        api = self.start(agent, "")
        self.assertIs(True, api.computerRegister(*REGISTER))
        self.assertIs(True, api.logClientAction(MAC, 6, "boot", "booted"))

    def test_a_certificate_that_is_missing_is_named(self):
        agent = Agent()
        self.start(agent, f"verifypeer = 1\ncacert = {self.folder}/none.pem\nlocalcert = {self.ours}\n")
        self.assertIn("imaging.off", self.server.log())
        self.assertIn("none.pem", self.server.log())


class TimeOuts(ImagingTest):
    """An agent that does not answer in time."""

    configuration = CONFIGURATION.replace("enablessl = 0\n\n[imaging", "enablessl = 0\n"
                                          "answer_timeout = 1\n\n[imaging") + "rpc_interval = 0\n" \
        "rpc_loop_timer = 1\n"

    def test_calls_end_and_are_made_again(self):
        self.assertIs(True, self.api.computerRegister(*REGISTER))
        release = threading.Event()
        self.addCleanup(release.set)
        self.agent.spoil = lambda call: release.wait(60) and None
        self.assertEqual(0, self.api.logClientAction(MAC, 6, "boot", "slow"))
        self.assertEqual(0, self.api.getComputerByMac("00:11:22:33:44:77"))
        self.assertEqual(0, self.api.injectInventory(MAC, {"a": 1}))
        self.assertEqual(0, self.api.computerUpdate(MAC))
        self.assertIs(False, self.api.computerRegister("pc2", "00:11:22:33:44:66"))
        answer = self.api.getDefaultMenuItem(MAC)
        self.assertTrue(answer["faultCode"].startswith("timed_out"), answer)
        self.assertIs(False, self.api.computerCreateImageDirectory("00:11:22:33:44:77"))
        self.assertEqual([], list((self.base / "masters").iterdir()))
        self.assertIs(True, self.api.computerChangeDefaultMenuItem(MAC, 1))
        queue = self.base / "rpc-replay.pck"
        self.assertEqual(["imaging.logClientAction", "imaging.computerChangeDefaultMenuItem"],
                         [method for method, _ in waiting_calls(queue)])
        release.set()
        wait_until(lambda: not waiting_calls(queue), "all were answered")
        self.assertIn("does not answer in time", self.server.log())

    def test_connections_that_break_are_replaced(self):
        self.assertIs(True, self.api.computerRegister(*REGISTER))
        for _ in range(3):
            self.assertIs(True, self.api.logClientAction(MAC, 6, "boot", "booted"))
            self.agent.stop()
            self.agent.start()
