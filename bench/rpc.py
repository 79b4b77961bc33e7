#!/usr/bin/env python3
"""XML-RPC calls side by side with nginx that serves a file of the answer's size.

bench/rpc.py [PACKAGES] [ROUNDS]   (default 1000 packages, 5 rounds)
"""
import pathlib
import shutil
import sys
import tempfile
import urllib.request
import xmlrpc.client

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "bench"))

from make_tree import make_tree, package_id  # noqa: E402
from side_by_side import Nginx, compare, start_server, use_release_build, wrk  # noqa: E402


def write_script(path, body):
    """A wrk script that posts `body`."""
    path.write_text("wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'text/xml'\n"
                    f"wrk.body = [==[{body}]==]\n", encoding="utf-8")
    return path


def main():
    use_release_build()
    packages = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rpc-", dir=ROOT / "build"))
    folder.chmod(0o755)
    make_tree(folder / "src", packages)
    (folder / "static").mkdir()
    server = start_server(folder / "server", folder / "src")
    fids = [file["id"] for package in server.proxy("/package_api").getAllPackages()[:10]
            for file in package["files"]]
    calls = (("/package_api", "getPackageDetail", (package_id(1),), 64),
             ("/package_api", "getAllPackages", (), 16),
             ("/mirror", "getFilesURI", (fids,), 64))
    try:
        with Nginx(folder, folder / "static") as nginx:
            for mount, method, parameters, connections in calls:
                body = xmlrpc.client.dumps(parameters, method)
                with urllib.request.urlopen(f"{server.url}{mount}", body.encode()) as answer:
                    (folder / "static" / method).write_bytes(answer.read())
                script = write_script(folder / f"{method}.lua", body)
                compare(f"{method}, {connections} connections",
                        lambda: wrk(f"{server.url}{mount}", connections, script=script),
                        lambda: wrk(f"{nginx.url}/{method}", connections), rounds)
    finally:
        server.stop()
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
