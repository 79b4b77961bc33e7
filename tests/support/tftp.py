"""A TFTP client that does exactly what a test wants, and a net that loses and doubles datagrams."""
import random
import selectors
import socket
import struct
import threading

from tests.support.server import PATIENCE

READ, WRITE, DATA, ACK, ERROR, OPTION_ACK = range(1, 7)
HOST = "127.0.0.1"


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def request(name, mode="octet", opcode=READ, **options):
    """A read or write request with options."""
    words = [name, mode]
    for option, value in options.items():
        words += [option, str(value)]
    return struct.pack("!H", opcode) + b"".join(word.encode() + b"\0" for word in words)


class Client:
    """One transfer's client side, packet by packet."""

    def __init__(self, port, patience=PATIENCE):
        self.server = (HOST, port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.settimeout(patience)
        self.peer = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, name, mode="octet", opcode=READ, **options):
        self.socket.sendto(request(name, mode, opcode, **options), self.server)

    def receive(self):
        """Opcode and the rest of the next packet."""
        packet, self.peer = self.socket.recvfrom(65536)
        return struct.unpack("!H", packet[:2])[0], packet[2:]

    def receive_block(self):
        """Number and content of the next packet, which must be a block."""
        opcode, rest = self.receive()
        if opcode != DATA:
            raise AssertionError(f"no block: {opcode} {rest!r}")
        return struct.unpack("!H", rest[:2])[0], rest[2:]

    def is_silent(self, seconds):
        """Whether nothing comes within that time."""
        self.socket.settimeout(seconds)
        try:
            self.receive()
            return False
        except TimeoutError:
            return True

    def acknowledge(self, block):
        self.socket.sendto(struct.pack("!HH", ACK, block % 65536), self.peer)

    def give_up(self):
        self.socket.sendto(struct.pack("!HH", ERROR, 0) + b"enough\0", self.peer)

    def fetch(self, name, block_size=512, **options):
        """The whole file in lockstep; options but blksize are passed on."""
        if block_size != 512:
            options["blksize"] = block_size
        self.ask(name, **options)
        if options:
            opcode, rest = self.receive()
            if opcode != OPTION_ACK:
                raise AssertionError(f"no OACK: {opcode} {rest!r}")
            self.acknowledge(0)
        content = b""
        while True:
            number, block = self.receive_block()
            content += block
            self.acknowledge(number)
            if len(block) < block_size:
                return content


class LossyNet(threading.Thread):
    """Stands between TFTP clients and a server, losing and doubling some datagrams each way."""

    def __init__(self, server_port, loss, doubling, seed=1):
        super().__init__(daemon=True)
        self.server = (HOST, server_port)
        self.loss, self.doubling = loss, doubling
        self.random = random.Random(seed)
        self.lost = self.doubled = 0
        self.selector = selectors.DefaultSelector()
        self.entrance = self.new_socket(self.from_new_client)
        self.port = self.entrance.getsockname()[1]
        self.upstream = {}  # client -> socket that the server knows the client by
        self.downstream = {}  # (client, server's port) -> socket that the client knows it by
        self.running = True

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.running = False
        self.join(PATIENCE)
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def new_socket(self, handler):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((HOST, 0))
        self.selector.register(made, selectors.EVENT_READ, handler)
        return made

    def run(self):
        while self.running:
            for key, _ in self.selector.select(0.05):
                packet, sender = key.fileobj.recvfrom(65536)
                key.data(packet, sender)

    def pass_on(self, through, packet, to):
        chance = self.random.random()
        if chance < self.loss:
            self.lost += 1
            return
        through.sendto(packet, to)
        if chance > 1 - self.doubling:
            self.doubled += 1
            through.sendto(packet, to)

    def from_new_client(self, packet, client):
        if client not in self.upstream:
            def from_server(answer, server, client=client):
                self.to_client(answer, server, client)
            self.upstream[client] = self.new_socket(from_server)
        self.pass_on(self.upstream[client], packet, self.server)

    def to_client(self, packet, server, client):
        if (client, server) not in self.downstream:
            def from_client(reply, _, server=server, client=client):
                self.pass_on(self.upstream[client], reply, server)
            self.downstream[client, server] = self.new_socket(from_client)
        self.pass_on(self.downstream[client, server], packet, client)
