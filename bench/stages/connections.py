"""Memory of connections that wait: after one request each, as keep-alive leaves them."""
import contextlib
import resource
import statistics

from bench.support.figures import Figure
from bench.support.load import connect, request
from bench.support.servers import make_identity, start_server

WARM_UP = 500
STEPS, STEP = 3, 500


def measure(folder, _options):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))
    src = folder / "src"
    src.mkdir()
    (src / "file.txt").write_bytes(b"x" * 1000)
    yield "idle HTTP", measure_idle("idle, HTTP", start_server(folder / "http", src))
    server = start_server(folder / "https", src, make_identity(folder))
    yield "idle TLS", measure_idle("idle, HTTPS", server)


def open_one(server):
    connection = connect(server)
    length, body = request(connection, "/mirror_files/file.txt")
    while len(body) < length:
        body += connection.recv(1024)
    return connection


def measure_idle(name, server):
    """KB of the server's own memory for each further connection, the first ones not counted."""
    with contextlib.ExitStack() as open_ones:
        open_ones.callback(server.stop)
        values = []
        for _ in range(WARM_UP):
            open_ones.enter_context(open_one(server))
        for _ in range(STEPS):
            before = server.anonymous_bytes()
            for _ in range(STEP):
                open_ones.enter_context(open_one(server))
            values.append((server.anonymous_bytes() - before) / STEP / 1000)
    print(f"  {name:32} {statistics.median(values):6.2f} KB a connection", flush=True)
    return Figure.of(values)
