"""Connections that wait, as keep-alive leaves them after one request each: what memory each costs,
beside nginx, and whether many of them cost processor time."""
import contextlib
import resource
import statistics
import time

from bench.support.figures import Figure
from bench.support.load import connect, request
from bench.support.servers import Pair, cpu_seconds, make_identity

WARM_UP = 500
STEPS, STEP = 3, 500
MANY = 20000
# Our server takes two descriptors into account for each connection, and some of its own.
OWN_DESCRIPTORS = 2000
SECONDS = 5


def measure(folder, _options):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    src = folder / "src"
    src.mkdir()
    (src / "file.txt").write_bytes(b"x" * 1000)
    for name, tls in (("HTTP", None), ("TLS", make_identity(folder))):
        with Pair(folder / name, src, src, tls) as pair:
            ours = memory_of(pair.ours, "/mirror_files/file.txt")
            peers = memory_of(pair.peer, "/file.txt")
            yield f"idle {name}", ours
            ratio = ours.value / max(peers.value, 1e-3)
            yield f"idle {name} ratio", Figure(ratio, ratio, ratio)
            print(f"  idle, {name:22} ours {ours.value:6.2f} KB a connection  "
                  f"nginx {peers.value:6.2f}", flush=True)
            if not tls:
                yield "idle CPU", cpu_of_many(pair.ours, min(MANY, (hard - OWN_DESCRIPTORS) // 2))


def open_one(server, path):
    connection = connect(server)
    length, body = request(connection, path)
    while len(body) < length:
        body += connection.recv(1024)
    return connection


def memory_of(server, path):
    """KB of the server's own memory for each further connection, the first ones not counted."""
    with contextlib.ExitStack() as open_ones:
        values = []
        for _ in range(WARM_UP):
            open_ones.enter_context(open_one(server, path))
        for _ in range(STEPS):
            before = server.anonymous_bytes()
            for _ in range(STEP):
                open_ones.enter_context(open_one(server, path))
            values.append((server.anonymous_bytes() - before) / STEP / 1000)
    return Figure.of(values)


def cpu_of_many(server, count):
    """Percent of a processor that so many idle connections take."""
    with contextlib.ExitStack() as open_ones:
        for _ in range(count):
            open_ones.enter_context(open_one(server, "/mirror_files/file.txt"))
        values = []
        for _ in range(3):
            before = cpu_seconds([server.process.pid])
            time.sleep(SECONDS)
            values.append((cpu_seconds([server.process.pid]) - before) / SECONDS * 100)
    print(f"  {count} idle connections: {statistics.median(values):.2f} % of a processor",
          flush=True)
    return Figure.of(values)
