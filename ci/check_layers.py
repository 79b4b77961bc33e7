#!/usr/bin/env python3
"""Checks the includes of src/ against the order of its folders.

The order is that of the pulse2_library() calls in CMakeLists.txt: a folder may include itself and
folders above it. The pure folders may neither include os/ or log/ nor Asio, Beast or a header that
makes system calls. `--print-pure` prints the pure folders.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PURE = ["base", "config", "xmlrpc", "http", "package", "bootmenu", "pxe", "assignment"]
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)
IMPURE_SYSTEM_HEADER = re.compile(
    r"^(boost/asio|boost/beast|spdlog|sqlite3|sys/|unistd\.h|fcntl\.h|fstream$|thread$"
    r"|netinet/|arpa/)")
# Paths as text are fine in a pure folder, looking at the disk is not.
FILE_SYSTEM_CALL = re.compile(r"\bfilesystem::(?!path\b)\w+")
# Only these folders make system calls: Linux headers elsewhere are a leak. <fcntl.h> is none: its
# flags are part of what os/ takes. doctor/ asks the system, app/ turns its process into a daemon.
SYSTEM_FOLDERS = {"os", "net", "store", "log", "doctor", "app"}
LINUX_HEADER = re.compile(r"^(sys/|unistd\.h|netinet/|arpa/|linux/|poll\.h|spawn\.h)")


def folder_order():
    text = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.findall(r"^pulse2_library\((\w+)", text, re.MULTILINE)


def problems_of_include(folder, quoted, included, rank):
    """Yields what is wrong with one #include of a file in `folder`."""
    target = included.split("/")[0]
    if quoted:
        if "/" not in included or target not in rank:
            yield f'"{included}" is not spelled as folder/file.hpp from src'
        elif rank[target] > rank[folder]:
            yield f'"{included}": {target} stands above {folder}'
        elif folder in PURE and target not in PURE:
            yield f'"{included}": {folder} is pure, {target} is not'
        return
    if folder in PURE and IMPURE_SYSTEM_HEADER.match(included):
        yield f"<{included}>: {folder} is pure"
    elif folder not in SYSTEM_FOLDERS and LINUX_HEADER.match(included):
        yield f"<{included}>: system calls are made in {', '.join(sorted(SYSTEM_FOLDERS))} only"


def problems_of_file(path, rank):
    folder = path.relative_to(ROOT / "src").parts[0]
    text = path.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        for problem in problems_of_include(folder, match[1] == '"', match[2], rank):
            yield f"{path.relative_to(ROOT)}:{line}: {problem}"
    call = FILE_SYSTEM_CALL.search(text) if folder in PURE else None
    if call:
        yield f"{path.relative_to(ROOT)}: {call[0]}: {folder} is pure"


def main():
    if sys.argv[1:] == ["--print-pure"]:
        print(" ".join(PURE))
        return 0
    order = folder_order()
    rank = {folder: position for position, folder in enumerate(order)}
    problems = []
    for folder in sorted((ROOT / "src").iterdir()):
        if folder.is_dir() and folder.name not in rank:
            problems.append(f"src/{folder.name}: not in CMakeLists.txt")
            continue
        for path in sorted(folder.rglob("*.[ch]pp")) if folder.is_dir() else []:
            problems.extend(problems_of_file(path, rank))
    print("\n".join(problems) if problems else f"{len(order)} folders, all includes point upwards")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
