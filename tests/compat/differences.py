"""Where our answers differ from the recordings, on purpose: the one table, with each reason.

An entry names recorded lines (by label, and by mount or method where the label is not enough), says
why we differ, and what we answer instead. The replay checks the answer against the entry; an entry
that no line needs any more fails the test run, so that the table cannot go stale.
docs/compatibility.md says the same in words for administrators.
"""
import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Fault:
    """A real XML-RPC fault."""

    code: int


@dataclasses.dataclass(frozen=True)
class Failure:
    """A failure struct of this kind."""

    kind: str


@dataclasses.dataclass(frozen=True)
class Status:
    """An HTTP answer: its status and some of its header fields (None: must be absent)."""

    status: int
    headers: typing.Mapping = dataclasses.field(default_factory=dict)
    body: typing.Optional[str] = None


@dataclasses.dataclass(frozen=True)
class Difference:
    """`answer`: what we answer; may hold placeholders as the recordings do."""

    reason: str
    answer: object
    labels: tuple
    mount: typing.Optional[str] = None
    method: typing.Optional[str] = None
    request_part: str = ""
    recorded: object = None

    def covers(self, line):
        """Whether the recorded `line` is one of those that the entry names."""
        return (line["label"] in self.labels
                and self.mount in (None, line.get("mount"))
                and self.method in (None, line.get("method"))
                and self.request_part in str(line.get("params", ""))
                and (self.recorded is None or self.recorded in str(line["answer"])))


API_RECORD = {"mountpoint": "/package_api_get1", "uuid": "UUID/package_api_get1",
              "protocol": "http", "port": "@PORT@", "server": "127.0.0.1"}

RPC = [
    Difference("a file of another mirror's tree has no URL here: the recorded one is a dead link",
               "", ("getFilePath", "getFileURI"), mount="/mirror2", recorded="/mirror2_files/"),
    Difference("the recorded server crashes; this is what the method means",
               {"2.0.0.9": "test"}, ("getPackagesIds",)),
    Difference("the recorded server crashes; this is what the method means",
               "test", ("getPackageId",)),
    Difference("the recorded server crashes; the method lists the APIs that users may be given",
               [API_RECORD], ("getServerDetails",), mount="/upaa"),
    Difference("a command without text keeps its name",
               {"command": "", "name": "only"}, ("getPackagePostCommandFailure:cdata",)),
    Difference("packages are not edited yet: a failure that says so, instead of 0 and nothing done",
               Failure("unavailable"),
               ("putPackageSize", "putPackagePreCommand", "putPackageCommand",
                "putPackagePostCommandSuccess", "putPackagePostCommandFailure",
                "putPackageFiles")),
    Difference("no such method: a real fault instead of an HTML 500 page",
               Fault(8001), ("system.listMethods", "dotted method", "method render")),
    Difference("not XML: a real fault instead of an HTML 500 page",
               Fault(-32700), ("empty body", "not xml")),
    Difference("XML, but no call: a real fault instead of an HTML 500 page",
               Fault(-32600), ("methodResponse as request",)),
]

# Members of packages that differ in every answer that holds the package: by pid.
PACKAGE_MEMBERS = {
    # a command without text keeps its name
    "cdata": {"postCommandFailure": {"command": "", "name": "only"}},
}

NOT_ALLOWED_ON_FILES = Status(405, {"allow": "GET, HEAD"})
NOT_ALLOWED_ON_APIS = Status(405, {"allow": "POST"})
MODIFIED = "Mon, 23 Nov 2026 00:04:40 GMT"
OCTETS = "application/octet-stream"

HTTP = [
    Difference("a list of checksums is text", Status(200, {"content-type": "text/plain"}),
               ("GET MD5SUMS",)),
    Difference("files without a known suffix are octets",
               Status(200, {"content-type": OCTETS, "content-length": "0"}), ("GET empty file",)),
    Difference("the boundary between parts is ours; the parts are checked one by one",
               Status(206, {"accept-ranges": "bytes"}), ("Range bytes=0-0,5-9",)),
    Difference("a suffix longer than the file is the whole file",
               Status(206, {"content-range": "bytes 0-4095/4096", "content-length": "4096"}),
               ("Range bytes=-99999",)),
    Difference("If-Range names another version: the whole file",
               Status(200, {"content-length": "4096", "content-range": None}), ("If-Range",)),
    Difference("an answer without content repeats neither length nor type (RFC 9110, 15.4.5)",
               Status(304, {"accept-ranges": "bytes", "last-modified": MODIFIED}),
               ("IMS same", "IMS future")),
    Difference("a range outside the file: the error's page instead of no content",
               Status(416, {"content-range": "bytes */4096"}), ("Range bytes=5000-",)),
    Difference("a NUL is a bad request", Status(400), ("nul",)),
    Difference("an absolute URL is served, as HTTP/1.1 asks",
               Status(200, {"content-type": "text/x-sh"}, "#!/bin/sh\nexit 0\n"),
               ("absolute uri",)),
    Difference("a method that files do not have", NOT_ALLOWED_ON_FILES,
               ("PUT file", "DELETE file", "FOO file", "TRACE file")),
    Difference("an API takes POST only", NOT_ALLOWED_ON_APIS,
               ("PUT rpc mount empty", "GET rpc under file mount", "GET with rpc body")),
    Difference("the page of all services works",
               Status(200, {"content-type": "text/html; charset=utf-8"}),
               ("GET /desc", "GET /desc args")),
    Difference("a POST without a length has no body: a real fault, no HTML page",
               Status(200, {"content-type": "text/xml"}), ("POST rpc no content-length",)),
    Difference("no such version of HTTP", Status(505), ("HTTP/9.9 (no Connection: close)",)),
    Difference("many header fields are served while they fit the limit of a request's head",
               Status(200, {"content-type": "text/x-sh"}), ("many headers",)),
    Difference("a length that is no number is a bad request, told to the client",
               Status(400), ("negative content-length", "bad content-length")),
]

AS_RECORDED = object()
ANY = object()
FAILURE = {"FAILURE": {}}


@dataclasses.dataclass(frozen=True)
class WritingDifference:
    """A call of the story that changes packages. `disk`: "recorded" when it does on disk what was
    recorded, "unchanged" when it does nothing there, "ours" when something else."""

    reason: str
    labels: tuple
    answer: object = AS_RECORDED
    disk: str = "recorded"


WRITING = [
]
