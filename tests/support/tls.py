"""HTTPS for the tests: a server that speaks it, and raw connections through TLS."""
import ssl
import urllib.error
import urllib.request
import xmlrpc.client

from tests.support.server import Server
from tests.support.wire import Connection

# The ends of a connection that a client sees when the other side breaks it off.
BROKEN = (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


def trust(certificate, identity=None):
    """A client's context that trusts `certificate` and shows its own `identity` when asked."""
    context = ssl.create_default_context(cafile=str(certificate))
    if identity:
        context.load_cert_chain(str(identity.certificate), str(identity.key))
    return context


class TlsServer(Server):
    """A server that speaks HTTPS; `context` is what its clients use."""

    context = None

    @property
    def url(self):
        return f"https://{self.host}:{self.port}"

    def is_healthy(self):
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=10,
                                        context=self.context) as answer:
                return answer.status == 200
        except (urllib.error.HTTPError, OSError):
            return False

    def proxy(self, mount):
        return xmlrpc.client.ServerProxy(f"{self.url}{mount}", allow_none=True,
                                         context=self.context)


class TlsConnection(Connection):
    """A connection through TLS; `context` other than the server's own where a test needs it."""

    def __init__(self, server, context=None, session=None, timeout=30):
        super().__init__(server, timeout=timeout)
        try:
            self.socket = (context or server.context).wrap_socket(
                self.socket, server_hostname=server.host, session=session,
                suppress_ragged_eofs=False)
        except BaseException:
            self.socket.close()
            raise

    def fill(self):
        try:
            data = self.socket.recv(65536)
        except BROKEN:
            data = b""
        self.buffer += data
        return bool(data)


def connect(server, timeout=30):
    """A connection as the server speaks: plain or through TLS."""
    if isinstance(server, TlsServer):
        return TlsConnection(server, timeout=timeout)
    return Connection(server, timeout=timeout)
