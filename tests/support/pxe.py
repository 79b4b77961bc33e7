"""PXE clients: packets over UDP and TCP, an inventory, and an inventory server."""
import http.server
import re
import socket
import ssl
import threading

from tests.support.server import PATIENCE, free_port, wait_until

MAC = "00:11:22:33:44:55"
HOST = "127.0.0.1"
ANY_SECONDS = re.compile(rb"\d+\0")

(REGISTER, AUTHENTICATE, INVENTORY, CREATE_IMAGE, IMAGE_DONE, CHANGE_DEFAULT, LOG, UUID, HOST_NAME,
 WAIT) = (bytes([byte]) for byte in (0xAD, 0xAF, 0xAA, 0xEC, 0xED, 0xCD, 0x4C, 0x1B, 0x1A, 0x54))


def packet(method, body=b"", mac=MAC):
    """A packet as boot loaders send it."""
    return method + body + b"Mc:" + mac.encode()


def inventory(mac=MAC, product="Bochs"):
    """A small inventory's packet."""
    lines = ["M:26f,U:3f9b8", "D:(hd0):CHS(1023,255,63)=16777216", "P:0,t:83,s:2048,l:15986688",
             f"S1:Bochs|{product}|-|-|C28041465DFC34F864D2B04146CC7947", "S3:Bochs|1", "S4:1",
             "F:2593852", f"Mc:{mac}", ""]
    return INVENTORY + "\n".join(lines).encode() + b"\0"


class Client:
    """A machine that sends datagrams from an address of its own."""

    def __init__(self, port, address=HOST):
        self.server = (HOST, port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendto(data, self.server)

    def receive(self, patience=PATIENCE):
        """The next answer; None when none comes within that time."""
        self.socket.settimeout(patience)
        try:
            answer, sender = self.socket.recvfrom(65536)
        except TimeoutError:
            return None
        assert sender == self.server, sender
        return answer

    def ask(self, data, patience=PATIENCE):
        self.send(data)
        return self.receive(patience)

    def is_alive(self):
        """Whether the next answer is the one to what is sent now: nothing before got any."""
        return ANY_SECONDS.fullmatch(self.ask(packet(WAIT, b";\x010;0 ")) or b"") is not None

    def drain(self):
        """Reads what was answered so far."""
        self.send(packet(WAIT, b";\x010;0 "))
        while not ANY_SECONDS.fullmatch(self.receive()):
            pass


class Stream:
    """A machine that talks over TCP."""

    def __init__(self, port, address=HOST):
        self.socket = socket.create_connection((HOST, port), timeout=PATIENCE,
                                               source_address=(address, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next answer, without its NUL; None when the server closed."""
        while b"\0" not in self.rest:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not more:
                return None
            self.rest += more
        answer, _, self.rest = self.rest.partition(b"\0")
        return answer

    def ask(self, data):
        self.send(data)
        return self.receive()

    def is_closed(self):
        """Waits until the server has closed the connection."""
        return self.receive() is None


class InventoryServer:
    """Takes inventories by HTTP, or HTTPS with an identity of tests.support.certificates, between
    start() and stop(). `respond` maps a document to the status of the answer."""

    def __init__(self, identity=None):
        self.port = free_port()
        self.context = None
        if identity:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(identity.certificate, identity.key)
        self.respond = lambda document: 200
        self.posts = []
        self.lock = threading.Lock()
        self.server = None

    def start(self):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *arguments):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = owner.respond(body.decode("ascii"))
                with owner.lock:
                    owner.posts.append((self.path, dict(self.headers), body.decode("ascii")))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                # Idle ones would outlive stop().
                self.send_header("Connection", "close")
                self.end_headers()

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request, client_address):
                """A client that gave up is no news."""

            def get_request(self):
                connection, address = super().get_request()
                if owner.context:
                    connection = owner.context.wrap_socket(connection, server_side=True,
                                                           do_handshake_on_connect=False)
                return connection, address

        self.server = Listener((HOST, self.port), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def documents(self):
        with self.lock:
            return [document for _, _, document in self.posts]

    def wait_for(self, count):
        """Waits for so many inventories: paths, headers, documents."""
        wait_until(lambda: len(self.posts) >= count, f"{count} inventories")
        with self.lock:
            return list(self.posts)
