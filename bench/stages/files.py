"""Files beside nginx: requests a second of small ones, throughput of large ones, HTTP and HTTPS."""
from bench.support.load import compare, download, download_many, handshakes, wrk
from bench.support.servers import Pair, make_identity

SIZES = {"1 KiB": 1 << 10, "16 KiB": 1 << 14, "64 KiB": 1 << 16, "1 MiB": 1 << 20, "16 MiB": 1 << 24, "1 GiB": 1 << 30}


def file_of(name):
    return name.replace(" ", "") + ".bin"


def write_file(path, size):
    """Content that repeats, written so that even a GiB takes no memory."""
    block = bytes(range(256)) * 4
    with open(path, "wb") as file:
        for _ in range(size // len(block)):
            file.write(block)


def both(work, name):
    """`work` on the same file of both servers."""
    return (lambda server: work(server, f"/mirror_files/{file_of(name)}"),
            lambda server: work(server, f"/{file_of(name)}"))


def measure(folder, options):
    src = folder / "src"
    src.mkdir()
    for name, size in SIZES.items():
        write_file(src / file_of(name), size)
    with Pair(folder / "http", src, src) as pair:
        yield from measure_http(pair, options.rounds)
    with Pair(folder / "https", src, src, make_identity(folder)) as pair:
        yield from measure_https(pair, options.rounds)


def measure_http(pair, rounds):
    for name in ("1 KiB", "16 KiB", "64 KiB", "1 MiB"):
        work = both(lambda server, path: wrk(server, path, 64), name)
        yield from compare(f"{name} x 64", pair, *work, rounds)
    work = both(lambda server, path: wrk(server, path, 64, unit="MiB"), "16 MiB")
    yield from compare("16 MiB x 64", pair, *work, rounds)
    yield from compare("1 GiB", pair, *both(download, "1 GiB"), rounds)


def measure_https(pair, rounds):
    work = both(lambda server, path: wrk(server, path, 64), "1 KiB")
    yield from compare("1 KiB x 64 TLS", pair, *work, rounds)
    yield from compare("1 GiB TLS", pair, *both(download, "1 GiB"), rounds)
    work = both(lambda server, path: download_many(server, path, 16), "1 GiB")
    yield from compare("1 GiB x 16 TLS", pair, *work, rounds)
    for name, is_resumed in (("TLS new", False), ("TLS resumed", True)):
        work = both(lambda server, path: handshakes(server, path, is_resumed), "1 KiB")
        yield from compare(name, pair, *work, rounds)
