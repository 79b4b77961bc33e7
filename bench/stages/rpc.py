"""Calls beside nginx that serves the same bytes, or a file of 4 KiB, as a file."""
import urllib.request
import xmlrpc.client

from bench.support.load import compare, wrk
from bench.support.servers import Pair
from bench.support.trees import make_tree, package_id

PACKAGES = 1000
FOUR_KIB = 4096


def write_script(path, body):
    """A wrk script that posts `body`."""
    path.write_text("wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'text/xml'\n"
                    f"wrk.body = [==[{body}]==]\n", encoding="utf-8")
    return path


def measure(folder, options):
    make_tree(folder / "src", PACKAGES)
    static = folder / "static"
    static.mkdir()
    (static / "4KiB").write_bytes(b"x" * FOUR_KIB)
    with Pair(folder / "http", folder / "src", static) as pair:
        fids = [file["id"] for package in pair.ours.proxy("/package_api").getAllPackages()[:10]
                for file in package["files"]]
        calls = (("getAllPackages", "/package_api", (), 16, "same bytes"),
                 ("getPackageDetail", "/package_api", (package_id(1),), 64, "4 KiB"),
                 ("getFilesURI", "/mirror", (fids,), 64, "same bytes"))
        for method, mount, parameters, connections, against in calls:
            body = xmlrpc.client.dumps(parameters, method)
            with urllib.request.urlopen(pair.ours.url + mount, body.encode()) as answer:
                (static / method).write_bytes(answer.read())
            script = write_script(folder / f"{method}.lua", body)
            path = "/4KiB" if against == "4 KiB" else f"/{method}"
            yield method, compare(
                f"{method} x {connections}", pair,
                lambda server: wrk(server, mount, connections, script=script),
                lambda server: wrk(server, path, connections), options.rounds)
