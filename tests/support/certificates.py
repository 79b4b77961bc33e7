"""Makes certificates with the openssl program: authorities, servers, clients, expired ones."""
import dataclasses
import pathlib
import subprocess

PATIENCE = 60

CA_CONFIGURATION = """\
[ca]
default_ca = it
[it]
dir = {folder}
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = anything
unique_subject = no
[anything]
commonName = supplied
[server]
basicConstraints = CA:FALSE
subjectAltName = DNS:localhost, IP:127.0.0.1
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[req]
distinguished_name = name
[name]
"""

# Dates of the past and the far future, in ASN.1's form.
LONG_AGO = "20010101000000Z"
A_WHILE_AGO = "20020101000000Z"
SOME_DAY = "20480101000000Z"
LATER = "20490101000000Z"

# Kinds of keys, as `openssl req` takes them.
EC_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
RSA_KEY = ("-newkey", "rsa:2048")


def openssl(*arguments):
    """Runs `openssl`; its error output is in the exception when it fails."""
    done = subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise AssertionError(f"openssl {arguments}: {done.stderr}")
    return done.stdout


@dataclasses.dataclass
class Identity:
    """A certificate and its private key, in two PEM files."""

    certificate: pathlib.Path
    key: pathlib.Path

    def pem(self):
        """Both, as they stand in one file."""
        return self.certificate.read_bytes() + self.key.read_bytes()


class Authority:
    """Signs certificates. `parent` makes it an intermediate one."""

    def __init__(self, folder, name="authority", parent=None, begin=LONG_AGO, end=LATER):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        (self.folder / "index.txt").touch()
        self.configuration = self.folder / "openssl.cnf"
        self.configuration.write_text(CA_CONFIGURATION.format(folder=self.folder),
                                      encoding="utf-8")
        if parent:
            self.identity = parent.issue(name, "authority", begin, end)
        else:
            self.identity = self.make(name, "authority", begin, end, None)

    @property
    def certificate(self):
        return self.identity.certificate

    def issue(self, name, kind="server", begin=LONG_AGO, end=LATER, key=EC_KEY):
        """A new identity of `kind` server, client or authority."""
        return self.make(name, kind, begin, end, self.identity, key)

    def make(self, name, kind, begin, end, signer, key_kind=EC_KEY):
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        request = self.folder / f"{name}.csr"
        openssl("req", "-new", *key_kind, "-nodes", "-config", self.configuration, "-subj", f"/CN={name}", "-keyout", key,
                "-out", request)
        signing = (["-cert", signer.certificate, "-keyfile", signer.key] if signer
                   else ["-selfsign", "-keyfile", key])
        openssl("ca", "-batch", "-notext", "-config", self.configuration, "-extensions", kind,
                "-startdate", begin, "-enddate", end, "-in", request, "-out", certificate,
                *signing)
        return Identity(certificate, key)
