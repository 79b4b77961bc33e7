"""Kills the server in the middle of changes and looks at what the next start serves.

PULSE2_CRASH_ROUNDS says how often (15; nightly 200), PULSE2_CRASH_SEED which stories are told.
"""
import os
import random
import time

from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.packages import make_package
from tests.support.server import wait_until
from tests.support.story import Story

ROUNDS = int(os.environ.get("PULSE2_CRASH_ROUNDS", "15"))
SEED = os.environ.get("PULSE2_CRASH_SEED", "1")
CLIENTS = 4
CONFIGURATION = BASIC_CONFIGURATION + """
[package_api_put:01]
mount_point = /put
src = @FOLDER@/src
"""


class Crash(ServerTest):
    """Everything acknowledged is there, nothing half-made is visible, no litter stays."""

    configuration = CONFIGURATION

    def test_acknowledged_changes_survive_being_killed(self):
        story = Story(self, self.server, CLIENTS)
        refused = []
        for number in range(ROUNDS):
            choice = random.Random(f"{SEED} kill {number}")
            clients = story.begin(f"{SEED}.{number}")
            self.kill_amidst(clients, choice)
            refused += [refusal for client in clients for refusal in client.refusals]
            self.start_again(choice, number)
            story.check(clients, f"seed {SEED}, round {number}")
        self.assertEqual([], refused)
        self.assertGreater(len(story.packages), ROUNDS)

    def kill_amidst(self, clients, choice):
        """After some calls, at no particular moment of the next ones."""
        enough = choice.randint(CLIENTS, 40)
        wait_until(lambda: sum(client.calls for client in clients) >= enough
                   or not any(client.is_alive() for client in clients), "calls are answered")
        time.sleep(choice.uniform(0, 0.03))  # the moment is what is random here
        self.server.kill()
        for client in clients:
            client.join()

    def start_again(self, choice, number):
        """Now and then the start is killed too, while it reads a package that is new to it."""
        if choice.random() < 0.3:
            make_package(self.folder / "src", f"found{number}",
                         {f"file{i}": b"x" * 100_000 for i in range(20)})
            self.server.start(ready=False)
            time.sleep(choice.uniform(0, 0.05))
            self.server.kill()
        self.server.start()
