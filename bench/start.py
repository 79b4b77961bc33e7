#!/usr/bin/env python3
"""Start time and resident memory: bench/start.py [PACKAGES...]   (default 1000 10000 100000)

cold      nothing remembered, page cache dropped (as root), no MD5SUMS: every payload is read
warm      the second start
migrated  nothing remembered, but MD5SUMS of another server
Times are until the port answers, and until all packages are in getAllPackages' list.
"""
import http.client
import pathlib
import shutil
import sys
import tempfile
import time
import xmlrpc.client

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "bench"))

from make_tree import make_tree  # noqa: E402
from side_by_side import our_configuration, use_release_build  # noqa: E402
from tests.support.server import Server, wait_until  # noqa: E402


def drop_page_cache():
    """Only root may; without it "cold" has its files in memory."""
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
        return True
    except OSError:
        return False


def count_packages(server):
    """Packages in the list, by the cheapest look at it."""
    call = xmlrpc.client.dumps((), "getAllPackages").encode()
    connection = http.client.HTTPConnection(server.host, server.port, timeout=600)
    connection.request("POST", "/package_api", call)
    body = connection.getresponse().read()
    connection.close()
    return body.count(b"<name>basepath</name>")


def measure(folder, packages, kind):
    server = Server(folder, our_configuration(folder / "src"))
    begin = time.monotonic()
    server.start(ready=False)
    listening = time.monotonic() - begin
    wait_until(server.has_scanned, "the scan is over", 3600)
    if count_packages(server) != packages:
        raise RuntimeError(f"{count_packages(server)} of {packages} packages are listed")
    complete = time.monotonic() - begin
    resident = server.resident_bytes() / 2**20
    print(f"{packages:7} packages  {kind:8}  listening {listening:6.2f} s  "
          f"all listed {complete:7.2f} s  resident {resident:6.1f} MiB", flush=True)
    server.stop()


def measure_all(packages):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="start-", dir=ROOT / "build"))
    try:
        make_tree(folder / "src", packages)
        drop_page_cache()
        measure(folder, packages, "cold")
        measure(folder, packages, "warm")
        shutil.rmtree(folder / "src")
        shutil.rmtree(folder / "state")
        make_tree(folder / "src", packages, migrated=True)
        measure(folder, packages, "migrated")
    finally:
        shutil.rmtree(folder)


def main():
    use_release_build()
    if not drop_page_cache():
        print("not root: the page cache stays, cold starts look better than they are")
    for packages in [int(word) for word in sys.argv[1:]] or [1000, 10000, 100000]:
        measure_all(packages)
    return 0


if __name__ == "__main__":
    sys.exit(main())
