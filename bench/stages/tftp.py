"""TFTP beside tftpd-hpa: throughput of one transfer, in lockstep and in windows. Servers have one core
and the client another one: what lockstep comes to depends more on where the scheduler puts the two than
on the server."""
import os
import statistics
import subprocess
import time

from bench.support.figures import Figure
from bench.support.load import MIB
from tests.support.cases import BASIC_CONFIGURATION
from tests.support.imaging import make_folders
from tests.support.server import Server, free_port, wait_until
from tests.support.tftp import HOST, Client, free_udp_port

SIZE = 64 * MIB
# Of 1500 bytes of Ethernet, what a block of TFTP may fill.
BLOCK = "blksize 1428"
CONFIGURATION = BASIC_CONFIGURATION + """
[imaging_api]
uuid = 35f23420-4050-4734-b172-d458915ef17d
base_folder = @FOLDER@/imaging
pxe_port = {pxe_port}
[tftp]
enabled = 1
port = {tftp_port}
"""


def on_core(index):
    """The words before a command that keep it on one of our cores."""
    return ["taskset", "--cpu-list", str(sorted(os.sched_getaffinity(0))[index])]


def fetch(port, *options):
    """MiB a second that atftp gets the image at."""
    words = [word for option in options for word in ("--option", option)]
    begin = time.monotonic()
    subprocess.run([*on_core(-1), "atftp", *words, "--get", "-r", "masters/image", "-l", "/dev/null", HOST,
                    str(port)], check=True, capture_output=True, timeout=120)
    return SIZE / MIB / (time.monotonic() - begin)


def answers(port):
    """Whether a TFTP server answers there, be it that a file is missing."""
    with Client(port, 0.5) as client:
        try:
            client.ask("none")
            client.receive()
            return True
        except OSError:
            return False


def compare(name, ours, peer, rounds):
    """Interleaved rounds; the figure of the ratio of the rates that both functions give."""
    pairs = []
    for number in range(rounds):
        first, second = (ours, peer) if number % 2 == 0 else (peer, ours)
        rates = {first: first(), second: second()}
        pairs.append((rates[ours], rates[peer]))
    ratio = Figure.of([mine / other for mine, other in pairs])
    rates = [statistics.median(pair[i] for pair in pairs) for i in (0, 1)]
    print(f"  {name:32} ours {rates[0]:9.0f}  tftpd-hpa {rates[1]:5.0f} MiB/s     "
          f"ratio {ratio.value:5.2f} ({ratio.least:.2f}-{ratio.most:.2f})", flush=True)
    return ratio


def measure(folder, options):
    imaging = make_folders(folder / "imaging")
    (folder / "src").mkdir()
    (folder / "upload").mkdir(mode=0o700)
    image = imaging / "masters" / "image"
    image.write_bytes(os.urandom(MIB) * (SIZE // MIB))
    ours, peer = free_udp_port(), free_udp_port()
    server = Server(folder, CONFIGURATION.format(pxe_port=free_port(), tftp_port=ours),
                    command_prefix=on_core(0)).start()
    hpa = subprocess.Popen([*on_core(0), "in.tftpd", "--foreground", "--secure", "--user", "root", "--address",
                            f"{HOST}:{peer}", str(imaging)])
    try:
        for port in (ours, peer):
            wait_until(lambda: answers(port), "both answer")  # pylint: disable=W0640
        yield "1428 lockstep", compare("blksize 1428", lambda: fetch(ours, BLOCK),
                                       lambda: fetch(peer, BLOCK), options.rounds)
        yield "1428 x 16", compare(
            "blksize 1428, windowsize 16", lambda: fetch(ours, BLOCK, "windowsize 16"),
            lambda: fetch(peer, BLOCK, "windowsize 16"), options.rounds)
    finally:
        hpa.terminate()
        hpa.wait()
        server.stop()
