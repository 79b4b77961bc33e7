"""Calls while others upload and a large package is hashed.

p99       of getPackageDetail meanwhile, to the same while nothing else happens
"""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
import xmlrpc.client

from bench.support.editing import must, push_parts, start_editor
from bench.support.figures import Figure
from bench.support.trees import make_tree, package_id
from bench.stages.rpc import write_script
from bench.stages.upload import make_base64

UPLOADS = 20
UPLOAD_MIB = 32
LARGE_MIB = 1024
SECONDS = 4
LONGEST = 60  # seconds that a client goes on at the most
MIB = 1 << 20
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def measure(folder, options):
    make_tree(folder / "src", 100)
    text, body = folder / "text", folder / "body"
    make_base64(text, UPLOAD_MIB)
    server = start_editor(folder / "server", folder / "src")
    script = write_script(folder / "detail.lua",
                          xmlrpc.client.dumps((package_id(1),), "getPackageDetail"))
    try:
        must(server.proxy("/put").putPackageDetail({"id": "large", "label": "Large"}))
        rates = []
        for number in range(min(options.rounds, 3)):
            idle = p99(server, script)
            make_large(server.folder / "upload" / "large", number)
            with contextlib.ExitStack() as others:
                for i in range(UPLOADS):
                    others.callback(end, upload(server, folder, text, i))
                others.callback(end, associate(server, folder))
                time.sleep(0.2)  # until they are under way
                busy = p99(server, script)
            rates.append(busy / idle)
            print(f"  p99 of getPackageDetail: idle {idle * 1e3:.2f} ms, "
                  f"busy {busy * 1e3:.2f} ms", flush=True)
    finally:
        server.stop()
    yield "p99", Figure.of(rates)


def p99(server, script):
    """Seconds within which 99 of 100 calls of one client after the other are answered."""
    # The client gets the processor when it wants it, as far as we may give it: what it waits for is
    # the server.
    shown = subprocess.run(
        ["nice", "-n", "-10", "wrk", "-t1", "-c4", f"-d{SECONDS}s", "--latency", "-s", str(script),
         server.url + "/put"], check=True, capture_output=True, text=True, timeout=60).stdout
    if "Non-2xx" in shown:
        raise RuntimeError(shown)
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", shown).groups()
    return float(number) * UNITS[unit]


def upload(server, folder, text, number):
    """A client that uploads the same file again and again."""
    body = folder / f"body{number}"
    before, after = push_parts(f"upload{number}")
    with open(body, "wb") as file:
        file.write(before + text.read_bytes() + after)
    return repeat(server, body)


def associate(server, folder):
    """A client that has the large files hashed."""
    body = folder / "associate"
    body.write_bytes(xmlrpc.client.dumps(("large", ["large"], 1), "associatePackages").encode())
    return repeat(server, body)


def repeat(server, body):
    """Makes a call again and again. It ends by itself, even when nobody ends it."""
    command = (f"while :; do curl -s -o /dev/null -H Expect: --data-binary @{body} "
               f"{server.url}/put; done")
    # They stand for other machines: server and measured client come before them.
    return subprocess.Popen(["nice", "-n", "19", "timeout", str(LONGEST), "sh", "-c", command],
                            start_new_session=True)


def end(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    process.wait()


def make_large(folder, number):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    block = os.urandom(MIB)
    for i in range(LARGE_MIB // 128):
        with open(folder / f"file-{number}-{i}", "wb") as file:
            for _ in range(128):
                file.write(block)
