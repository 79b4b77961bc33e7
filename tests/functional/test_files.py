"""Files over HTTP: what wget, curl, the pull proxy and hostile clients send."""
import hashlib
import os
import re
import select
import subprocess
import urllib.parse

from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.packages import make_package
from tests.support.wire import Connection, get

LARGE = bytes(range(256)) * 16384  # 4 MiB, its parts tell where they come from
BINARY = "/mirror1_files/large/large.bin"


class Files(ServerTest):
    """GET and HEAD below <mount>_files."""

    @classmethod
    def make_tree(cls, src):
        make_package(src, "large", {"large.bin": LARGE, "install.sh": b"#!/bin/sh\n"})
        make_package(src, "names", {
            "données été.txt": b"utf-8", "a b&c'(1)~$;!*+%.txt": b"special", "sub/a..b.exe": b"MZ",
            "setup.msi": b"msi", "setup.deb": b"deb", "data.unknown-suffix": b"?"})
        (src / "plain.txt").write_bytes(b"no package\n")
        outside = cls.folder / "outside"
        outside.mkdir()
        (outside / "secret.txt").write_bytes(b"secret")
        os.symlink(outside / "secret.txt", src / "names" / "link-out.txt")
        os.symlink(outside, src / "names" / "folder-out")
        os.symlink("../../../outside/secret.txt", src / "names" / "sub" / "relative-out.txt")
        os.symlink("nowhere", src / "names" / "link-nowhere.txt")
        os.symlink("sub/a..b.exe", src / "names" / "link-beside.txt")
        os.symlink("plain.txt", src / "link-in.txt")

    def assert_answer(self, path, status, body=None, **arguments):
        answer = get(self.server, path, **arguments)
        self.assertIsNotNone(answer, path)
        self.assertEqual(status, answer.status, path)
        if body is not None:
            self.assertEqual(body, answer.body)
        return answer

    def test_small_and_large_files(self):
        self.assert_answer("/mirror1_files/plain.txt", 200, b"no package\n")
        answer = self.assert_answer(BINARY, 200)
        self.assertEqual(hashlib.md5(LARGE).digest(), hashlib.md5(answer.body).digest())
        self.assertEqual("bytes", answer.headers["accept-ranges"])
        self.assertRegex(answer.headers["etag"], r'^"[^"]+"$')
        self.assertIn("last-modified", answer.headers)
        self.assertIn("date", answer.headers)

    def test_head_is_get_without_its_body(self):
        whole = get(self.server, BINARY)
        head = get(self.server, BINARY, method="HEAD")
        for name in ("content-length", "content-type", "etag", "last-modified", "accept-ranges"):
            self.assertEqual(whole.headers[name], head.headers[name])

    def test_content_types(self):
        for name, kind in (("sub/a..b.exe", "application/x-msdos-program"),
                           ("data.unknown-suffix", "application/octet-stream"),
                           ("conf.xml", "application/xml"), ("MD5SUMS", "text/plain")):
            answer = self.assert_answer(f"/mirror1_files/names/{name}", 200)
            self.assertEqual(kind, answer.headers["content-type"].split(";")[0], name)

    def test_names_raw_and_encoded(self):
        for name, content in (("données été.txt", b"utf-8"), ("a b&c'(1)~$;!*+%.txt", b"special"),
                              ("sub/a..b.exe", b"MZ")):
            self.assert_answer("/mirror1_files/names/" + urllib.parse.quote(name), 200, content)
        self.assert_answer("/mirror1_files/names/données%20été.txt", 200, b"utf-8")
        self.assert_answer("/mirror1_files/names/%64%6Fnn%c3%a9es%20%C3%A9t%C3%A9.txt", 200)

    def test_single_ranges(self):
        size = len(LARGE)
        for text, begin, end in (("0-0", 0, 1), ("100-199", 100, 200), ("1048570-3145737", 1048570,
                                 3145738), (f"{size - 1}-", size - 1, size), ("-7", size - 7, size),
                                 (f"0-{size * 2}", 0, size), (f"-{size * 2}", 0, size)):
            answer = self.assert_answer(BINARY, 206, LARGE[begin:end],
                                        headers=[f"Range: bytes={text}"])
            self.assertEqual(f"bytes {begin}-{end - 1}/{size}", answer.headers["content-range"])

    def test_several_ranges(self):
        answer = self.assert_answer(BINARY, 206, headers=["Range: bytes=0-9, 1000-1999, -5"])
        kind = re.fullmatch(r'multipart/byteranges; boundary="?([^"]+)"?',
                            answer.headers["content-type"])
        parts = answer.body.split(b"--" + kind[1].encode())
        self.assertEqual(b"--", parts[-1].strip())
        bodies = [part.partition(b"\r\n\r\n")[2][:-2] for part in parts[1:-1]]
        self.assertEqual([LARGE[0:10], LARGE[1000:2000], LARGE[-5:]], bodies)
        self.assertIn(f"bytes 1000-1999/{len(LARGE)}".encode(), parts[2])

    def test_ranges_that_are_ignored_or_refused(self):
        for text in ("bytes=abc", "lines=0-5", "bytes=5-2", "bytes="):
            self.assert_answer(BINARY, 200, headers=[f"Range: {text}"])
        answer = self.assert_answer(BINARY, 416, headers=[f"Range: bytes={len(LARGE)}-"])
        self.assertEqual(f"bytes */{len(LARGE)}", answer.headers["content-range"])

    def test_many_tiny_ranges_do_not_multiply_the_answer(self):
        ranges = ",".join("0-" for _ in range(2000))
        answer = get(self.server, BINARY, headers=[f"Range: bytes={ranges}"])
        self.assertLessEqual(len(answer.body), 2 * len(LARGE))

    def test_conditions(self):
        answer = get(self.server, BINARY)
        etag, modified = answer.headers["etag"], answer.headers["last-modified"]
        for field in (f"If-None-Match: {etag}", 'If-None-Match: "x", ' + etag, "If-None-Match: *",
                      f"If-Modified-Since: {modified}"):
            refused = self.assert_answer(BINARY, 304, headers=[field])
            self.assertEqual(etag, refused.headers["etag"])
        for field in ('If-None-Match: "x"', "If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT",
                      f"If-Match: {etag}", "If-Match: *", f"If-Unmodified-Since: {modified}",
                      "If-Modified-Since: garbage"):
            self.assert_answer(BINARY, 200, headers=[field])
        for field in ('If-Match: "x"', "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT"):
            self.assert_answer(BINARY, 412, headers=[field])

    def test_if_range(self):
        answer = get(self.server, BINARY)
        etag, modified = answer.headers["etag"], answer.headers["last-modified"]
        for value, status in ((etag, 206), (modified, 206), ('"other"', 200), (f"W/{etag}", 200),
                              ("Sat, 01 Jan 2000 00:00:00 GMT", 200)):
            self.assert_answer(BINARY, status, headers=["Range: bytes=0-9", f"If-Range: {value}"])

    def test_nothing_outside_the_tree(self):
        for path in ("/mirror1_files/../outside/secret.txt", "/mirror1_files/..%2foutside/secret.txt",
                     "/mirror1_files/%2e%2e/outside/secret.txt", "/mirror1_files//etc/passwd",
                     "/mirror1_files/%2fetc%2fpasswd", "/mirror1_files/names/../../outside/secret.txt",
                     "/mirror1_files/names/link-out.txt", "/mirror1_files/names/folder-out/",
                     "/mirror1_files/names/folder-out/secret.txt",
                     "/mirror1_files/names/sub/relative-out.txt",
                     "/mirror1_files/names\\..\\..\\outside\\secret.txt"):
            answer = get(self.server, path)
            self.assertIn(answer.status, (400, 403, 404), path)
            self.assertNotIn(b"secret", answer.body.replace(b"secret.txt", b""))
            self.assertNotIn(b"root:", answer.body)

    def test_links_inside_the_tree_are_followed(self):
        self.assert_answer("/mirror1_files/link-in.txt", 200, b"no package\n")

    def test_bad_paths(self):
        for path in ("/mirror1_files/plain.txt%00", "/mirror1_files/%00/plain.txt"):
            self.assert_answer(path, 400)
        for path in ("/mirror1_files/plain.txt/", "/mirror1_files/missing", "/mirror1_filesx/",
                     "/mirror1_files/names/missing/deep.txt"):
            self.assert_answer(path, 404)

    def test_methods(self):
        for method in ("PUT", "DELETE", "POST", "TRACE", "FOO"):
            answer = self.assert_answer("/mirror1_files/plain.txt", 405, method=method,
                                        headers=["Content-Length: 0"])
            self.assertEqual({"GET", "HEAD"}, set(re.split(r",\s*", answer.headers["allow"])))

    def test_listing(self):
        answer = self.assert_answer("/mirror1_files/names/", 200)
        self.assertEqual("text/html; charset=utf-8", answer.headers["content-type"])
        links = re.findall(r'href="([^"]*)"', answer.body.decode())
        self.assertTrue(any(link in ("../", "..") for link in links), links)
        names = [urllib.parse.unquote(link).rstrip("/") for link in links[1:]]
        self.assertEqual(sorted(["données été.txt", "a b&c'(1)~$;!*+%.txt", "sub", "setup.msi",
                                 "setup.deb", "data.unknown-suffix", "conf.xml", "MD5SUMS",
                                 "link-beside.txt"], key=str.encode), names)
        for link in links[1:]:
            self.assertEqual(200, get(self.server, f"/mirror1_files/names/{link}").status, link)
        rows = re.findall(r"<tr>(.*?)</tr>", answer.body.decode())
        for row in rows[2:]:
            self.assertRegex(row, r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")
        self.assertIn(">7 B<", next(row for row in rows if "a b&amp;c" in row))
        # What stands directly in a tree has nothing above it.
        self.assertNotIn('href="../"', get(self.server, "/mirror1_files/").body.decode())

    def test_links_that_lead_out_are_not_listed(self):
        page = get(self.server, "/mirror1_files/names/").body.decode()
        for name in ("link-out.txt", "folder-out", "link-nowhere.txt"):
            self.assertNotIn(name, page)

    def test_refusals_do_not_fill_the_log(self):
        for _ in range(50):
            self.assert_answer("/mirror1_files/names/link-out.txt", 404)
        self.assertLessEqual(self.server.log().count("http.files.refused"), 3)

    def test_missing_slash_redirects(self):
        answer = self.assert_answer("/mirror1_files/names?x=1", 302)
        self.assertTrue(answer.headers["location"].endswith("/mirror1_files/names/?x=1"))

    def test_wget_continues_and_looks_at_times(self):
        target = self.new_folder("wget")
        command = ["wget", "-q", "-N", "-c", "-P", str(target), f"{self.server.url}{BINARY}"]
        (target / "large.bin").write_bytes(LARGE[:1000000])
        os.utime(target / "large.bin", (0, 0))
        subprocess.run(["wget", "-q", "-c", "-P", str(target), f"{self.server.url}{BINARY}"],
                       check=True, timeout=60)
        self.assertEqual(LARGE, (target / "large.bin").read_bytes())
        subprocess.run(command, check=True, timeout=60)
        first = (target / "large.bin").stat()
        subprocess.run(command, check=True, timeout=60)
        self.assertEqual(first, os.stat(target / "large.bin"))

    def test_curl_resumes(self):
        target = self.new_folder("curl") / "large.bin"
        target.write_bytes(LARGE[:2500000])
        subprocess.run(["curl", "-sf", "-C", "-", "-o", str(target), f"{self.server.url}{BINARY}"],
                       check=True, timeout=60)
        self.assertEqual(LARGE, target.read_bytes())

    def test_md5sums_of_a_download(self):
        target = self.new_folder("download")
        subprocess.run(["wget", "-q", "-r", "-np", "-nH", "--cut-dirs=2", "-R", "index.html*", "-P",
                        str(target), f"{self.server.url}/mirror1_files/large/"],
                       check=True, timeout=60)
        subprocess.run(["md5sum", "--quiet", "-c", "MD5SUMS"], cwd=target, check=True, timeout=60)


class LinksOut(ServerTest):
    """Links lead out of a tree only into the folders of `follow_links_to`."""

    configuration = BASIC_CONFIGURATION + "[http]\nfollow_links_to = @FOLDER@/shared\n"

    @classmethod
    def make_tree(cls, src):
        for name in ("shared", "private"):
            (cls.folder / name / "sub").mkdir(parents=True)
            (cls.folder / name / "sub" / "file.txt").write_bytes(name.encode())
        package = make_package(src, "p", {"own.txt": b"own"})
        os.symlink(cls.folder / "shared" / "sub", package / "shared")
        os.symlink(cls.folder / "private" / "sub", package / "private")
        os.symlink(cls.folder / "private" / "sub" / "file.txt", package / "private.txt")
        # A folder that may be followed, and a way out of it.
        os.symlink(cls.folder / "private", cls.folder / "shared" / "sub" / "out")

    def test_files_and_listings(self):
        self.assertEqual(b"shared", get(self.server, "/mirror1_files/p/shared/file.txt").body)
        for path in ("private/file.txt", "private.txt", "shared/out/sub/file.txt"):
            self.assertEqual(404, get(self.server, f"/mirror1_files/p/{path}").status, path)
        page = get(self.server, "/mirror1_files/p/").body.decode()
        self.assertIn('href="shared/"', page)
        self.assertNotIn("private", page)

    def test_what_is_served_is_what_the_package_has(self):
        files = self.server.proxy("/package_api_get1").getPackageFiles("p")
        self.assertEqual(["/p/own.txt", "/p/shared/file.txt", "/p/MD5SUMS"],
                         [f"{file['path']}/{file['name']}" for file in files])
        self.assertRegex(self.server.log(), "WARNING catalog.link_refused: .*private")


class LargeFolder(ServerTest):
    """A folder of many names does not hold up those who share its thread."""

    configuration = BASIC_CONFIGURATION + "[http]\nio_threads = 1\n"

    @classmethod
    def make_tree(cls, src):
        (src / "many").mkdir()
        for number in range(6000):
            (src / "many" / f"{number:05}").mkdir()
        (src / "small.txt").write_bytes(b"small")

    def small_file_comes_first(self):
        with Connection(self.server) as slow, Connection(self.server) as fast:
            for connection in (slow, fast):  # both are accepted
                connection.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                connection.read_answer()
            slow.send("GET /mirror1_files/many/ HTTP/1.1\r\nHost: x\r\n\r\n")
            fast.send("GET /mirror1_files/small.txt HTTP/1.1\r\nHost: x\r\n\r\n")
            first = select.select([slow.socket, fast.socket], [], [], 60)[0]
            self.assertEqual(b"small", fast.read_answer().body)
            page = slow.read_answer().body
            self.assertEqual(6001, page.count(b"<a href="))
            return slow.socket not in first

    def test_others_have_their_turns(self):
        self.assertTrue(any(self.small_file_comes_first() for _ in range(20)))
