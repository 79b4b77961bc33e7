"""Starts our server over a tree and measures until everything is served; and what it is held
against: `find` and `md5sum` over the same tree."""
import dataclasses
import http.client
import os
import pathlib
import subprocess
import time
import xmlrpc.client

from bench.support.servers import CONFIGURATION
from tests.support.server import Server, wait_until

MIB = 1 << 20


@dataclasses.dataclass
class Start:
    """One start: seconds until the port answers and until everything is served, MiB resident then,
    and seconds that the list of all packages takes."""

    listening: float
    complete: float
    resident: float
    listing: float


def drop_page_cache():
    """Only root may; without it "cold" has its files in memory."""
    os.sync()
    try:
        pathlib.Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
        return True
    except OSError:
        return False


def list_packages(server):
    """Packages in the list, by the cheapest look at it, and seconds that it took."""
    call = xmlrpc.client.dumps((), "getAllPackages").encode()
    connection = http.client.HTTPConnection(server.host, server.port, timeout=600)
    begin = time.monotonic()
    connection.request("POST", "/package_api", call)
    body = connection.getresponse().read()
    took = time.monotonic() - begin
    connection.close()
    return body.count(b"<name>basepath</name>"), took


def start(folder, packages, kind):
    """Starts the server over `folder`/src once, with the state that is in `folder`."""
    server = Server(folder, CONFIGURATION.format(src=folder / "src", ssl="enablessl = 0", http=""))
    begin = time.monotonic()
    server.start(ready=False)
    try:
        listening = time.monotonic() - begin
        wait_until(server.has_scanned, "the scan is over", 600)
        complete = time.monotonic() - begin
        # Before the list: its client and its buffers are no matter of the packages.
        resident = server.resident_bytes() / MIB
        listed, listing = list_packages(server)
    finally:
        server.stop()
    if listed != packages:
        raise RuntimeError(f"{listed} of {packages} packages are listed")
    print(f"  {packages:7} packages, {kind:9} listening {listening:5.2f} s  all served "
          f"{complete:6.2f} s  resident {resident:6.1f} MiB  list {listing * 1000:5.0f} ms",
          flush=True)
    return Start(listening, complete, resident, listing)


def seconds_of(command):
    begin = time.monotonic()
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL, timeout=600)
    return time.monotonic() - begin


def find_seconds(folder):
    """What `find` takes to look at every file of the tree."""
    return seconds_of(f"find '{folder}/src' -printf '%p %i %s %T@ %C@\\n'")


def md5sum_seconds(folder):
    """What as many md5sum as there are processors take for all files of the tree."""
    return seconds_of(f"find '{folder}/src' -type f -name 'file-*' -print0 "
                      "| xargs -0 -P$(nproc) md5sum")
