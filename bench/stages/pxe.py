"""5,000 machines boot within a minute while downloads run: how many of their calls are answered at
once, and how fast. Each machine is another address of the loopback network and asks once."""
import heapq
import multiprocessing
import selectors
import socket
import statistics
import threading
import time

from bench.support.figures import Figure
from bench.support.load import wrk
from bench.support.servers import cpu_seconds
from tests.support.agent import Agent
from tests.support.imaging import CONFIGURATION, make_folders, menu
from tests.support.pxe import HOST_NAME, LOG, UUID, InventoryServer, inventory, packet
from tests.support.server import Server, free_port, wait_until

MACHINES = 5000
SECONDS = 60
PATIENCE = 30
# What a gigabit network carries.
DOWNLOAD_RATE = "112 MiB"
FILE_SIZE = 16 << 20


def mac_of(number):
    return f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"


def steps_of(number):
    """A boot: packets, each with its answer or None."""
    mac = mac_of(number)
    return [(packet(LOG, b"0\0", mac), None), (inventory(mac), None),
            (packet(UUID, mac=mac), f"UUID{number + 1}\0".encode()),
            (packet(HOST_NAME, mac=mac), f"pc{number}\0".encode()),
            (packet(LOG, b"1\x01", mac), b"ACK\0")]


def find(mac):
    """The agent's record of a machine."""
    number = int(mac.replace(":", "")[8:], 16)
    return [True, {"uuid": f"UUID{number + 1}", "shortname": f"pc{number}", "fqdn": f"pc{number}.",
                   "entity": "site", "mac": mac}]


def play_site(pipe):
    """The agent and the inventory server, in a process of their own until the pipe is closed."""
    agent, inventories = Agent(), InventoryServer()
    agent.answers = {"imaging.getDefaultMenuForRegistering": menu(None, images={}),
                     "imaging.getPXEParams": {"pxe_password": "", "pxe_keymap": "C"},
                     "imaging.getComputerByMac": find}
    agent.start()
    inventories.start()
    pipe.send((agent.port, inventories.port))
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        pipe.send((len(agent.calls), len(inventories.posts)))


class Site:
    """What the server talks to, as a context manager."""

    def __enter__(self):
        self.pipe, far = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(target=play_site, args=(far,),
                                                                   daemon=True)
        self.process.start()
        self.agent_port, self.inventory_port = self.pipe.recv()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.join()

    def heard(self):
        """How many calls and inventories came."""
        self.pipe.send(None)
        return self.pipe.recv()


class Boot:
    """All machines, each beginning at its moment; in one thread."""

    def __init__(self, port):
        self.server = ("127.0.0.1", port)
        self.selector = selectors.DefaultSelector()
        self.delays = []
        self.wrong = 0

    def run(self):
        begin = time.monotonic()
        due = [(begin + number * SECONDS / MACHINES, number) for number in range(MACHINES)]
        heapq.heapify(due)
        while due or self.selector.get_map():
            now = time.monotonic()
            if now > begin + SECONDS + PATIENCE:
                return
            while due and due[0][0] <= now:
                self.start(heapq.heappop(due)[1])
            wait = min(0.05, due[0][0] - now) if due else 0.05
            for key, _ in self.selector.select(max(0, wait)):
                self.on_answer(key)

    def start(self, number):
        machine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        machine.bind((f"127.1.{number >> 8}.{number & 255}", 0))
        machine.connect(self.server)
        self.advance(machine, iter(steps_of(number)))

    def advance(self, machine, steps):
        """Sends up to the next packet that gets an answer."""
        for data, answer in steps:
            machine.send(data)
            if answer:
                self.selector.register(machine, selectors.EVENT_READ,
                                       (time.monotonic(), answer, steps))
                return
        machine.close()

    def on_answer(self, key):
        sent, expected, steps = key.data
        answer = key.fileobj.recv(1000)
        self.delays.append(time.monotonic() - sent)
        self.wrong += answer != expected
        self.selector.unregister(key.fileobj)
        self.advance(key.fileobj, steps)


def measure(folder, _options):
    with Site() as site:
        make_folders(folder / "imaging")
        (folder / "upload").mkdir(mode=0o700)
        (folder / "src").mkdir()
        (folder / "src" / "file.bin").write_bytes(bytes(FILE_SIZE))
        port = free_port()
        text = CONFIGURATION.replace("@AGENT@", str(site.agent_port)).replace("@PXE@", str(port))
        text += (f"inventory_port = {site.inventory_port}\n"
                 f"[http]\nmax_download_rate = {DOWNLOAD_RATE}\n")
        server = Server(folder, text).start()
        try:
            yield from boot(server, port, site)
        finally:
            server.kill()


def boot(server, port, site):
    downloads = threading.Thread(target=wrk, daemon=True, args=(server, "/mirror1_files/file.bin", 8),
                                 kwargs={"seconds": SECONDS - 5, "unit": "MiB"})
    downloads.start()
    machines = Boot(port)
    before = cpu_seconds([server.process.pid])
    machines.run()
    downloads.join()
    wanted = MACHINES * sum(answer is not None for _, answer in steps_of(0))
    delays = sorted(machines.delays) + [float("inf")] * (wanted - len(machines.delays))
    share = (len(machines.delays) - machines.wrong) / wanted
    late = delays[int(wanted * 0.99)]
    used = cpu_seconds([server.process.pid]) - before
    notes = MACHINES * 9
    wait_until(lambda: site.heard()[0] >= notes and site.heard()[1] >= MACHINES,
               "the agent and the inventory server heard of all", 60)
    print(f"  {MACHINES} machines in {SECONDS} s: {len(machines.delays)} of {wanted} answered, median "
          f"{1000 * statistics.median(delays):.1f} ms, 99 % within {1000 * late:.1f} ms, "
          f"processor {used:.1f} s, resident {server.resident_bytes() >> 20} MiB", flush=True)
    yield "answered", Figure.of([share])
    yield "99 % within", Figure.of([late])
