"""How well downloads keep to the rates of `[http] max_download_rate…`: bytes that arrive in a while,
beside those that should."""
import socket
import statistics
import threading
import time

from bench.support.figures import Figure
from bench.support.servers import make_identity, start_server

MIB = 1 << 20
FILE_SIZE = 1 << 30
RATES = (1, 8, 64)  # MiB a second
CONNECTIONS = 12
# What may be sent at once after a rest, and what sockets hold, does not count.
SETTLING, WHILE = 1.0, 3.0


class Download(threading.Thread):
    """Reads one file as fast as it comes, and counts."""

    def __init__(self, server, source):
        super().__init__()
        self.received = 0
        self.socket = socket.create_connection((server.host, server.port), 30,
                                               source_address=(source, 0))
        if context := getattr(server, "context", None):
            self.socket = context.wrap_socket(self.socket, server_hostname=server.host)
        self.socket.sendall(b"GET /mirror_files/large.bin HTTP/1.1\r\nHost: bench\r\n\r\n")
        self.ends = False

    def run(self):
        while not self.ends:
            data = self.socket.recv(MIB)
            if not data:
                raise RuntimeError("the download broke off")
            self.received += len(data)
        self.socket.close()


def rate_of(server, sources):
    """Bytes a second that arrive for each source address."""
    downloads = [Download(server, sources[i % len(sources)]) for i in range(CONNECTIONS)]

    def received():
        totals = dict.fromkeys(sources, 0)
        for number, download in enumerate(downloads):
            totals[sources[number % len(sources)]] += download.received
        return time.monotonic(), totals

    for download in downloads:
        download.start()
    try:
        time.sleep(SETTLING)
        begin, before = received()
        time.sleep(WHILE)
        end, after = received()
    finally:
        for download in downloads:
            download.ends = True
        for download in downloads:
            download.join()
    return [(after[source] - before[source]) / (end - begin) for source in sources]


def ratios(folder, src, option, sources, tls=None):
    """Measured rate by set rate: for each rate, for each address."""
    for rate in RATES:
        server = start_server(folder / str(rate), src, tls, f"{option} = {rate} MiB")
        try:
            for measured in rate_of(server, sources):
                yield measured / (rate * MIB)
        finally:
            server.stop()


def measure(folder, _options):
    src = folder / "src"
    src.mkdir()
    with open(src / "large.bin", "wb") as file:
        file.truncate(FILE_SIZE)
    for name, option, sources, tls in (
            ("all", "max_download_rate", ("127.0.0.1",), None),
            ("address", "max_download_rate_per_address", ("127.0.0.1", "127.0.0.2"), None),
            ("all TLS", "max_download_rate", ("127.0.0.1",), make_identity(folder))):
        found = list(ratios(folder / name, src, option, sources, tls))
        print(f"  {name:32} {statistics.median(found):6.2f} of the rate, {min(found):.2f} to "
              f"{max(found):.2f}", flush=True)
        # The one that is furthest off counts.
        worst = max(found, key=lambda ratio: abs(ratio - 1))
        yield name, Figure(worst, min(found), max(found))
