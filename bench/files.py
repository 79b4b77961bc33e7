#!/usr/bin/env python3
"""Files side by side with nginx: requests a second at several sizes. bench/files.py [ROUNDS]"""
import pathlib
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "bench"))

from side_by_side import Nginx, compare, start_server, use_release_build, wrk  # noqa: E402

SIZES = {"1 KiB": 1 << 10, "64 KiB": 1 << 16, "1 MiB": 1 << 20, "16 MiB": 1 << 24}


def main():
    use_release_build()
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    folder = pathlib.Path(tempfile.mkdtemp(prefix="files-", dir=ROOT / "build"))
    # nginx' workers run as another user: they must get at the files.
    folder.chmod(0o755)
    src = folder / "src"
    src.mkdir()
    for name, size in SIZES.items():
        (src / f"{name.replace(' ', '')}.bin").write_bytes(b"x" * size)
    server = start_server(folder / "server", src)
    try:
        with Nginx(folder, src) as nginx:
            for name in SIZES:
                file = f"{name.replace(' ', '')}.bin"
                compare(f"GET {name}, 64 connections",
                        lambda: wrk(f"{server.url}/mirror_files/{file}"),
                        lambda: wrk(f"{nginx.url}/{file}"), rounds)
    finally:
        server.stop()
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
