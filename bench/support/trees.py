"""Makes trees of packages. The content depends on the numbers only: two runs give the same tree."""
import hashlib
import os
import pathlib

CONF_XML = """<?xml version="1.0" encoding="utf-8"?>
<package id="{pid}">
\t<name>Generated package {number}</name>
\t<version>
\t\t<numeric>1.{minor}</numeric>
\t\t<label>1.{minor}</label>
\t</version>
\t<description>Generated package number {number}, made to measure with</description>
\t<licenses></licenses>
\t<commands reboot="0">
\t\t<preCommand name=""></preCommand>
\t\t<installInit name=""></installInit>
\t\t<command name="install">sh ./file-0.sh --quiet --number {number}</command>
\t\t<postCommandSuccess name=""></postCommandSuccess>
\t\t<postCommandFailure name=""></postCommandFailure>
\t</commands>
\t<associateinventory>0</associateinventory>
\t<query>
\t\t<Qvendor>Vendor {vendor}</Qvendor>
\t\t<Qsoftware>Software {number}</Qsoftware>
\t\t<Qversion>1.{minor}</Qversion>
\t\t<boolcnd></boolcnd>
\t</query>
</package>
"""
LAST_YEAR = 1_700_000_000


def package_id(number):
    """A UUID-like id that depends on the number only."""
    digest = hashlib.md5(str(number).encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def content_of(number, file_number, size):
    seed = f"package {number} file {file_number}\n".encode()
    return (seed * (size // len(seed) + 1))[:size]


def make_package(root, number, files, size, migrated):
    pid = package_id(number)
    folder = os.path.join(root, pid)
    os.mkdir(folder)
    lines = []
    for file_number in range(files):
        name = f"file-{file_number}" + (".sh" if file_number == 0 else ".bin")
        content = content_of(number, file_number, size)
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(content)
        if migrated:
            os.utime(path, (LAST_YEAR, LAST_YEAR))
        lines.append(f"{hashlib.md5(content).hexdigest()}  {name}\n")
    with open(os.path.join(folder, "conf.xml"), "w", encoding="utf-8") as file:
        file.write(CONF_XML.format(pid=pid, number=number, minor=number % 10, vendor=number % 97))
    if migrated:
        with open(os.path.join(folder, "MD5SUMS"), "w", encoding="ascii") as file:
            file.write("".join(sorted(lines, key=lambda line: line[34:])))


def make_tree(folder, packages, files=5, size=512, migrated=False):
    """Makes the tree in a new folder. `migrated`: with an MD5SUMS newer than the files in each
    package, as a tree has that another server kept."""
    pathlib.Path(folder).mkdir(parents=True)
    for number in range(packages):
        make_package(str(folder), number, files, size, migrated)
