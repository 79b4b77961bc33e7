"""Calls to the MMC agent that must not be lost: kept while no answer comes, made again, and no more."""
import threading

from tests.support.agent import SERVER_UUID, Agent
from tests.support.cases import FolderTest
from tests.support.clock import FakeClock
from tests.support.imaging import (CONFIGURATION, ImagingTest, fill_image, make_folders, menu,
                                   waiting_calls, with_ports)
from tests.support.server import Server, wait_until

MAC = "00:11:22:33:44:55"
OTHER_MAC = "00:11:22:33:44:66"
FAST = CONFIGURATION + "rpc_loop_timer = 1\nrpc_interval = 0\nrpc_count = 100\n"
# What is no answer, as the played agent sends it.
NO_ANSWERS = {"an HTTP error": (500, b"out of order"), "no XML-RPC": (200, b"<html/>"),
              "nothing": (200, b"")}
WEEK = 7 * 24 * 3600


class ReplayTest(ImagingTest):
    """Two computers are registered; the queue is empty before each test."""

    configuration = FAST

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.register()

    @classmethod
    def register(cls):
        api = cls.server.proxy("/imaging_api")
        for uuid, name, mac in (("UUID17", "pc1", MAC), ("UUID18", "pc2", OTHER_MAC)):
            assert api.computerRegister(name, mac, {"uuid": uuid, "menu": {uuid: menu(uuid, mac)}})

    def setUp(self):
        self.agent.spoil = lambda call: None
        wait_until(lambda: not self.queue(), "nothing waits")
        self.agent.take_calls()

    def queue(self):
        return waiting_calls(self.base / "rpc-replay.pck")

    def methods(self):
        """What the agent was asked that is not asked for on its own account."""
        return [call.method for call in self.agent.calls if call.method not in (
            "imaging.getPXEParams", "imaging.getDefaultMenuForRegistering")]

    def restart(self):
        self.server.kill()
        self.server.start()

    def log(self, message, mac=MAC):
        return self.api.logClientAction(mac, 6, "boot", message)

    def messages(self):
        return [call.params[4] for call in self.agent.calls
                if call.method == "imaging.logClientAction"]


