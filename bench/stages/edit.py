"""Changing packages.

packages  create, associate and list of 1,000 packages of five files, to writing the same files with
          cp and hashing them with md5sum
hashing   re-hash of large files that are in memory, to the speed at which openssl hashes MD5, per
          core times cores
"""
import os
import re
import shutil
import subprocess
import time

from bench.support.editing import must, start_editor
from bench.support.figures import Figure

PACKAGES, FILES, SIZE = 1000, 5, 512
FILE_MIB = 128
MIB = 1 << 20


def measure(folder, options):
    server = start_editor(folder / "server", folder / "src")
    try:
        yield "packages", Figure.of([packages(server, folder, number)
                                     for number in range(min(options.rounds, 3))])
        yield "hashing", Figure.of(list(rehashes(server, folder, options)))
    finally:
        server.stop()


def packages(server, folder, number):
    """Time of the tools to ours."""
    api, upload = server.proxy("/put"), server.folder / "upload"
    for i in range(PACKAGES):
        make_files(upload / f"r{number}-{i}")
    begin = time.monotonic()
    for i in range(PACKAGES):
        pid = f"r{number}-{i}"
        must(api.putPackageDetail({"id": pid, "label": f"Package {pid}"}))
        must(api.associatePackages(pid, [pid], 1))
    listed = len(api.getAllPackages())
    ours = time.monotonic() - begin
    if listed < PACKAGES * (number + 1):
        raise RuntimeError(f"{listed} packages are listed")
    tools = copy_and_hash(folder)
    print(f"  {PACKAGES} packages: ours {ours:.2f} s ({ours / PACKAGES * 1000:.2f} ms each, durable),"
          f" cp and md5sum {tools:.2f} s", flush=True)
    return tools / ours


def make_files(folder):
    folder.mkdir(parents=True)
    for number in range(FILES):
        (folder / f"file-{number}").write_bytes(os.urandom(SIZE))


def copy_and_hash(folder):
    """A copy, synced, and a hash of each package by the system's tools: what a script would do."""
    source, target = folder / "source", folder / "target"
    for number in range(PACKAGES):
        make_files(source / str(number))
    script = (f"mkdir {target}; for p in {source}/*; do cp -r $p {target}; cd {target}/${{p##*/}}; "
              "md5sum * > MD5SUMS; sync *; done")
    begin = time.monotonic()
    subprocess.run(["sh", "-ec", script], check=True)
    took = time.monotonic() - begin
    shutil.rmtree(source)
    shutil.rmtree(target)
    return took


def rehashes(server, folder, options):
    api, upload = server.proxy("/put"), server.folder / "upload"
    must(api.putPackageDetail({"id": "large", "label": "Large"}))
    files = max(options.rehash // FILE_MIB, 1)
    for number in range(min(options.rounds, 3)):
        place = upload / f"large{number}"
        place.mkdir()
        block = os.urandom(MIB)
        for i in range(files):
            with open(place / f"file-{i}", "wb") as file:
                for _ in range(FILE_MIB):
                    file.write(block)
                os.fsync(file.fileno())
        digest = seconds(["md5sum", *map(str, place.iterdir())])
        copy = seconds(["cp", "-r", str(place), str(folder / "copy")])
        shutil.rmtree(folder / "copy")
        openssl = openssl_speed()
        begin = time.monotonic()
        must(api.associatePackages("large", [place.name], 1))
        took = time.monotonic() - begin
        rate = files * FILE_MIB / took
        best = openssl * len(os.sched_getaffinity(0))
        print(f"  {files * FILE_MIB} MiB hashed in {took:.2f} s ({rate:.0f} MiB/s); md5sum "
              f"{digest:.2f} s, cp {copy:.2f} s, openssl {openssl:.0f} MiB/s per core", flush=True)
        yield rate / best


def seconds(command):
    begin = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - begin


def openssl_speed():
    """MiB that one core hashes in a second."""
    shown = subprocess.run(["openssl", "speed", "-seconds", "2", "-bytes", "1048576", "-evp", "md5"],
                           check=True, capture_output=True, text=True).stdout
    return float(re.search(r"^md5\s+([\d.]+)k", shown, re.MULTILINE | re.IGNORECASE)[1]) * 1000 / MIB
