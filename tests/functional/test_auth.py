"""Basic authentication: who is asked, who is not, and what records tell clients."""
import base64
import xmlrpc.client

from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.packages import make_package
from tests.support.wire import Connection, get

USERNAME = "console"
PASSWORD = "pass:wört %%a"
WITH_PUT = BASIC_CONFIGURATION + """
[package_api_put:01]
mount_point = /package_api_put1
src = @FOLDER@/src
"""
CONFIGURATION = WITH_PUT.replace(
    "enablessl = 0", f"enablessl = 0\nusername = {USERNAME}\npassword = {PASSWORD}")
FILE = "/mirror1_files/p/a.txt"
# A call that each mount point answers.
CALLS = {
    "/package_api_get1": ("getPackageLabel", "p"), "/package_api_put1": ("getPackageLabel", "p"),
    "/rpc": ("getMirror", {"uuid": "UUID1", "name": "machine"}), "/upaa": ("getServerDetails",),
    "/scheduler_api": ("getServerDetails",)}


def credentials(text, scheme="Basic"):
    return f"Authorization: {scheme} {base64.b64encode(text.encode()).decode()}"


RIGHT = credentials(f"{USERNAME}:{PASSWORD}")


class AuthTest(ServerTest):
    """Helpers of the classes below."""

    configuration = CONFIGURATION

    @classmethod
    def make_tree(cls, src):
        make_package(src, "p", {"a.txt": b"alpha"}, label="Sample")

    def call(self, mount, *fields, call=None):
        """The answer to one call, as it came."""
        method, *parameters = call or CALLS[mount]
        body = xmlrpc.client.dumps(tuple(parameters), method).encode()
        head = "\r\n".join([f"POST {mount} HTTP/1.1", "Host: test", "Connection: close",
                            f"Content-Length: {len(body)}", *fields, "", ""])
        with Connection(self.server) as connection:
            connection.send(head.encode() + body)
            return connection.read_answer()

    def assert_asked(self, answer, where):
        self.assertEqual(401, answer.status, where)
        self.assertRegex(answer.headers["www-authenticate"], '^Basic realm="[^"]+"', where)
        self.assertNotIn(PASSWORD.encode(), answer.body)


