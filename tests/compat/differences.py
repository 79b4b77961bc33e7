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


ANY = object()
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
    Difference("putPackageXxx of an earlier line rewrote the description, with associateinventory",
               ANY, ("extra path", "untyped string param")),
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
    WritingDifference("binary values are taken like base64 text", ("pushPackage:Binary object instead of string",), True, "ours"),
    WritingDifference("bad base64 is a failure and leaves no file", ("pushPackage:bad base64",), FAILURE, "unchanged"),
    WritingDifference("names that lead out of the upload folder are refused",
                      ("pushPackage:.. in filename", "pushPackage:.. in random_dir"), FAILURE, "unchanged"),
    WritingDifference("a failed upload leaves no folder behind", ("pushPackage:local missing",), FAILURE, "unchanged"),
    WritingDifference("the recording does not say what this file holds: only its size counts",
                      ("pushPackage:local move", "associate:level1"), disk="ours"),
    WritingDifference("in byte order, without what failed uploads left",
                      ("getTemporaryFiles",), [["rnd1", True], ["rnd2", True], ["rnd4", True], ["rnd5", True]]),
    WritingDifference("in byte order", ("getTemporaryFilesSuggestedCommand",),
                      {"version": "0.1", "commandcmd": 'regedit /s "a.reg"\ncmd.exe /c "b.bat"\n./"c.sh"'}),
    WritingDifference("a package that waits for its files is pending until they are associated",
                      ("detail after create",), {}),
    WritingDifference("a package that waits for its files is pending until they are associated",
                      ("pending after create", "pending after mini2"), ANY),
    WritingDifference("a package that waits for its files is pending until they are associated",
                      ("mirror isAvailable after create",), False),
    WritingDifference("a package that waits for its files is pending until they are associated",
                      ("label after create",), FAILURE),
    WritingDifference("what exists in the package is replaced",
                      ("associate:level0 folder already exists in package",), [True, []], "ours"),
    WritingDifference("the package is complete after the call", ("pending after failed associate",), []),
    WritingDifference("the files of the replaced folder are gone, its new one is there",
                      ("detail after failed associate", "detail after level1", "detail after edit",
                       "putPackageDetail:edit need_assign False", "mirror details after edit", "size after edit",
                       "putPackageDetail:edit need_assign True", "detail after edit NA", "detail after basepath",
                       "putPackageDetail:edit with basepath/size int/files"), ANY),
    WritingDifference("the files of the replaced folder are gone, its new one is there",
                      ("associate:level as string",), disk="ours"),
    WritingDifference("an unknown package is refused", ("associate:unknown pid",), [False, ""], "unchanged"),
    WritingDifference("an empty folder has no files to be moved", ("associate:level1 empty dir",), [True, []], "ours"),
    WritingDifference("missing members take their defaults or keep their values",
                      ("putPackageDetail:missing keys (edit)", "putPackageDetail:missing keys (create)",
                       "detail after mini", "getAllPackages after mini2", "getServerDetails after mini2"), ANY, "ours"),
    WritingDifference("the package was edited before", ("putPackageDetail:a good one after the bad one",), disk="ours"),
    WritingDifference("an empty id gets a fresh one", ("putPackageDetail:empty id",), ANY, "ours"),
    WritingDifference("an id that leads out of the tree is refused", ("putPackageDetail:.. id",), FAILURE, "unchanged"),
    WritingDifference("versions are UTF-8", ("putPackageDetail:non-ascii version",
                                             "getAllPackages after non-ascii version"), ANY, "ours"),
    WritingDifference("a version is text", ("putPackageDetail:int version",), ANY),
    WritingDifference("a package without a label is refused", ("putPackageDetail:empty label",), [False, ""], "unchanged"),
    WritingDifference("a package without a label is refused: the others stay",
                      ("detail empty label", "getAllPackages after empty label"), ANY),
    WritingDifference("a command given as text is stored",
                      ("putPackageDetail:command as unicode string", "getAllPackages after command string"), ANY, "ours"),
    WritingDifference("a true reboot is written as 1", ("putPackageDetail:reboot bool",), ANY, "ours"),
    WritingDifference("the package was written differently before", ("putPackageDetail:escaping",), disk="ours"),
    WritingDifference("unknown elements survive an edit", ("putPackageDetail:edit test pkg",), disk="ours"),
    WritingDifference("an edit works on the package's own folder",
                      ("putPackageDetail:edit package whose dirname differs", "detail other-id edited",
                       "getAllPackages dirname differs"), ANY, "ours"),
    WritingDifference("a package of a tree that no package_api_put serves is not edited",
                      ("putPackageDetail:edit package of mirror2 through put1",), [False, ""], "unchanged"),
    WritingDifference("the package of the other tree is no package of this one", ("detail second",), {}),
    WritingDifference("the package of the other tree stays as it was",
                      ("getAllPackages after editing second", "mirror2 details after editing second"), ANY),
    WritingDifference("all files are removed or none", ("removeFiles:one missing",), [False, ""], "unchanged"),
    WritingDifference("names that lead out of the package are refused", ("removeFiles:..",), FAILURE, "unchanged"),
    WritingDifference("a dropped package loses its own folder", ("dropPackage:dirname differs",), disk="ours"),
]
