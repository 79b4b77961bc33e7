"""Calls beside nginx that serves the same bytes, or a file of 4 KiB, as a file."""
import urllib.request
import xmlrpc.client

from bench.support.load import compare, wrk
from bench.support.servers import Pair
from bench.support.trees import make_tree, package_id

PACKAGES = 1000
FOUR_KIB = 4096
GZIP = "Accept-Encoding: gzip"


def write_script(path, body):
    """A wrk script that posts `body`."""
    path.write_text("wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'text/xml'\n"
                    f"wrk.body = [==[{body}]==]\n", encoding="utf-8")
    return path


def answer_to(server, mount, body, headers):
    request = urllib.request.Request(server.url + mount, body.encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def measure(folder, options):
    make_tree(folder / "src", PACKAGES)
    static = folder / "static"
    static.mkdir()
    (static / "4KiB").write_bytes(b"x" * FOUR_KIB)
    with Pair(folder / "http", folder / "src", static) as pair:
        fids = [file["id"] for package in pair.ours.proxy("/package_api").getAllPackages()[:10]
                for file in package["files"]]
        calls = (("getAllPackages", "/package_api", (), 16, False),
                 ("getPackageDetail", "/package_api", (package_id(1),), 64, True),
                 ("getFileURI", "/mirror", (fids[0],), 64, True),
                 ("getFilesURI", "/mirror", (fids,), 64, False))
        for method, mount, parameters, connections, is_against_4_kib in calls:
            body = xmlrpc.client.dumps(parameters, method)
            (static / method).write_bytes(answer_to(pair.ours, mount, body, {}))
            script = write_script(folder / f"{method}.lua", body)
            path = "/4KiB" if is_against_4_kib else f"/{method}"
            yield from compare(method, pair,
                               lambda server: wrk(server, mount, connections, script=script),
                               lambda server: wrk(server, path, connections), options.rounds)
        yield from measure_gzip(folder, pair, options.rounds)


def measure_gzip(folder, pair, rounds):
    """The list compressed, beside nginx with gzip_static and the same compressed bytes."""
    compressed = answer_to(pair.ours, "/package_api", xmlrpc.client.dumps((), "getAllPackages"),
                           dict([GZIP.split(": ")]))
    (folder / "static" / "getAllPackages.gz").write_bytes(compressed)
    script = folder / "getAllPackages.lua"
    yield from compare("getAllPackages gzip", pair,
                       lambda server: wrk(server, "/package_api", 16, script=script, header=GZIP),
                       lambda server: wrk(server, "/getAllPackages", 16, header=GZIP), rounds)
