"""Start time and resident memory.

cold      nothing remembered, page cache dropped (as root), no MD5SUMS: every payload is read
warm      a second start
migrated  nothing remembered, but MD5SUMS of another server: until everything is served and verified
Times are until the port answers, and until the list of getAllPackages has every package.
"""
import http.client
import pathlib
import shutil
import time
import xmlrpc.client

from bench.support.figures import Figure
from bench.support.servers import CONFIGURATION
from bench.support.trees import make_tree
from tests.support.server import Server, wait_until

WARM_STARTS = 5


def measure(folder, options):
    if not drop_page_cache():
        print("  not root: the page cache stays, cold starts look better than they are")
    for packages in options.packages:
        place = folder / str(packages)
        place.mkdir()
        make_tree(place / "src", packages)
        drop_page_cache()
        start(place, packages, "cold")
        warm = [start(place, packages, "warm") for _ in range(WARM_STARTS)]
        yield f"{packages} warm", Figure.of([seconds for seconds, _ in warm])
        yield f"{packages} resident", Figure.of([resident for _, resident in warm])
        shutil.rmtree(place)
        place.mkdir()
        make_tree(place / "src", packages, migrated=True)
        start(place, packages, "migrated")
        shutil.rmtree(place)


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


def start(folder, packages, kind):
    """Starts the server once; seconds until everything is served, and MiB then."""
    server = Server(folder, CONFIGURATION.format(src=folder / "src", ssl="enablessl = 0",
                                                 http=""))
    begin = time.monotonic()
    server.start(ready=False)
    listening = time.monotonic() - begin
    wait_until(server.has_scanned, "the scan is over", 3600)
    complete = time.monotonic() - begin
    listed = count_packages(server)
    resident = server.resident_bytes() / (1 << 20)
    server.stop()
    if listed != packages:
        raise RuntimeError(f"{listed} of {packages} packages are listed")
    print(f"  {packages:7} packages, {kind:8}  listening {listening:6.2f} s  "
          f"all served {complete:7.2f} s  resident {resident:6.1f} MiB", flush=True)
    return complete, resident
