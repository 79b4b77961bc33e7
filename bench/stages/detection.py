"""Detection of packages that change in folders.

idle      processor time that a round takes in which nothing changed
visible   from the moment at which a changed description is complete (half a second after it was
          written: no smart method) until an answer shows it
Rounds are an hour apart for the latter: what is found was found by a hint of the system.
"""
import pathlib
import statistics
import time

from bench.support.figures import Figure
from bench.support.servers import CONFIGURATION, cpu_seconds
from bench.support.trees import make_tree
from tests.support.packages import conf_xml, make_package
from tests.support.server import Server, wait_until

ROUND = 2  # seconds
ROUNDS = 5  # in each measurement
QUIET = 0.5
CHANGES = 9


def measure(folder, options):
    for packages in options.packages:
        place = folder / str(packages)
        place.mkdir()
        make_tree(place / "src", packages)
        make_package(place / "src", "changed", {"a.txt": b"a"})
        yield f"{packages} idle", idle(place, options.rounds)
        yield f"{packages} visible", visible(place)


def server_with_rounds(folder, seconds):
    """A server that has looked through the tree once."""
    text = CONFIGURATION.format(src=folder / "src", ssl="enablessl = 0", http="")
    text = text.replace("[main]\n", "[main]\npackage_detect_activate = 1\n"
                        f"package_detect_loop = {seconds}\n", 1)
    server = Server(folder, text).start()
    wait_until(lambda: "detection.watching" in server.log(), "the tree is watched", 600)
    return server


def idle(folder, measurements):
    server = server_with_rounds(folder, ROUND)
    seconds = []
    for _ in range(measurements):
        before = cpu_seconds([server.process.pid])
        time.sleep(ROUND * ROUNDS)
        seconds.append((cpu_seconds([server.process.pid]) - before) / ROUNDS)
    server.stop()
    print(f"  {statistics.median(seconds):.3f} s of processor time for a round", flush=True)
    return Figure.of(seconds)


def visible(folder):
    server = server_with_rounds(folder, 3600)
    api = server.proxy("/package_api")
    description = pathlib.Path(folder / "src" / "changed" / "conf.xml")
    seconds = []
    for number in range(CHANGES):
        label = f"Change {number}"
        description.write_bytes(conf_xml("changed", label=label))
        begin = time.monotonic()
        wait_until(lambda: api.getPackageDetail("changed").get("label") == label, label)
        seconds.append(time.monotonic() - begin - QUIET)
    server.stop()
    print(f"  visible {max(seconds):.3f} s after it was complete, at most", flush=True)
    return Figure.of(seconds)
