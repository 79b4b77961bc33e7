"""The XML-RPC APIs as Python's xmlrpc.client calls them."""
import gzip
import http.client
import os
import xmlrpc.client

from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.packages import conf_xml, file_id, make_package, md5sums
from tests.support.server import Server, wait_until
from tests.support.wire import Connection

FILES = {"install.bat": b"I can't be installed"}
MANY = {"z.bin": b"z", "b.txt": b"b", "B.txt": b"B", "sub/ü.txt": b"u", "sub.txt": b"s"}


class Apis(ServerTest):
    """Answers over a small tree with a broken package and a hidden twin."""

    @classmethod
    def make_tree(cls, src):
        make_package(src, "test", FILES, label="TestPackage", version="2.0.0.9",
                     command="./install.bat")
        make_package(src, "many", MANY, label="Files & more <é>")
        make_package(src, "inner-id", {"x": b"x"}, folder="group/deep/folder")
        make_package(src, "twin", {"first": b"1"}, folder="twin-a", label="first")
        make_package(src, "twin", {"second": b"2"}, folder="twin-b", label="second")
        outer = make_package(src, "outer", {"x": b"x"})
        (outer / "content").mkdir()
        (outer / "content" / "conf.xml").write_bytes(conf_xml("nested"))
        (src / "broken").mkdir()
        (src / "broken" / "conf.xml").write_bytes(b"<package id='broken'><name>x</name")
        (src / "broken" / "payload").write_bytes(b"p")

    def setUp(self):
        self.packages = self.server.proxy("/package_api_get1")
        self.mirror = self.server.proxy("/mirror1")

    def test_known_file_ids(self):
        package = self.packages.getPackageDetail("test")
        self.assertEqual(
            [{"name": "install.bat", "path": "/test", "id": "7885517b39317add6a1d362968b01774"},
             {"name": "MD5SUMS", "path": "/test", "id": "5d3ff03e396aa072f5cae2b2ddcd88b9"}],
            package["files"])
        self.assertEqual(66, package["size"])

    def test_files_are_sorted_by_bytes_with_md5sums_last(self):
        files = self.packages.getPackageFiles("many")
        listed = [(file["path"] + "/" + file["name"]).removeprefix("/many/") for file in files]
        self.assertEqual(sorted(MANY, key=str.encode) + ["MD5SUMS"], listed)
        sums = md5sums(MANY)
        expected = [file_id("many", name, MANY.get(name, sums)) for name in listed]
        self.assertEqual(expected, [file["id"] for file in files])
        self.assertEqual(sums, (self.folder / "src" / "many" / "MD5SUMS").read_bytes())

    def test_lists_are_in_byte_order_and_without_broken_packages(self):
        pids = [package["id"] for package in self.packages.getAllPackages()]
        self.assertEqual(["inner-id", "many", "outer", "test", "twin"], pids)
        self.assertEqual(self.packages.getAllPackages(), self.mirror.getServerDetails())
        self.assertEqual(self.packages.getAllPackages(), self.packages.getAllPackages("any"))
        self.assertEqual([], self.packages.getAllPendingPackages())

    def test_broken_package_is_named_in_the_log(self):
        log = self.server.log()
        self.assertIn("broken/conf.xml", log)
        self.assertRegex(log, r"broken/conf\.xml.*\b1\b")

    def test_twin_is_reported_and_the_first_stays(self):
        self.assertEqual("first", self.packages.getPackageLabel("twin"))
        self.assertIn("twin-b", self.server.log())

    def test_nested_description_is_content(self):
        names = [f["name"] for f in self.packages.getPackageFiles("outer")]
        self.assertIn("conf.xml", names)
        self.assertEqual({}, self.packages.getPackageDetail("nested"))

    def test_folder_below_folders(self):
        package = self.packages.getPackageDetail("inner-id")
        self.assertEqual(str(self.folder / "src/group/deep/folder"), package["basepath"])
        self.assertEqual("/group/deep/folder", package["files"][0]["path"])
        self.assertEqual(str(self.folder / "src/group/deep"),
                         self.packages.getLocalPackagePath("inner-id"))

    def test_urls_can_be_fetched(self):
        for pid in ("test", "many", "inner-id"):
            fids = [file["id"] for file in self.packages.getPackageFiles(pid)]
            urls = self.mirror.getFilesURI(fids)
            for fid, url in zip(fids, urls):
                self.assertEqual(url, self.mirror.getFilePath(fid))
                self.assertEqual(url, self.mirror.getFileURI(fid))
                self.assertRegex(url, r"^http://127\.0\.0\.1:\d+/mirror1_files/[A-Za-z0-9_./%-]+$")
                connection = http.client.HTTPConnection(self.server.host, self.server.port)
                connection.request("GET", url.partition(f":{self.server.port}")[2])
                self.assertEqual(200, connection.getresponse().status)
                connection.close()
        self.assertEqual(["", ""], self.mirror.getFilesURI(["nope", "0" * 32]))

    def test_details_in_the_order_asked(self):
        details = self.packages.getPackagesDetail(["test", "unknown", "many", "test"])
        self.assertEqual(["test", "many", "test"], [package["id"] for package in details])
        self.assertEqual([], self.packages.getPackagesDetail("test"))

    def test_names_to_ids(self):
        self.assertEqual({"2.0.0.9": "test"}, self.packages.getPackagesIds("TestPackage"))
        self.assertEqual("test", self.packages.getPackageId("TestPackage", "2.0.0.9"))
        self.assertEqual({}, self.packages.getPackagesIds("unknown"))

    def test_is_available_is_told_apart_by_its_parameters(self):
        self.assertIs(True, self.mirror.isAvailable("test"))
        self.assertIs(False, self.mirror.isAvailable("unknown"))
        self.assertIs(True, self.packages.isAvailable("unknown", "any"))

    def assert_failure(self, answer, method):
        self.assertIsInstance(answer, dict)
        self.assertIn("faultCode", answer)
        self.assertTrue(answer["faultString"].startswith(method), answer)

    def test_failures_are_structs(self):
        self.assert_failure(self.packages.getPackageLabel("unknown"), "getPackageLabel")
        self.assert_failure(self.packages.getPackageLabel(), "getPackageLabel")
        self.assert_failure(self.packages.getPackageLabel("a", "b"), "getPackageLabel")
        self.assert_failure(self.server.proxy("/rpc").getMirror({"name": "x"}), "getMirror")
        self.assert_failure(self.server.proxy("/rpc").getMirror("string"), "getMirror")
        self.assert_failure(self.server.proxy("/upaa").getUserPackageApi({}), "getUserPackageApi")

    def test_failure_text_is_bounded(self):
        answer = self.packages.getPackageLabel("x" * 1000000)
        self.assertLess(len(str(answer)), 20000)

    def test_faults(self):
        for method, code in (("noSuchMethod", 8001), ("system.listMethods", 8001)):
            with self.assertRaises(xmlrpc.client.Fault) as caught:
                getattr(self.packages, method)()
            self.assertEqual(code, caught.exception.faultCode)

    def test_deep_nesting_is_refused(self):
        value = "<value><int>1</int></value>"
        for _ in range(2000):
            value = f"<value><array><data>{value}</data></array></value>"
        call = ("<methodCall><methodName>getPackageDetail</methodName><params><param>"
                f"{value}</param></params></methodCall>")
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        connection.request("POST", "/package_api_get1", call)
        with self.assertRaises(xmlrpc.client.Fault):
            xmlrpc.client.loads(connection.getresponse().read())
        connection.close()

    def test_gzip_lists(self):
        plain = self.packages.getAllPackages()
        call = xmlrpc.client.dumps((), "getAllPackages").encode()
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        connection.request("POST", "/package_api_get1", call,
                           {"Content-Type": "text/xml", "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        self.assertEqual("gzip", answer.headers["Content-Encoding"])
        self.assertIn("accept-encoding", answer.headers.get("Vary", "").lower())
        self.assertEqual(plain, xmlrpc.client.loads(gzip.decompress(answer.read()))[0][0])
        connection.request("POST", "/package_api_get1", call, {"Accept-Encoding": "gzip;q=0"})
        answer = connection.getresponse()
        self.assertNotIn("Content-Encoding", answer.headers)
        connection.close()

    def test_values_of_every_kind(self):
        """Each is read, and refused as a pid by the method rather than by the decoder."""
        for value, kind in (
                ("<i4>1</i4>", "int"), ("<int> +5 </int>", "int"), ("<i8>5000000000</i8>", "int"),
                ("<nil/>", "nil"), ("<ex:nil></ex:nil>", "nil"), ("<boolean>1</boolean>", "boolean"),
                ("<double>-1.5e3</double>", "double"), ("<base64>dGVz\ndA==</base64>", "base64"),
                ("<dateTime.iso8601>20260101T00:00:00</dateTime.iso8601>", "dateTime"),
                ("<struct/>", "struct"), ("<array><data/></array>", "array")):
            answer = self.label_of(value)
            self.assertEqual(f"invalid_argument: pid must be a string, not {kind} ",
                             answer["faultCode"])
        for value in ("test", "<string>test</string>", "\n\t<string>test</string>\n",
                      "<![CDATA[test]]>", "t&#101;st", "<string>te<!-- c -->st</string>"):
            self.assertEqual("TestPackage", self.label_of(value))
        for value in ("", "<string/>", " test", "<string>\u20ac \U0001f600</string>"):
            self.assertTrue(self.label_of(value)["faultCode"].startswith("not_found: "))

    def label_of(self, value):
        """The answer to getPackageLabel with this content of the parameter's <value>."""
        call = ("<?xml version='1.0'?>\n<methodCall>\n <methodName>getPackageLabel</methodName>\n"
                f" <params> <param>\n<value>{value}</value></param>\t</params></methodCall>\n")
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        connection.request("POST", "/package_api_get1/", call.encode(), {"Content-Type": "a/b"})
        answer = connection.getresponse().read()
        connection.close()
        return xmlrpc.client.loads(answer)[0][0]

    def test_other_encodings_of_a_call(self):
        text = ("<?xml version='1.0' encoding='iso-8859-1'?><methodCall><methodName>getFilePath"
                "</methodName><params><param><value>\xe9</value></param></params></methodCall>")
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        connection.request("POST", "/mirror1", text.encode("latin-1"), {"Content-Type": "x/y"})
        self.assertEqual("", xmlrpc.client.loads(connection.getresponse().read())[0][0])
        connection.close()

    def test_get_is_not_allowed_on_an_api(self):
        with Connection(self.server) as connection:
            connection.send("GET /mirror1 HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = connection.read_answer()
        self.assertEqual((405, "POST"), (answer.status, answer.headers["allow"]))

    def test_assignments_are_sticky_and_spread(self):
        scheduler = self.server.proxy("/scheduler_api")
        machines = [{"uuid": f"UUID{i}", "name": f"m{i}"} for i in range(400)]
        first = scheduler.getSchedulers(machines)
        self.assertEqual(first, scheduler.getSchedulers(machines))
        self.assertEqual(first[7], scheduler.getScheduler(machines[7]))
        for name in ("scheduler_01", "scheduler_02"):
            self.assertGreater(first.count(name), 120)

    def test_description_page(self):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        connection.request("GET", "/desc")
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        self.assertEqual("text/html; charset=utf-8", answer.headers["Content-Type"])
        for mount in ("/mirror1", "/package_api_get1", "/rpc", "/upaa", "/scheduler_api"):
            self.assertIn(mount, page)



class LongLists(ServerTest):
    """Lists beyond 16 MiB are made while they are sent, unless they are compressed."""

    @classmethod
    def make_tree(cls, src):
        cls.commands = {f"package-{number:02}": f"{number} " + "x" * (1 << 20)
                        for number in range(20)}
        for pid, command in cls.commands.items():
            make_package(src, pid, FILES, command=command)

    def test_each_client_gets_all_of_it(self):
        transport = xmlrpc.client.Transport()
        transport.accept_gzip_encoding = False
        packages = xmlrpc.client.ServerProxy(self.server.url + "/package_api_get1", transport)
        self.addCleanup(transport.close)
        for _ in range(2):  # on one connection: the first answer ended where it had to
            commands = {package["id"]: package["command"]["command"]
                        for package in packages.getAllPackages()}
            self.assertEqual(self.commands, commands)
            self.assertEqual("package-07", packages.getPackageDetail("package-07")["id"])


class LargeSizes(ServerTest):
    """Sizes beyond 32 bits are doubles: XML-RPC has no other number for them."""

    @classmethod
    def make_tree(cls, src):
        package = make_package(src, "large", {"two-gibibytes.bin": b""})
        os.truncate(package / "two-gibibytes.bin", 2 << 30)
        # Believed at first, so that nobody waits until two gibibytes are read.
        (package / "MD5SUMS").write_text("a981130cf2b7e09f4686dc273cf7187e  two-gibibytes.bin\n",
                                         encoding="ascii")

    # Nor here, until it is verified.
    server_type = type("Impatient", (Server,), {"has_started": lambda self: True})

    def test_sizes(self):
        size = (2 << 30) + len("a981130cf2b7e09f4686dc273cf7187e  two-gibibytes.bin\n")
        api = self.server.proxy("/package_api_get1")
        wait_until(api.getAllPackages, "the package is served")
        for answer in (api.getPackageSize("large"), api.getPackageDetail("large")["size"],
                       api.getAllPackages()[0]["size"]):
            self.assertIsInstance(answer, float)
            self.assertEqual(size, answer)


class MirrorsElsewhere(ServerTest):
    """A mirror's URL takes the place of this server's own in the URLs of files."""

    configuration = BASIC_CONFIGURATION.replace(
        "mount_point = /mirror1\n",
        "mount_point = /mirror1\nmirror = https://cdn.example:8443/tree/\n")

    @classmethod
    def make_tree(cls, src):
        make_package(src, "test", {"sub/a b.txt": b"a"})

    def test_urls(self):
        fid = self.server.proxy("/package_api_get1").getPackageFiles("test")[0]["id"]
        mirror = self.server.proxy("/mirror1")
        expected = "https://cdn.example:8443/tree/test/sub/a%20b.txt"
        self.assertEqual(expected, mirror.getFileURI(fid))
        self.assertEqual([expected, ""], mirror.getFilesURI([fid, "unknown"]))


class TwoTrees(ServerTest):
    """Each mount point answers for its own tree; and machines of several sites."""

    configuration = BASIC_CONFIGURATION.replace(
        "[main]\n", "[main]\nmm_assign_algo = multi_site\npublic_ip = 2001:db8::7\n") + """
[mirror:02]
mount_point = /mirror2
src = @FOLDER@/other

[package_api_get:02]
mount_point = /package_api_get2
src = @FOLDER@/other
"""

    @classmethod
    def make_tree(cls, src):
        make_package(src, "here", {"a": b"a"})
        (cls.folder / "other").mkdir()
        make_package(cls.folder / "other", "there", {"b": b"b"})

    def test_answers_are_limited_to_the_tree(self):
        fids = []
        for number, pid, other in ((1, "here", "there"), (2, "there", "here")):
            api = self.server.proxy(f"/package_api_get{number}")
            self.assertEqual([pid], [package["id"] for package in api.getAllPackages()])
            self.assertEqual({}, api.getPackageDetail(other))
            self.assertEqual([], api.getPackagesDetail([other]))
            self.assertEqual({}, api.getLocalPackagePath(other))
            self.assertIn("faultCode", api.getPackageLabel(other))
            self.assertEqual({}, api.getPackagesIds("unknown"))
            fids.append(api.getPackageFiles(pid)[0]["id"])
            mirror = self.server.proxy(f"/mirror{number}")
            self.assertEqual((True, False), (mirror.isAvailable(pid), mirror.isAvailable(other)))
        self.assertEqual("", self.server.proxy("/mirror2").getFilePath(fids[0]))
        self.assertEqual(f"http://[2001:db8::7]:{self.server.port}/mirror2_files/there/b",
                         self.server.proxy("/mirror2").getFilePath(fids[1]))

    def test_folders_are_told_of_any_package(self):
        self.assertEqual(
            [str(self.folder / "other"), str(self.folder / "src")],
            self.server.proxy("/package_api_get1").getLocalPackagesPath(["there", "no", "here"]))

    def test_a_machine_names_the_server_of_its_site(self):
        api = self.server.proxy("/rpc")
        here = api.getMirror({"uuid": "UUID1"})
        site = api.getMirror({"uuid": "UUID1", "server": "10.1.2.3"})
        self.assertEqual("10.1.2.3", site["server"])
        self.assertEqual({**here, "server": "10.1.2.3"}, site)
        self.assertEqual(here, api.getMirror({"uuid": "UUID1", "server": ""}))
        self.assertEqual({"10.1.2.3"}, {record["server"] for record in api.getApiPackage(
            {"uuid": "UUID1", "server": "10.1.2.3"})})
        self.assertEqual([0, 0], api.getFallbackMirrors([{"uuid": "UUID1"}, {"uuid": "UUID2"}]))


class OneMountPoint(ServerTest):
    """A mirror and a package API of the same src may share a mount point."""

    configuration = BASIC_CONFIGURATION.replace("/mirror1", "/appstream").replace(
        "/package_api_get1", "/appstream")

    @classmethod
    def make_tree(cls, src):
        make_package(src, "test", FILES)

    def test_methods_of_both(self):
        api = self.server.proxy("/appstream")
        self.assertIs(False, api.isAvailable("unknown"))
        self.assertIs(True, api.isAvailable("unknown", "any"))
        self.assertEqual("test", api.getPackageDetail("test")["id"])
        self.assertTrue(api.getFilePath("7885517b39317add6a1d362968b01774").endswith(
            "/appstream_files/test/install.bat"))


class Credentials(ServerTest):
    """A user name asks for Basic authentication on the APIs, not on mirrors and files."""

    configuration = BASIC_CONFIGURATION.replace(
        "enablessl = 0", "enablessl = 0\nusername = admin\npassword = {base64}c8OpY3JldA==")

    @classmethod
    def make_tree(cls, src):
        make_package(src, "test", FILES)

    def status(self, path, authorization=None):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        headers = {"Authorization": authorization} if authorization else {}
        connection.request("POST", path, xmlrpc.client.dumps((), "getServerDetails"), headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("WWW-Authenticate")

    def test_who_is_asked(self):
        for path in ("/package_api_get1", "/rpc", "/upaa", "/scheduler_api"):
            status, challenge = self.status(path)
            self.assertEqual(401, status, path)
            self.assertTrue(challenge.startswith("Basic "), challenge)
            # admin:sécret in UTF-8
            self.assertEqual(200, self.status(path, "Basic YWRtaW46c8OpY3JldA==")[0], path)
            self.assertEqual(401, self.status(path, "Basic YWRtaW46d3Jvbmc=")[0], path)
            self.assertEqual(401, self.status(path, "Bearer x")[0], path)
        self.assertEqual(200, self.status("/mirror1")[0])

    def test_records_carry_the_credentials(self):
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        connection.request("POST", "/rpc", xmlrpc.client.dumps((), "getServerDetails"),
                           {"Authorization": "Basic YWRtaW46c8OpY3JldA=="})
        details = xmlrpc.client.loads(connection.getresponse().read())[0][0]
        connection.close()
        self.assertEqual(("admin", "sécret"), (details["package_api"][0]["username"],
                                               details["package_api"][0]["password"]))
        self.assertNotIn("username", details["mirror"][0])


class FirstScan(ServerTest):
    """Packages appear as they are ready; the server listens before."""

    @classmethod
    def make_tree(cls, src):
        for number in range(300):
            make_package(src, f"p{number:03}", {"f": b"%d" % number})

    def test_all_are_there_in_the_end(self):
        api = self.server.proxy("/package_api_get1")
        wait_until(lambda: len(api.getAllPackages()) == 300, "300 packages")
