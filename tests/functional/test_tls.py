"""HTTPS: versions, certificates of both sides, resumed sessions, start-up errors."""
import hashlib
import itertools
import os
import ssl
import stat
import subprocess
import warnings

from tests.support.cases import BASIC_CONFIGURATION, FolderTest, ServerTest
from tests.support.certificates import A_WHILE_AGO, LATER, RSA_KEY, SOME_DAY, Authority
from tests.support.packages import file_id, make_package
from tests.support.server import PATIENCE, program
from tests.support.tls import BROKEN, TlsConnection, TlsServer, trust
from tests.support.wire import Connection

LARGE = bytes(range(256)) * 20480  # 5 MiB, its parts tell where they come from
BINARY = "/mirror1_files/p/large.bin"
SSL_CONFIGURATION = BASIC_CONFIGURATION.replace(
    "enablessl = 0", "enablessl = 1\nverifypeer = 0\n"
    "cacert = @FOLDER@/cacert.pem\nlocalcert = @FOLDER@/localcert.pem")
VERIFYING = SSL_CONFIGURATION.replace("verifypeer = 0", "verifypeer = 1")


def request(path, *fields):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: test", *fields, "", ""])


def only_version(context, version):
    """`context` made to speak that version alone, old and weak ones included."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = version
        context.maximum_version = version
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


class TlsTest(ServerTest):
    """A server whose certificate an intermediate authority signed; it sends that one's along."""

    configuration = SSL_CONFIGURATION
    server_type = TlsServer

    @classmethod
    def make_tree(cls, src):
        make_package(src, "p", {"large.bin": LARGE, "a.txt": b"alpha"}, label="Sample")
        cls.root = Authority(cls.folder, "root")
        cls.middle = Authority(cls.folder, "middle", cls.root)
        cls.identity = cls.middle.issue("localhost")
        cls.install()
        cls.server_type = type("Here", (TlsServer,), {"context": cls.client_context()})

    @classmethod
    def install(cls):
        """Puts the certificate files where the configuration names them."""
        (cls.folder / "cacert.pem").write_bytes(
            cls.identity.certificate.read_bytes() + cls.middle.certificate.read_bytes())
        (cls.folder / "localcert.pem").write_bytes(cls.identity.key.read_bytes())

    @classmethod
    def client_context(cls):
        return trust(cls.root.certificate)

    def get(self, path, *fields, context=None):
        """One answer, and the version of TLS."""
        with TlsConnection(self.server, context) as connection:
            connection.send(request(path, "Connection: close", *fields))
            answer = connection.read_answer()
            return answer, connection.socket.version()

    def s_client(self, *arguments):
        """What `openssl s_client` prints about a connection with one request."""
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{self.server.port}", "-ign_eof",
             "-CAfile", self.root.certificate, *map(str, arguments)],
            input=request("/mirror1_files/p/a.txt", "Connection: close").encode(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
        return done.stdout.decode(errors="replace")

    def assert_resumption(self, *arguments):
        """The second connection resumes the first one's session, and is answered."""
        for version in ("-tls1_2", "-tls1_3"):
            session = self.folder / f"session{version}.pem"
            first = self.s_client(version, "-sess_out", session, *arguments)
            self.assertIn("New, TLSv1", first)
            self.assertIn("alpha", first)
            second = self.s_client(version, "-sess_in", session, *arguments)
            self.assertIn("Reused, TLSv1", second)
            self.assertIn("alpha", second)


class Https(TlsTest):
    """Certificate with its chain in `cacert`, key in `localcert`, no client certificates."""

    def test_versions_1_2_and_1_3(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                              (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            answer, spoken = self.get("/mirror1_files/p/a.txt", context=only_version(
                self.client_context(), version))
            self.assertEqual(b"alpha", answer.body)
            self.assertEqual(name, spoken)

    def test_older_versions_are_refused(self):
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with self.assertRaises(ssl.SSLError) as caught:
                TlsConnection(self.server, only_version(self.client_context(), version))
            # The server says so: it is not the client that gave up.
            self.assertIn("ALERT", caught.exception.reason or "")

    def test_whole_file(self):
        answer, _ = self.get(BINARY)
        self.assertEqual(hashlib.md5(LARGE).digest(), hashlib.md5(answer.body).digest())

    def test_ranges(self):
        size = len(LARGE)
        for text, begin, end in (("0-0", 0, 1), ("65530-200000", 65530, 200001),
                                 (f"{size - 1}-", size - 1, size), ("-100000", size - 100000, size),
                                 ("1048570-4145737", 1048570, 4145738)):
            answer, _ = self.get(BINARY, f"Range: bytes={text}")
            self.assertEqual(206, answer.status)
            self.assertEqual(f"bytes {begin}-{end - 1}/{size}", answer.headers["content-range"])
            self.assertTrue(LARGE[begin:end] == answer.body, text)

    def test_several_ranges(self):
        answer, _ = self.get(BINARY, "Range: bytes=0-9, 100000-299999")
        self.assertEqual(206, answer.status)
        self.assertIn(LARGE[100000:300000], answer.body)

    def test_curl_resumes(self):
        target = self.new_folder("curl") / "large.bin"
        target.write_bytes(LARGE[:2500000])
        subprocess.run(["curl", "-sf", "-C", "-", "--cacert", self.root.certificate, "-o", target,
                        f"{self.server.url}{BINARY}"], check=True, timeout=PATIENCE)
        self.assertTrue(target.read_bytes() == LARGE)

    def test_keep_alive_and_pipelining(self):
        with TlsConnection(self.server) as connection:
            for _ in range(3):
                connection.send(request("/mirror1_files/p/a.txt") * 20 + request(BINARY))
                for _ in range(20):
                    self.assertEqual(b"alpha", connection.read_answer().body)
                self.assertTrue(connection.read_answer().body == LARGE)

    def test_end_is_announced(self):
        """A close_notify: the client can tell the end from a cut. Anything else would raise."""
        with TlsConnection(self.server) as connection:
            connection.send(request("/mirror1_files/p/a.txt", "Connection: close"))
            self.assertEqual(b"alpha", connection.read_answer().body)
            self.assertEqual(b"", connection.socket.recv(1))

    def test_calls_and_addresses(self):
        api = self.server.proxy("/package_api_get1")
        self.assertEqual("Sample", api.getPackageLabel("p"))
        address = self.server.proxy("/mirror1").getFilePath(file_id("p", "a.txt", b"alpha"))
        self.assertTrue(address.startswith(f"https://127.0.0.1:{self.server.port}/"), address)
        record = self.server.proxy("/rpc").getServerDetails()["mirror"][0]
        self.assertEqual("https", record["protocol"])

    def test_sessions_are_resumed(self):
        self.assert_resumption()

    def test_sessions_are_resumed_after_a_reload(self):
        session = self.folder / "before.pem"
        self.s_client("-tls1_3", "-sess_out", session)
        self.server.reload()
        for _ in range(4):  # whichever thread gets the connection
            self.assertIn("Reused, TLSv1", self.s_client("-tls1_3", "-sess_in", session))

    def test_plain_http_on_the_tls_port(self):
        with Connection(self.server) as connection:
            connection.send(request("/mirror1_files/p/a.txt"))
            self.assertNotIn(b"alpha", connection.read_to_end())
        self.assertEqual(b"alpha", self.get("/mirror1_files/p/a.txt")[0].body)

    def test_handshakes_that_break_off(self):
        beginnings = (b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x16\x03\x01\xff\xff",
                      b"\x00" * 100, os.urandom(5000))
        for data in beginnings * 20:
            with Connection(self.server) as connection:
                connection.send(data)
        self.assertEqual(b"alpha", self.get("/mirror1_files/p/a.txt")[0].body)


class ClientCertificates(TlsTest):
    """verifypeer: the authority in `cacert`, certificate, key and chain in `localcert`."""

    configuration = VERIFYING

    @classmethod
    def install(cls):
        cls.client = cls.root.issue("client", "client")
        (cls.folder / "cacert.pem").write_bytes(cls.root.certificate.read_bytes())
        (cls.folder / "localcert.pem").write_bytes(
            cls.identity.pem() + cls.middle.certificate.read_bytes())

    @classmethod
    def client_context(cls):
        return trust(cls.root.certificate, cls.client)

    def contexts(self, identity):
        """A client of each version. With 1.3 a refusal shows only at the client's first read."""
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            yield only_version(trust(self.root.certificate, identity), version)

    def assert_refused(self, identity):
        for context in self.contexts(identity):
            try:
                answer, _ = self.get("/mirror1_files/p/a.txt", context=context)
            except (ssl.SSLError, *BROKEN):
                continue
            self.assertIsNone(answer)

    def test_signed_by_the_authority(self):
        for context in self.contexts(self.client):
            answer, _ = self.get("/mirror1_files/p/a.txt", context=context)
            self.assertEqual(b"alpha", answer.body)

    def test_signed_by_an_intermediate_authority(self):
        client = self.middle.issue("remote-client", "client")
        with open(client.certificate, "ab") as chain:
            chain.write(self.middle.certificate.read_bytes())
        for context in self.contexts(client):
            answer, _ = self.get("/mirror1_files/p/a.txt", context=context)
            self.assertEqual(b"alpha", answer.body)

    def test_missing(self):
        self.assert_refused(None)

    def test_signed_by_another_authority(self):
        other = Authority(self.new_folder("other"), "root")
        self.assert_refused(other.issue("client", "client"))

    def test_expired(self):
        self.assert_refused(self.root.issue("old-client", "client", end=A_WHILE_AGO))

    def test_a_refused_client_harms_nobody(self):
        for _ in range(20):
            self.assert_refused(None)
        answer, _ = self.get("/mirror1_files/p/a.txt")
        self.assertEqual(b"alpha", answer.body)

    def test_sessions_are_resumed(self):
        self.assert_resumption("-cert", self.client.certificate, "-key", self.client.key)

    def test_whole_file_and_calls(self):
        self.assertTrue(self.get(BINARY)[0].body == LARGE)
        self.assertEqual("Sample", self.server.proxy("/package_api_get1").getPackageLabel("p"))


class CertificateFiles(FolderTest):
    """Which files make the server start, and what it says of the others."""

    numbers = itertools.count()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = Authority(cls.folder, "root")
        cls.identity = cls.root.issue("localhost")
        cls.other = cls.root.issue("other")

    def make_server(self, configuration, cacert, localcert):
        """A server not started yet; None as content: no such file."""
        folder = self.new_folder(f"server{next(self.numbers)}")
        (folder / "src").mkdir()
        (folder / "src" / "a.txt").write_bytes(b"alpha")
        for name, content in (("cacert.pem", cacert), ("localcert.pem", localcert)):
            if content is not None:
                (folder / name).write_bytes(content)
        server = TlsServer(folder, configuration)
        server.context = trust(self.root.certificate, self.identity)
        self.addCleanup(server.kill)
        return server

    def assert_serves(self, configuration, cacert, localcert):
        server = self.make_server(configuration, cacert, localcert).start()
        with TlsConnection(server) as connection:
            connection.send(request("/mirror1_files/a.txt"))
            self.assertEqual(b"alpha", connection.read_answer().body)
            subject = connection.socket.getpeercert()["subject"]
        self.assertEqual(((("commonName", "localhost"),),), subject)
        self.assertEqual(0, server.stop())

    def assert_refused(self, server, file, fault, prefix=(), options=("-d",)):
        """It ends with an error that names the file and the fault."""
        done = subprocess.run([*prefix, program(), *options, "-f", server.config_file],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=PATIENCE, check=False)
        output = done.stdout.decode(errors="replace")
        self.assertGreater(done.returncode, 0, output)
        lines = [line for line in output.splitlines() if str(server.folder / file) in line]
        self.assertTrue(lines, output)
        self.assertRegex("\n".join(lines).lower(), fault)
        self.assertNotIn("PRIVATE KEY-----\n", output)

    def certificate(self):
        return self.identity.certificate.read_bytes()

    def key(self):
        return self.identity.key.read_bytes()

    def test_certificate_and_key_in_files_of_their_own(self):
        self.assert_serves(SSL_CONFIGURATION, self.certificate(), self.key())

    def test_both_in_one_file_named_twice(self):
        self.assert_serves(SSL_CONFIGURATION, self.identity.pem(), self.identity.pem())

    def test_both_in_either_file(self):
        self.assert_serves(SSL_CONFIGURATION, self.key() + self.certificate(), self.key())

    def test_files_the_other_way_round(self):
        self.assert_serves(SSL_CONFIGURATION, self.key(), self.certificate())

    def test_files_for_verifypeer_without_it(self):
        """Switching verifypeer off keeps the files: the certificate is the one of the key."""
        self.assert_serves(SSL_CONFIGURATION, self.root.certificate.read_bytes(),
                           self.identity.pem())

    def test_verifypeer(self):
        self.assert_serves(VERIFYING, self.root.certificate.read_bytes(),
                           self.key() + self.certificate())

    def test_obsolete_names(self):
        configuration = SSL_CONFIGURATION.replace("cacert =", "certfile =")
        self.assert_serves(configuration.replace("localcert =", "privkey ="),
                           self.certificate(), self.key())

    def test_missing_certificate(self):
        self.assert_refused(self.make_server(SSL_CONFIGURATION, None, self.key()),
                            "cacert.pem", "no such file|not found|missing|does not exist")

    def test_missing_key(self):
        self.assert_refused(self.make_server(SSL_CONFIGURATION, self.certificate(), None),
                            "localcert.pem", "no such file|not found|missing|does not exist")

    def test_unreadable_key(self):
        server = self.make_server(SSL_CONFIGURATION, self.certificate(), self.key())
        (server.folder / "localcert.pem").chmod(0)
        # Root reads everything, unless it is deprived of that.
        prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]
        self.assert_refused(server, "localcert.pem", "permission denied|not readable",
                            prefix if os.geteuid() == 0 else [])

    def test_folder_in_place_of_a_certificate(self):
        server = self.make_server(SSL_CONFIGURATION, None, self.key())
        (server.folder / "cacert.pem").mkdir()
        self.assert_refused(server, "cacert.pem", "director|folder|regular file")

    def test_expired_certificate(self):
        old = self.root.issue("expired", end=A_WHILE_AGO)
        self.assert_refused(self.make_server(SSL_CONFIGURATION, old.certificate.read_bytes(),
                                             old.key.read_bytes()), "cacert.pem", "expired")
        self.assert_refused(
            self.make_server(VERIFYING, self.root.certificate.read_bytes(), old.pem()),
            "localcert.pem", "expired")

    def test_certificate_of_the_future(self):
        young = self.root.issue("young", begin=SOME_DAY, end=LATER)
        self.assert_refused(self.make_server(SSL_CONFIGURATION, young.certificate.read_bytes(),
                                             young.key.read_bytes()), "cacert.pem", "not.*valid")

    def test_expired_authority(self):
        authority = Authority(self.new_folder("authority"), "old", end=A_WHILE_AGO)
        self.assert_refused(
            self.make_server(VERIFYING, authority.certificate.read_bytes(), self.identity.pem()),
            "cacert.pem", "expired")

    def test_key_of_another_certificate(self):
        server = self.make_server(SSL_CONFIGURATION, self.certificate(),
                                  self.other.key.read_bytes())
        self.assert_refused(server, "localcert.pem", "not (belong|match)|mismatch")
        # As a daemon, the parent says so.
        self.assert_refused(server, "localcert.pem", "not (belong|match)|mismatch", options=())

    def test_key_of_another_certificate_with_verifypeer(self):
        self.assert_refused(
            self.make_server(VERIFYING, self.root.certificate.read_bytes(),
                             self.certificate() + self.other.key.read_bytes()),
            "localcert.pem", "not (belong|match)|mismatch")

    def test_unknown_ciphers(self):
        server = self.make_server(
            SSL_CONFIGURATION.replace("enablessl = 1", "enablessl = 1\nciphers = ROT13"),
            self.certificate(), self.key())
        done = subprocess.run([program(), "-d", "-f", server.config_file], capture_output=True,
                              text=True, timeout=PATIENCE, check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn("[ssl] ciphers = ROT13", done.stderr)

    def test_no_key_at_all(self):
        self.assert_refused(
            self.make_server(SSL_CONFIGURATION, self.certificate(), self.certificate()),
            "localcert.pem", "key")

    def test_verifypeer_without_a_certificate_of_its_own(self):
        self.assert_refused(
            self.make_server(VERIFYING, self.root.certificate.read_bytes(), self.key()),
            "localcert.pem", "certificate")

    def test_key_with_a_pass_phrase(self):
        locked = self.new_folder("locked") / "key.pem"
        subprocess.run(["openssl", "pkey", "-in", self.identity.key, "-aes128", "-passout",
                        "pass:secret", "-out", locked], check=True, timeout=PATIENCE)
        self.assert_refused(
            self.make_server(SSL_CONFIGURATION, self.certificate(), locked.read_bytes()),
            "localcert.pem", "pass ?phrase|encrypted|password")

    def test_garbage(self):
        damaged = self.certificate().replace(b"A", b"*")
        for content in (b"", b"no PEM\n" * 100, os.urandom(1000), damaged):
            with self.subTest(content=content[:20]):
                server = self.make_server(SSL_CONFIGURATION, content, self.key())
                self.assert_refused(server, "cacert.pem", "certificate")

    def test_files_stay_as_they_are(self):
        server = self.make_server(SSL_CONFIGURATION, self.certificate(), self.key())
        (server.folder / "localcert.pem").chmod(0o400)
        server.start()
        self.assertEqual(0, server.stop())
        mode = (server.folder / "localcert.pem").stat().st_mode
        self.assertEqual(0o400, stat.S_IMODE(mode))


class Offered(TlsTest):
    """What a scanner finds: nothing that is broken, weak or without forward secrecy."""

    STRONG = {"ECDHE-{}-AES256-GCM-SHA384", "ECDHE-{}-CHACHA20-POLY1305",
              "ECDHE-{}-AES128-GCM-SHA256"}

    def s_client(self, *arguments):
        return super().s_client(*arguments, "-servername", "localhost")

    def accepted(self):
        """Those of all ciphers that the library knows for TLS 1.2 that the server agrees to."""
        known = subprocess.run(["openssl", "ciphers", "-tls1_2", "-s", "ALL:eNULL:@SECLEVEL=0"],
                               capture_output=True, text=True, timeout=PATIENCE, check=True)
        names = known.stdout.strip().split(":")
        self.assertGreater(len(names), 20)
        return {name for name in names
                if "Cipher is (NONE)" not in self.s_client("-tls1_2", "-cipher",
                                                           f"{name}:@SECLEVEL=0")}

    def test_strong_ciphers_alone(self):
        self.assertEqual({name.format("ECDSA") for name in self.STRONG}, self.accepted())

    def test_old_versions_are_refused(self):
        for version in ("-tls1", "-tls1_1"):
            printed = self.s_client(version, "-cipher", "ALL:@SECLEVEL=0")
            self.assertIn("alert protocol version", printed)
            self.assertIn("Cipher is (NONE)", printed)

    def test_ciphers_of_tls_1_3(self):
        agreed = set()
        for name in ("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                     "TLS_AES_128_GCM_SHA256", "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"):
            if "Cipher is (NONE)" not in self.s_client("-tls1_3", "-ciphersuites", name):
                agreed.add(name)
        self.assertEqual({"TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                          "TLS_AES_128_GCM_SHA256"}, agreed)

    def test_no_compression_and_no_renegotiation(self):
        printed = self.s_client("-tls1_2")
        self.assertIn("Compression: NONE", printed)
        self.assertIn("Secure Renegotiation IS supported", printed)
        self.assertIn("Extended master secret: yes", printed)


class OfferedWithRsa(Offered):
    """The same with the kind of certificate that most have."""

    @classmethod
    def install(cls):
        cls.identity = cls.middle.issue("rsa.localhost", key=RSA_KEY)
        super().install()

    def test_strong_ciphers_alone(self):
        self.assertEqual({name.format("RSA") for name in self.STRONG}, self.accepted())


class ChosenCiphers(TlsTest):
    """`[ssl] ciphers` for clients that have none of the strong ones."""

    configuration = SSL_CONFIGURATION.replace("enablessl = 1",
                                              "enablessl = 1\nciphers = ECDHE+AES")

    def test_an_old_client_is_served(self):
        printed = self.s_client("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256")
        self.assertIn("Cipher is ECDHE-ECDSA-AES128-SHA256", printed)
        self.assertIn("alpha", printed)
