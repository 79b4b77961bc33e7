"""Loads a server for a moment, and compares two in interleaved rounds."""
import dataclasses
import re
import socket
import ssl
import statistics
import subprocess
import threading
import time

from bench.support.figures import Figure
from bench.support.servers import cpu_seconds

BYTES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
MIB = 1 << 20


@dataclasses.dataclass
class Work:
    """What a client got done."""

    amount: float
    unit: str
    seconds: float


def wrk(server, path, connections, seconds=2, script=None, unit="requests", header=None):
    """Requests, or MiB, that wrk got; an answer that is no 2xx ends the measurement."""
    url = server.url + path
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", url]
    if header:
        command[1:1] = ["-H", header]
    if script:
        command[1:1] = ["-s", str(script)]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise RuntimeError(f"{url}: {output}")
    requests = int(re.search(r"(\d+) requests in", output)[1])
    took = requests / float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    if unit == "requests":
        return Work(requests, unit, took)
    amount, scale = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?)B", output).groups()
    return Work(float(amount) * BYTES[scale] * took / MIB, unit, took)


def connect(server):
    """A connected socket, through TLS where the server speaks it."""
    connection = socket.create_connection((server.host, server.port), timeout=60)
    context = getattr(server, "context", None)
    return context.wrap_socket(connection, server_hostname=server.host) if context else connection


def request(connection, path):
    """Sends a GET and reads the answer's head; returns the length and what came of the body."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = connection.recv(1024)
        if not more:
            raise RuntimeError(f"{path}: cut off")
        answer += more
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head:
        raise RuntimeError(f"{path}: {head}")
    return int(re.search(rb"(?i)content-length: *(\d+)", head)[1]), body


def download(server, path):
    """One GET of a large file by one client, which throws the bytes away."""
    buffer = memoryview(bytearray(256 << 10))
    with connect(server) as connection:
        begin = time.monotonic()
        length, body = request(connection, path)
        left = length - len(body)
        while left > 0:
            got = connection.recv_into(buffer)
            if got == 0:
                raise RuntimeError(f"{path}: cut off")
            left -= got
        return Work(length / MIB, "MiB", time.monotonic() - begin)


def begin_encrypted(server, path, requests):
    """So many GET at once through TLS on a new connection, whose first answer has begun; nobody
    will decrypt the rest."""
    connection = socket.create_connection((server.host, server.port), timeout=60)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = server.context.wrap_bio(incoming, outgoing, server_hostname=server.host)

    def until_done(step):
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                result = None
            connection.sendall(outgoing.read())
            if result is not None:
                return result
            incoming.write(connection.recv(4096))

    until_done(lambda: tls.do_handshake() or True)
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()
    until_done(lambda: tls.write(request * requests))
    head = until_done(lambda: tls.read(4096))
    if b" 200 " not in head:
        raise RuntimeError(f"{path}: {head}")
    return connection


class Receiver(threading.Thread):
    """Takes one large file from a server and throws it away until it is told to stop; counts. The
    kernel drops the bytes: clients that copy and decrypt on the processors of the server would be
    half of what is measured."""

    def __init__(self, server, path):
        super().__init__()
        self.received = 0
        self.ends = False
        # One connection may get all that a thread can encrypt, more than one file in a while.
        self.socket = begin_encrypted(server, path, requests=8)

    def run(self):
        buffer = bytearray(1 << 20)
        with self.socket:
            while not self.ends:
                got = self.socket.recv_into(buffer, len(buffer), socket.MSG_TRUNC)
                if got == 0:
                    raise RuntimeError("cut off")
                self.received += got


def download_many(server, path, connections, seconds=2):
    """What so many clients get of a large file through TLS in a while."""
    receivers = [Receiver(server, path) for _ in range(connections)]
    for receiver in receivers:
        receiver.start()
    try:
        begin, before = time.monotonic(), sum(receiver.received for receiver in receivers)
        time.sleep(seconds)
        took, after = time.monotonic() - begin, sum(receiver.received for receiver in receivers)
    finally:
        for receiver in receivers:
            receiver.ends = True
        for receiver in receivers:
            receiver.join()
    return Work((after - before) / MIB, "MiB", took)


def handshakes(server, path, resumed, clients=4, seconds=2):
    """New HTTPS connections with one request each, as `openssl s_time` counts them."""
    command = ["openssl", "s_time", "-connect", f"{server.host}:{server.port}", "-www", path,
               "-time", str(seconds), "-reuse" if resumed else "-new"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                text=True) for _ in range(clients)]
    count = 0
    for process in running:
        output, _ = process.communicate(timeout=60)
        # The letters before the count say of each connection whether it was resumed.
        made, real = re.search(r"(\d+) connections in (\d+) real seconds", output).groups()
        letters = re.search(r"^[*rt]+$", output, re.MULTILINE)
        if resumed and letters and letters[0].count("r") < len(letters[0]) / 2:
            raise RuntimeError(f"{server.url}: sessions are not resumed")
        count += int(made) / int(real)
    return Work(count, "connections", 1)


def measured(pair, server, work):
    """`work(server)` as (amount a second, processor seconds for each, unit)."""
    before = cpu_seconds(pair.pids_of(server))
    done = work(server)
    used = cpu_seconds(pair.pids_of(server)) - before
    return done.amount / done.seconds, used / done.amount, done.unit


def compare(name, pair, ours, peers, rounds):
    """Interleaved rounds of the work `ours(server)` and `peers(server)`, either first in turn.
    Prints the medians and yields the figures: ours to the peer's of `name`, and of the processor
    time that each unit of it took."""
    pairs = []
    for number in range(rounds):
        if number % 2 == 0:
            mine = measured(pair, pair.ours, ours)
            other = measured(pair, pair.peer, peers)
        else:
            other = measured(pair, pair.peer, peers)
            mine = measured(pair, pair.ours, ours)
        pairs.append((mine, other))
    ratio = Figure.of([mine[0] / other[0] for mine, other in pairs])
    cpu = Figure.of([mine[1] / max(other[1], 1e-12) for mine, other in pairs])
    rates = [statistics.median(each[i][0] for each in pairs) for i in (0, 1)]
    print(f"  {name:28} ours {rates[0]:9.0f}  nginx {rates[1]:9.0f} {pairs[0][0][2] + '/s':14}"
          f"  ratio {ratio.value:5.2f} ({ratio.least:.2f}-{ratio.most:.2f})  CPU {cpu.value:5.2f}",
          flush=True)
    yield name, ratio
    yield f"{name} CPU", cpu