class Away(ReplayTest):
    """The agent is away for a while, and the server is killed meanwhile."""

    def setUp(self):
        super().setUp()
        # Where the agent listens before each test, whatever the one before did.
        self.addCleanup(lambda: self.agent.server or self.agent.start())

    def test_all_four_calls_arrive_in_their_order(self):
        self.agent.stop()
        self.assertEqual(0, self.log("booted"))
        self.assertIs(False, self.log("booted", "00:11:22:33:44:7a"))
        self.assertIs(True, self.api.computerChangeDefaultMenuItem(MAC, 1))
        self.assertIn(b"\ndefault 0\n", (self.base / "bootmenus" / "001122334455").read_bytes())
        self.assertIs(False, self.api.computerChangeDefaultMenuItem("00:11:22:33:44:7a", 1))
        image = self.api.computerCreateImageDirectory(MAC)
        fill_image(self.base / "masters" / image)
        self.assertIs(True, self.api.imageDone(MAC, image))
        self.assertIs(False, self.api.computerCreateImageDirectory("00:11:22:33:44:7a"))
        expected = ["logClientAction", "computerChangeDefaultMenuItem", "imageRegister", "imageUpdate"]
        kept = self.queue()
        self.assertEqual([f"imaging.{name}" for name in expected], [method for method, _ in kept])
        self.assertEqual([SERVER_UUID, "UUID17", 1], kept[1][1])
        for _ in range(2):
            self.restart()
            self.assertEqual(kept, self.queue())
        self.agent.start()
        wait_until(lambda: not self.queue(), "all were answered")
        self.assertEqual(kept, [(call.method, call.params) for call in self.agent.calls
                                if call.method in {method for method, _ in kept}])

    def test_answered_calls_are_not_made_again_after_a_crash(self):
        self.agent.stop()
        self.log("first")
        self.agent.start()
        wait_until(lambda: not self.queue(), "it was answered")
        self.restart()
        self.register()
        self.log("second")
        self.log("third")
        self.assertEqual(["first", "second", "third"], self.messages())

    def test_a_crash_before_the_answer(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.agent.spoil = lambda call: (release.wait(60) and None
                                         if call.method == "imaging.imageRegister" else None)
        image = self.api.computerCreateImageDirectory(MAC)
        self.agent.wait_for("imaging.imageRegister")
        self.server.kill()
        release.set()
        self.agent.spoil = lambda call: None
        self.server.start()
        again = self.agent.wait_for("imaging.imageRegister", 2)
        self.assertEqual(again[0].params, again[1].params)
        self.assertEqual(image, again[0].params[2])
        wait_until(lambda: not self.queue(), "it was answered")

    def test_a_wrong_password_is_no_answer(self):
        right, self.agent.credentials = self.agent.credentials, "Basic other"
        self.assertEqual(0, self.log("kept"))
        wait_until(lambda: self.agent.refused >= 2, "it was tried again")
        self.assertEqual(1, len(self.queue()))
        self.assertIn("refuses the user name and password", self.server.log())
        self.agent.credentials = right
        wait_until(lambda: self.messages() == ["kept"] and not self.queue(), "it arrived")


class Answers(ReplayTest):
    """What counts as an answer."""

    def test_any_answer_removes_the_call(self):
        self.agent.stop()
        for message in ("one", "two", "three", "four"):
            self.log(message)
        answers = {"one": [False, "no"], "two": RuntimeError("a fault"), "three": 0, "four": [True]}

        def answer(*params):
            if isinstance(answers[params[4]], Exception):
                raise answers[params[4]]
            return answers[params[4]]
        self.agent.answers["imaging.logClientAction"] = answer
        self.addCleanup(self.agent.answers.pop, "imaging.logClientAction")
        self.agent.start()
        wait_until(lambda: not self.queue(), "all were answered")
        self.assertEqual(["one", "two", "three", "four"], self.messages())

    def test_refusals_at_once_are_answers_too(self):
        for refusal in ([False, "no"], RuntimeError("a fault")):
            self.agent.answers["imaging.logClientAction"] = refusal
            self.assertIs(True, self.log("refused"))
            self.assertEqual([], self.queue())
        self.agent.answers.pop("imaging.logClientAction")
        self.agent.answers["imaging.computerChangeDefaultMenuItem"] = [False, "no"]
        self.addCleanup(self.agent.answers.pop, "imaging.computerChangeDefaultMenuItem")
        self.assertIs(False, self.api.computerChangeDefaultMenuItem(MAC, 1))
        self.assertEqual([], self.queue())

    def test_what_is_no_answer_keeps_the_call(self):
        for name, no_answer in NO_ANSWERS.items():
            with self.subTest(name):
                self.agent.take_calls()
                self.agent.spoil = lambda call, said=no_answer: said
                self.assertEqual(0, self.log(name))
                wait_until(lambda n=name: self.messages().count(n) >= 3, "it was made again")
                self.agent.spoil = lambda call: None
                wait_until(lambda: not self.queue(), "it was answered at last")

    def test_nothing_overtakes_what_waits(self):
        stuck = {"UUID17"}
        self.agent.spoil = lambda call: (500, b"") if call.params[1:2] == [*stuck][:1] else None
        image = self.api.computerCreateImageDirectory(MAC)
        self.agent.wait_for("imaging.imageRegister", 2)
        fill_image(self.base / "masters" / image)
        self.assertIs(True, self.api.imageDone(MAC, image))
        self.assertEqual(0, self.log("after the image"))
        # Other computers do not wait for this one.
        self.assertIs(True, self.log("of another", OTHER_MAC))
        self.agent.wait_for("imaging.imageRegister", 4)
        self.assertNotIn("imaging.imageUpdate", self.methods())
        stuck.clear()
        wait_until(lambda: not self.queue(), "all were answered")
        self.assertEqual(["imaging.imageRegister", "imaging.imageUpdate", "imaging.logClientAction"],
                         self.methods()[-3:])


class Pace(ReplayTest):
    """So many calls in a round, so long between them."""

    configuration = CONFIGURATION + "rpc_loop_timer = 3\nrpc_interval = 1\nrpc_count = 2\n"

    def test_rounds(self):
        self.agent.stop()
        for number in range(3):
            self.log(str(number))
        # The first round is at start, and its first call after an interval.
        self.server.kill()
        self.agent.start()
        self.server.start()
        calls = self.agent.wait_for("imaging.logClientAction", 3)
        self.assertEqual(["0", "1", "2"], self.messages())
        self.assertGreaterEqual(calls[1].time - calls[0].time, 0.9)
        # Without the limit of a round, it would be the interval again.
        self.assertGreaterEqual(calls[2].time - calls[1].time, 1.5)


class ForAWeek(FolderTest):
    """Calls are dropped a week after they were made first."""

    def test_after_seven_days(self):
        (self.folder / "src").mkdir()
        base = make_folders(self.folder / "imaging")
        agent = Agent()
        clock = FakeClock(self.folder, "UTC")
        server = Server(self.folder, with_ports(FAST, agent), command_prefix=clock.prefix)
        self.addCleanup(server.kill)
        server.start()
        api = server.proxy("/imaging_api")
        for uuid, mac in (("UUID17", MAC), ("UUID18", OTHER_MAC)):
            api.computerRegister("pc1", mac, {"uuid": uuid, "menu": {uuid: menu(uuid, mac)}})
        self.assertEqual(0, api.logClientAction(MAC, 6, "boot", "old"))
        # Retries keep the first time, also after a restart.
        clock.shift(WEEK - 3600)
        wait_until(lambda: server.log().count("imaging.replay.unanswered") >= 2, "it is tried again")
        server.kill()
        server.start()
        api.computerRegister("pc2", OTHER_MAC, {"uuid": "UUID18",
                                                "menu": {"UUID18": menu("UUID18", OTHER_MAC)}})
        self.assertEqual(0, api.logClientAction(OTHER_MAC, 6, "boot", "young"))
        queue = base / "rpc-replay.pck"
        self.assertEqual(["old", "young"], [params[4] for _, params in waiting_calls(queue)])
        clock.shift(WEEK + 10)
        wait_until(lambda: len(waiting_calls(queue)) == 1, "the old one is dropped")
        self.assertIn("imaging.replay.dropped: imaging.logClientAction for UUID17", server.log())
        self.assertEqual(["young"], [params[4] for _, params in waiting_calls(queue)])
        self.assertEqual(0, server.stop())


class Files(FolderTest):
    """Files that were there before."""

    def start(self, content):
        folder = self.new_folder("server")
        (folder / "src").mkdir()
        base = make_folders(folder / "imaging")
        (base / "rpc-replay.pck").write_bytes(content)
        agent = Agent().start()
        self.addCleanup(agent.stop)
        server = Server(folder, with_ports(FAST, agent))
        self.addCleanup(server.kill)
        server.start()
        return base, server

    def test_one_that_can_not_be_read_is_kept(self):
        base, server = self.start(b"no pickle at all")
        self.assertEqual(b"no pickle at all", (base / "rpc-replay.pck.damaged").read_bytes())
        self.assertIn("imaging.replay.damaged", server.log())
        self.assertIsInstance(server.proxy("/imaging_api").imagingServerStatus(), dict)
        self.assertEqual(0, server.stop())

    def test_an_empty_queue_of_the_former_server(self):
        base, server = self.start(b"(dp0\n.")
        self.assertEqual(b"(dp0\n.", (base / "rpc-replay.pck.migrated").read_bytes())
        self.assertEqual([], waiting_calls(base / "rpc-replay.pck"))
        self.assertEqual(0, server.stop())
