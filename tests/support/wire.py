"""Raw HTTP over a socket: what goes over the wire, byte for byte."""
import dataclasses
import socket


@dataclasses.dataclass
class Answer:
    """One HTTP answer. `headers` has lower-case names; repeated ones are joined by a comma."""

    status_line: str
    headers: dict
    body: bytes

    @property
    def status(self):
        return int(self.status_line.split()[1])

    @property
    def version(self):
        return self.status_line.split()[0]


def parse_head(head):
    """The status line and the header fields of the bytes before the empty line."""
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        value = value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return lines[0], headers


class Connection:
    """A connection that sends bytes as given and reads answers one by one."""

    def __init__(self, server, host=None, timeout=30, source=None):
        """`source`: the client's own address, such as 127.0.0.2."""
        self.socket = socket.create_connection((host or server.host, server.port), timeout=timeout,
                                               source_address=(source, 0) if source else None)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def fill(self):
        """Reads some bytes; False at the end of the stream."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.buffer += data
        return bool(data)

    def read_answer(self, head_only=False):
        """The next answer, or None when the server closed the connection before any byte."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.fill():
                if not self.buffer:
                    return None
                raise AssertionError(f"cut short: {self.buffer[:200]!r}")
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        status_line, headers = parse_head(head)
        answer = Answer(status_line, headers, b"")
        if not head_only and answer.status >= 200 and answer.status not in (204, 304):
            answer.body = self.read_body(headers)
        return answer

    def read_body(self, headers):
        if "content-length" not in headers:
            return self.read_to_end()
        length = int(headers["content-length"])
        while len(self.buffer) < length:
            if not self.fill():
                raise AssertionError(f"body cut short: {len(self.buffer)} of {length}")
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return body

    def read_to_end(self):
        while self.fill():
            pass
        rest, self.buffer = self.buffer, b""
        return rest

    def is_closed(self):
        """True when the server has closed and nothing is left to read."""
        return self.read_to_end() == b""


def get(server, path, method="GET", headers=(), version="HTTP/1.1", host=None):
    """One request on a connection of its own."""
    lines = [f"{method} {path} {version}", f"Host: {server.host}:{server.port}", *headers,
             "Connection: close"]
    with Connection(server, host) as connection:
        connection.send("\r\n".join(lines) + "\r\n\r\n")
        return connection.read_answer(head_only=method == "HEAD")