class Apis(AuthTest):
    """The default: the APIs ask, mirrors do not."""

    def test_without_credentials(self):
        for mount in CALLS:
            self.assert_asked(self.call(mount), mount)

    def test_right_credentials(self):
        for mount in CALLS:
            answer = self.call(mount, RIGHT)
            self.assertEqual(200, answer.status, mount)
            self.assertNotIn(b"<fault>", answer.body)

    def test_wrong_credentials(self):
        texts = (f"{USERNAME}:wrong", f"wrong:{PASSWORD}", f"{USERNAME}:", ":", USERNAME, "",
                 f":{PASSWORD}", f"{USERNAME}:{PASSWORD}x", f"{USERNAME}:{PASSWORD[:-1]}",
                 f"{USERNAME.upper()}:{PASSWORD}", f"{USERNAME}:{PASSWORD}\0",
                 f"{USERNAME}:{'x' * 10000}")
        for text in texts:
            self.assert_asked(self.call("/package_api_get1", credentials(text)), text)

    def test_malformed_credentials(self):
        value = RIGHT.partition("Basic ")[2]
        for field in ("Authorization:", "Authorization: Basic", "Authorization: Basic !!!!",
                      f"Authorization: {value}", f"Authorization: Bearer {value}",
                      f"Authorization: Basic {value[:-3]}", f"Authorization: Basic{value}",
                      f"Authorization: Digest username={USERNAME}"):
            self.assert_asked(self.call("/package_api_get1", field), field)

    def test_two_credentials_are_none(self):
        """Which one counts would depend on who reads: a proxy, or we."""
        wrong = credentials(f"{USERNAME}:wrong")
        for fields in ((RIGHT, wrong), (wrong, RIGHT), (RIGHT, RIGHT), (RIGHT, "Authorization:"),
                       ("Authorization:", RIGHT), (RIGHT, "Authorization: Bearer x")):
            self.assert_asked(self.call("/package_api_get1", *fields), fields)

    def test_scheme_in_any_case(self):
        for scheme in ("basic", "BASIC"):
            answer = self.call(
                "/package_api_get1", credentials(f"{USERNAME}:{PASSWORD}", scheme))
            self.assertEqual(200, answer.status)

    def test_mirrors_and_files_stay_open(self):
        self.assertEqual(b"alpha", get(self.server, FILE).body)
        self.assertEqual(200, get(self.server, "/mirror1_files/p/").status)
        answer = self.call("/mirror1", call=("isAvailable", "p"))
        self.assertEqual(200, answer.status)
        self.assertEqual(((True,), None), xmlrpc.client.loads(answer.body))
        # Credentials nobody asked for change nothing.
        self.assertEqual(
            b"alpha", get(self.server, FILE, headers=[credentials("any:thing")]).body)

    def test_description_asks_and_health_does_not(self):
        self.assert_asked(get(self.server, "/desc"), "/desc")
        answer = get(self.server, "/desc", headers=[RIGHT])
        self.assertEqual(200, answer.status)
        self.assertNotIn(b"pass:w", answer.body)
        self.assertEqual(200, get(self.server, "/healthz").status)

    def test_paths_below_a_mount_ask_too(self):
        for path in ("/package_api_get1/", "/package_api_get1/extra", "//package_api_get1",
                     "/%70ackage_api_get1", "/package_api_get1?x=1", "/./package_api_get1"):
            answer = self.call(path, call=("getPackageLabel", "p"))
            self.assertIn(answer.status, (400, 401, 404), path)
            self.assertNotIn(b"Sample", answer.body)

    def test_a_body_without_credentials_is_not_waited_for(self):
        with Connection(self.server) as connection:
            connection.send("POST /package_api_get1 HTTP/1.1\r\nHost: test\r\n"
                            "Content-Length: 15000000\r\nExpect: 100-continue\r\n\r\n")
            self.assert_asked(connection.read_answer(), "Expect")

    def test_connection_is_asked_each_time(self):
        body = xmlrpc.client.dumps(("p",), "getPackageLabel")
        head = (f"POST /package_api_get1 HTTP/1.1\r\nHost: test\r\n"
                f"Content-Length: {len(body)}\r\n")
        with Connection(self.server) as connection:
            connection.send(f"{head}{RIGHT}\r\n\r\n{body}")
            self.assertEqual(200, connection.read_answer().status)
            connection.send(f"{head}\r\n{body}")
            self.assert_asked(connection.read_answer(), "second")

    def test_records_carry_the_credentials(self):
        def answer(mount, *call):
            return xmlrpc.client.loads(self.call(mount, RIGHT, call=call).body)[0][0]

        machine = {"uuid": "UUID1", "name": "machine"}
        details = answer("/rpc", "getServerDetails")
        records = (details["package_api"] + answer("/rpc", "getApiPackage", machine)
                   + answer("/upaa", "getServerDetails"))
        self.assertEqual({"/package_api_get1", "/package_api_put1"},
                         {record["mountpoint"] for record in records})
        for record in records:
            self.assertEqual((USERNAME, PASSWORD), (record["username"], record["password"]))
        for record in [*details["mirror"], answer("/rpc", "getMirror", machine)]:
            self.assertNotIn("password", record)

    def test_password_is_not_logged(self):
        self.call("/package_api_get1", RIGHT)
        self.call("/package_api_get1", credentials(f"{USERNAME}:wrong"))
        log = self.server.log()
        for secret in (PASSWORD, RIGHT.rpartition(" ")[2]):
            self.assertNotIn(secret, log)


class EncodedPassword(AuthTest):
    """A password written with its scheme."""

    configuration = CONFIGURATION.replace(f"password = {PASSWORD}",
                                          "password = {base64}bXlwYXNz")

    def test_calls(self):
        right = credentials(f"{USERNAME}:mypass")
        self.assertEqual(200, self.call("/package_api_get1", right).status)
        self.assert_asked(self.call("/package_api_get1", RIGHT), "the other one")


class Nothing(AuthTest):
    """`authenticate = none`."""

    configuration = CONFIGURATION + "\n[http]\nauthenticate = none\n"

    def test_nobody_is_asked(self):
        for mount in CALLS:
            self.assertEqual(200, self.call(mount).status, mount)
        self.assertEqual(b"alpha", get(self.server, FILE).body)


class NoUsername(AuthTest):
    """Nothing asks, and no record carries what is not there."""

    configuration = WITH_PUT

    def test_nobody_is_asked(self):
        for mount in CALLS:
            self.assertEqual(200, self.call(mount).status, mount)
            self.assertEqual(200, self.call(mount, credentials("any:thing")).status, mount)
        details = xmlrpc.client.loads(self.call("/rpc", call=("getServerDetails",)).body)[0][0]
        for record in details["package_api"] + details["mirror"]:
            self.assertNotIn("username", record)


class Everything(AuthTest):
    """`authenticate = all`: mirrors and files ask too."""

    configuration = CONFIGURATION + "\n[http]\nauthenticate = all\n"

    def test_without_credentials(self):
        for mount in CALLS:
            self.assert_asked(self.call(mount), mount)
        self.assert_asked(self.call("/mirror1", call=("isAvailable", "p")), "/mirror1")
        for path in (FILE, "/mirror1_files/", "/mirror1_files/missing", "/mirror1_files/p"):
            self.assert_asked(get(self.server, path), path)
        head = get(self.server, FILE, method="HEAD")
        self.assertEqual(401, head.status)

    def test_right_credentials(self):
        self.assertEqual(b"alpha", get(self.server, FILE, headers=[RIGHT]).body)
        self.assertEqual(200, self.call("/mirror1", RIGHT, call=("isAvailable", "p")).status)
