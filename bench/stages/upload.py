"""One large upload beside `base64 -d` of the same text, and what memory it takes.

upload    speed of a pushPackage call, until the file is durable, to that of base64 -d
memory    anonymous memory above idle at its peak
"""
import os
import pathlib
import socket
import subprocess
import threading
import time

from bench.support.editing import push_parts, start_editor
from bench.support.figures import Figure

MIB = 1 << 20


def measure(folder, options):
    text = folder / "text"
    make_base64(text, options.upload)
    server = start_editor(folder / "server", folder / "src")
    rates, peaks = [], []
    try:
        idle = server.anonymous_bytes()
        for number in range(options.rounds):
            decoding = decode(text, folder / "decoded")
            peak = Peak(server)
            uploading = push(server, f"upload{number}", text)
            peaks.append((peak.stop() - idle) / MIB)
            rates.append(decoding / uploading)
            file = server.folder / "upload" / f"upload{number}" / "file"
            if file.stat().st_size != text.stat().st_size // 4 * 3:
                raise RuntimeError(f"{file}: {file.stat().st_size} bytes")
            file.unlink()
            print(f"  {options.upload} MiB of base64: base64 -d {decoding:6.2f} s, "
                  f"upload {uploading:6.2f} s, anonymous memory +{peaks[-1]:.1f} MiB", flush=True)
    finally:
        server.stop()
    yield "speed", Figure.of(rates)
    yield "memory", Figure.of(peaks)


def make_base64(path, mebibytes):
    """Text of so many MiB in one line, as consoles send it."""
    block = os.urandom(3 * MIB)
    encoded = subprocess.run(["base64", "-w0"], input=block, stdout=subprocess.PIPE,
                             check=True).stdout
    with open(path, "wb") as file:
        for _ in range(mebibytes // 4):
            file.write(encoded)
        os.fsync(file.fileno())


def decode(text, target):
    begin = time.monotonic()
    with open(text, "rb") as source, open(target, "wb") as file:
        subprocess.run(["base64", "-d"], stdin=source, stdout=file, check=True)
    took = time.monotonic() - begin
    pathlib.Path(target).unlink()
    return took


def push(server, name, text):
    """Seconds that a call takes whose file is `text`."""
    before, after = push_parts(name)
    length = len(before) + text.stat().st_size + len(after)
    begin = time.monotonic()
    with open(text, "rb") as file, \
            socket.create_connection((server.host, server.port), timeout=600) as connection:
        connection.sendall(f"POST /put HTTP/1.1\r\nHost: bench\r\nContent-Length: {length}\r\n"
                           "Connection: close\r\n\r\n".encode() + before)
        connection.sendfile(file)
        connection.sendall(after)
        answer = b""
        while more := connection.recv(65536):
            answer += more
    if b"<boolean>1" not in answer:
        raise RuntimeError(answer.decode())
    return time.monotonic() - begin


class Peak(threading.Thread):
    """Watches a server's anonymous memory."""

    def __init__(self, server):
        super().__init__()
        self.server, self.most, self.done = server, 0, threading.Event()
        self.start()

    def run(self):
        while not self.done.wait(0.02):
            self.most = max(self.most, self.server.anonymous_bytes())

    def stop(self):
        self.done.set()
        self.join()
        return self.most
