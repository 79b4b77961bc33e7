"""The MMC agent, played: an XML-RPC server that records its calls and can be slow, absent or wrong."""
import base64
import dataclasses
import http.server
import socket
import threading
import time
import xmlrpc.client

from tests.support.server import free_port, wait_until

SERVER_UUID = "35f23420-4050-4734-b172-d458915ef17d"


@dataclasses.dataclass(frozen=True)
class Call:
    """What the agent was asked, on which connection, and when."""

    method: str
    params: list
    connection: tuple
    time: float


class Agent:
    """Listens on 127.0.0.1 between start() and stop(); what it was asked stays in `calls`.

    `answers` maps a method to what is answered: a value, an exception (a fault) or a function of the
    parameters. A method without an answer gets [True, True]. `spoil` is called before an answer and
    may return a whole HTTP answer (status, bytes) instead of it, or sleep.
    """

    def __init__(self, username="mmc", password="s3cr3t", context=None):
        self.port = free_port()
        self.credentials = "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()
        self.context = context
        self.answers = {}
        self.spoil = lambda call: None
        self.calls = []
        self.refused = 0
        self.under_way = 0
        self.most_under_way = 0
        self.lock = threading.Lock()
        self.server = None
        self.connections = set()

    def start(self):
        agent = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # A pipe of small packets is what a test would wait for.
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                with agent.lock:
                    agent.connections.add(self.connection)

            def finish(self):
                with agent.lock:
                    agent.connections.discard(self.connection)
                super().finish()

            def log_message(self, *arguments):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = agent.respond(self.headers, body, self.client_address)
                self.send_response(status)
                self.send_header("Content-Type", "text/xml")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request, client_address):
                """A client that gave up is no news."""

            def get_request(self):
                connection, address = super().get_request()
                if agent.context:
                    connection = agent.context.wrap_socket(connection, server_side=True,
                                                           do_handshake_on_connect=False)
                return connection, address

        self.server = Listener(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self):
        """Listens no more and breaks all connections."""
        if self.server is None:
            return
        self.server.shutdown()
        self.server.server_close()
        self.server = None
        with self.lock:
            connections = list(self.connections)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def respond(self, headers, body, connection):
        if headers.get("Authorization") != self.credentials:
            self.refused += 1
            return 401, b"who are you?"
        params, method = xmlrpc.client.loads(body.decode("utf-8"))
        call = Call(method, list(params), connection, time.monotonic())
        with self.lock:
            self.calls.append(call)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            spoiled = self.spoil(call)
            return spoiled or (200, self.answer(call))
        finally:
            with self.lock:
                self.under_way -= 1

    def answer(self, call):
        answer = self.answers.get(call.method, [True, True])
        try:
            if callable(answer):
                answer = answer(*call.params)
            if isinstance(answer, Exception):
                raise answer
        except Exception as error:  # pylint: disable=broad-except  # whatever a test wants
            return xmlrpc.client.dumps(xmlrpc.client.Fault(8002, repr(error))).encode()
        return xmlrpc.client.dumps((answer,), methodresponse=True, allow_none=True).encode()

    def take_calls(self):
        """The calls since the last time, as (method, params)."""
        with self.lock:
            calls, self.calls = self.calls, []
        return [(call.method, call.params) for call in calls]

    def methods(self):
        with self.lock:
            return [call.method for call in self.calls]

    def wait_for(self, method, count=1):
        """Waits until the method was called that often; its calls."""
        wait_until(lambda: self.methods().count(method) >= count, f"{count} calls of {method}")
        return [call for call in self.calls if call.method == method]
