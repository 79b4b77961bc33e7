"""Where our answers differ from the recordings, on purpose: the one table, with each reason.

An entry names recorded lines (by label, and by mount or method where the label is not enough), says
why we differ, and what we answer instead. The replay checks the answer against the entry; an entry
that no line needs any more fails the test run, so that the table cannot go stale.
docs/compatibility.md says the same in words for administrators.
"""
import dataclasses
import typing

from tests.support.packages import file_id


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


@dataclasses.dataclass(frozen=True)
class Recorded:
    """The recorded answer, of this line or of the one with another label, with some members of some
    packages (by pid) set to what we answer."""

    members: typing.Mapping
    label: typing.Optional[str] = None


def is_recorded(answer):
    """Whether an expected answer is made from recorded ones."""
    return isinstance(answer, Recorded) or (isinstance(answer, list)
                                            and any(map(is_recorded, answer)))


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
               Recorded({"test": {"associateinventory": "0"}}), ("extra path", "untyped string param")),
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


@dataclasses.dataclass(frozen=True)
class Refused:
    """[False, reason], the reason holding this text."""

    reason: str


@dataclasses.dataclass(frozen=True)
class OnDisk:
    """What the files of the trees say, read by the tests themselves: the packages of the mount
    point's tree that wait for no files. `pid`: that package alone. `put`: what putPackageDetail
    answers for the package, "edited" or "created" (without files)."""

    pid: typing.Optional[str] = None
    put: str = ""


@dataclasses.dataclass(frozen=True)
class Conf:
    """The conf.xml that was recorded at a line, with some of its text replaced."""

    label: str
    replaced: typing.Mapping = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Changes:
    """What a call does below the recording's folder: names that go and names that come or change,
    with their content; folders end with a slash and have none. Each MD5SUMS is checked anyway."""

    gone: tuple = ()
    written: typing.Mapping = dataclasses.field(default_factory=dict)


NOTHING = Changes()


@dataclasses.dataclass(frozen=True)
class WritingDifference:
    """Calls of the story that changes packages. `disk`: Changes, where they are not those that were
    recorded."""

    reason: str
    labels: tuple
    answer: object = AS_RECORDED
    disk: object = AS_RECORDED


NEW = "0a1b2c3d-0000-11e3-8888-000000000001"
SECOND_NEW = NEW[:-1] + "2"
FOURTH_NEW = NEW[:-1] + "4"
CREATED = "putPackageDetail:create need_assign False"
WAITS = "a package that waits for its files is pending until they are associated"
REPLACED = "the files of the replaced folder are gone, its new one is there"
LOCAL_FILE = b"local!!\n"

WRITING = [
    WritingDifference("binary values are taken like base64 text",
                      ("pushPackage:Binary object instead of string",), True,
                      Changes(written={"tmp_input/put1/rnd1/bin.dat": b"abc"})),
    WritingDifference("bad base64 is a failure and leaves no file", ("pushPackage:bad base64",),
                      Failure("malformed"), NOTHING),
    WritingDifference("names that lead out of the upload folder are refused",
                      ("pushPackage:.. in filename", "pushPackage:.. in random_dir"),
                      Failure("invalid_argument"), NOTHING),
    WritingDifference("a failed upload leaves no folder behind", ("pushPackage:local missing",),
                      Failure("not_found"), NOTHING),
    WritingDifference("the recording does not say what this file holds: only its size counts",
                      ("pushPackage:local move",),
                      disk=Changes(("local_tmp/rnd2/local file.bin",),
                                   {"tmp_input/put1/rnd2/": None,
                                    "tmp_input/put1/rnd2/local file.bin": LOCAL_FILE})),
    WritingDifference("the recording does not say what this file holds: only its size counts",
                      ("associate:level1",),
                      disk=Changes(("tmp_input/put1/rnd2/", "tmp_input/put1/rnd2/local file.bin"),
                                   {f"p1/{NEW}/local file.bin": LOCAL_FILE})),
    WritingDifference("in byte order, without what failed uploads left", ("getTemporaryFiles",),
                      [["rnd1", True], ["rnd2", True], ["rnd4", True], ["rnd5", True]]),
    WritingDifference("in byte order", ("getTemporaryFilesSuggestedCommand",),
                      {"version": "0.1",
                       "commandcmd": 'regedit /s "a.reg"\ncmd.exe /c "b.bat"\n./"c.sh"'}),
    WritingDifference(WAITS, ("detail after create",), {}),
    WritingDifference(WAITS, ("pending after create",),
                      [Recorded({NEW: {"why": "association"}}, "detail after create")]),
    WritingDifference(WAITS, ("mirror isAvailable after create",), False),
    WritingDifference(WAITS, ("label after create",), Failure("not_found")),
    WritingDifference("what exists in the package is replaced",
                      ("associate:level0 folder already exists in package",), [True, []],
                      Changes(("tmp_input/put1/rnd5/", "tmp_input/put1/rnd5/e.txt",
                               f"p1/{NEW}/rnd5/a.reg", f"p1/{NEW}/rnd5/b.bat",
                               f"p1/{NEW}/rnd5/c.sh", f"p1/{NEW}/rnd5/d.txt"),
                              {f"p1/{NEW}/rnd5/e.txt": b"again\n"})),
    WritingDifference("the package is complete after the call",
                      ("pending after failed associate",), []),
    WritingDifference(REPLACED,
                      ("detail after failed associate", "detail after level1", "detail after edit",
                       "detail after edit NA", "detail after basepath"), OnDisk(NEW)),
    WritingDifference(REPLACED, ("mirror details after edit",), OnDisk()),
    # install me.sh, local file.bin, rnd5/e.txt, setup.exe, z.txt and the MD5SUMS of the five
    WritingDifference(REPLACED, ("size after edit",),
                      18 + 8 + 6 + 12 + 2 + 5 * 35 + len("install me.shlocal file.bin"
                                                        "rnd5/e.txtsetup.exez.txt")),
    WritingDifference(REPLACED,
                      ("putPackageDetail:edit need_assign False",
                       "putPackageDetail:edit need_assign True",
                       "putPackageDetail:edit with basepath/size int/files"),
                      OnDisk(NEW, "edited")),
    WritingDifference("an unknown package is refused", ("associate:unknown pid",),
                      [False, "This package don't exists"], NOTHING),
    WritingDifference("an empty folder has no files to be moved", ("associate:level1 empty dir",),
                      [True, []], Changes(("tmp_input/put1/rnd4/",))),
    WritingDifference("members that were not sent keep their values",
                      ("putPackageDetail:missing keys (edit)",), OnDisk(NEW, "edited"),
                      Changes(written={f"p1/{NEW}/conf.xml": Conf(
                          CREATED, {"Nouveau paquet été &amp; &lt;co&gt;": "Mini",
                                    ">1.2.3<": ">2<"})})),
    WritingDifference("members that were not sent keep their values", ("detail after mini",),
                      OnDisk(NEW)),
    WritingDifference("members that were not sent take their defaults",
                      ("putPackageDetail:missing keys (create)",), OnDisk(SECOND_NEW, "created"),
                      Changes(written={f"p1/{SECOND_NEW}/": None,
                                       f"p1/{SECOND_NEW}/MD5SUMS": b"",
                                       f"p1/{SECOND_NEW}/conf.xml": Conf(
                                           "putPackageDetail:no commands",
                                           {NEW[:-1] + "3": SECOND_NEW, "NoLicense": "Mini2"})})),
    WritingDifference(WAITS, ("pending after mini2",),
                      [Recorded({NEW[:-1] + "3": {
                          "id": SECOND_NEW, "label": "Mini2", "why": "association",
                          "basepath": f"@VAR@/p1/{SECOND_NEW}",
                          "files": [{"path": f"/{SECOND_NEW}", "name": "MD5SUMS",
                                     "id": file_id(SECOND_NEW, "MD5SUMS", b"")}]}},
                                "detail N3")]),
    WritingDifference("members that were not sent take their defaults: the lists go on",
                      ("getAllPackages after mini2", "getServerDetails after mini2"), OnDisk()),
    WritingDifference("the package was edited before",
                      ("putPackageDetail:a good one after the bad one",),
                      disk=Changes(written={f"p1/{NEW}/conf.xml": Conf(CREATED)})),
    WritingDifference("an id that leads out of the tree is refused", ("putPackageDetail:.. id",),
                      Failure("invalid_argument"), NOTHING),
    WritingDifference("versions are UTF-8", ("putPackageDetail:non-ascii version",),
                      OnDisk(FOURTH_NEW, "created"),
                      Changes(written={f"p1/{FOURTH_NEW}/": None,
                                       f"p1/{FOURTH_NEW}/MD5SUMS": b"",
                                       f"p1/{FOURTH_NEW}/conf.xml": Conf(
                                           CREATED, {NEW: FOURTH_NEW, ">1.2.3<": ">1.0é<"})})),
    WritingDifference("versions are UTF-8", ("getAllPackages after non-ascii version",), OnDisk()),
    WritingDifference("a version is text", ("putPackageDetail:int version",),
                      Recorded({FOURTH_NEW: {"version": "3"}})),
    WritingDifference("a package without a label is refused", ("putPackageDetail:empty label",),
                      Refused("label"), NOTHING),
    WritingDifference("a package without a label is refused: it stays as it was",
                      ("detail empty label",), Recorded({}, "detail int version")),
    WritingDifference("a package without a label is refused: the others stay",
                      ("getAllPackages after empty label",), OnDisk()),
    WritingDifference("a command given as text is stored",
                      ("putPackageDetail:command as unicode string",), OnDisk(FOURTH_NEW, "edited"),
                      Changes(written={f"p1/{FOURTH_NEW}/conf.xml": Conf(
                          "putPackageDetail:command as string", {"just a string": "unicodé string"})})),
    WritingDifference("a command given as text is stored", ("getAllPackages after command string",),
                      OnDisk()),
    WritingDifference("a true reboot is written as 1", ("putPackageDetail:reboot bool",),
                      Recorded({FOURTH_NEW: {"reboot": "1"}}),
                      Changes(written={f"p1/{FOURTH_NEW}/": None,
                                       f"p1/{FOURTH_NEW}/MD5SUMS": b"",
                                       f"p1/{FOURTH_NEW}/conf.xml": Conf(
                                           "putPackageDetail:reboot bool",
                                           {'reboot="True"': 'reboot="1"'})})),
    WritingDifference("the package was written differently before", ("putPackageDetail:escaping",),
                      disk=Changes(written={f"p1/{FOURTH_NEW}/conf.xml": Conf(
                          "putPackageDetail:escaping")})),
    WritingDifference("unknown elements survive an edit", ("putPackageDetail:edit test pkg",),
                      disk=Changes(written={"p1/test/conf.xml": Conf(
                          "putPackageDetail:edit test pkg",
                          {"\t</commands>": "\t\t<Precommands/>\n\t</commands>"})})),
    WritingDifference("an edit works on the package's own folder",
                      ("putPackageDetail:edit package whose dirname differs",),
                      OnDisk("other-id", "edited"),
                      Changes(written={"p1/dirname-differs/conf.xml": Conf(
                          "putPackageDetail:edit package whose dirname differs")})),
    WritingDifference("an edit works on the package's own folder", ("detail other-id edited",),
                      OnDisk("other-id")),
    WritingDifference("an edit works on the package's own folder",
                      ("getAllPackages dirname differs",), OnDisk()),
    WritingDifference("a package of a tree that no package_api_put serves is not edited",
                      ("putPackageDetail:edit package of mirror2 through put1",),
                      Refused("can't be changed from here"), NOTHING),
    WritingDifference("the package of the other tree is no package of this one",
                      ("detail second",), {}),
    WritingDifference("the package of the other tree stays as it was",
                      ("getAllPackages after editing second", "mirror2 details after editing second"),
                      OnDisk()),
    WritingDifference("all files are removed or none", ("removeFiles:one missing",),
                      Refused("'data/nope.txt' is no file"), NOTHING),
    WritingDifference("names that lead out of the package are refused", ("removeFiles:..",),
                      Failure("invalid_argument"), NOTHING),
    WritingDifference("names are UTF-8", ("removeFiles:unicode",),
                      Refused("'données' is no file"), NOTHING),
    WritingDifference("a dropped package loses its own folder", ("dropPackage:dirname differs",),
                      disk=Changes(("p1/dirname-differs/", "p1/dirname-differs/MD5SUMS",
                                    "p1/dirname-differs/conf.xml", "p1/dirname-differs/f.txt"))),
    WritingDifference("an edit writes what the package holds, whatever the recording held",
                      ("associate:level as string",),
                      disk=Changes(("tmp_input/put1/rnd6/z.txt",), {f"p1/{NEW}/z.txt": b"z\n"})),
]
# An empty id gets a fresh one; the test says what this one does.
FRESH_ID = "putPackageDetail:empty id"


@dataclasses.dataclass(frozen=True)
class ImagingDifference:
    """A call of the imaging API. `disk` maps what we write differently (None: nothing) to its
    content without the date; `members` are members of a struct that differ."""

    reason: str
    labels: tuple
    answer: object = AS_RECORDED
    disk: object = dataclasses.field(default_factory=dict)
    agent: object = AS_RECORDED
    members: typing.Mapping = dataclasses.field(default_factory=dict)


# The test itself looks at the files.
ANY = object()

MENU_HEAD = b"""# Auto-generated

timeout 20
default 2
splashimage /bootloader/bootsplash.xpm
color 7/1 15/3

title Continue Usual Startup
desc Start as usual
root (hd0)
chainloader +1

title Register as Pulse 2 Client
desc Record this computer in Pulse 2 Server
identify L=C P=none
reboot

"""
MENU_END = b"""\
kernel (nd)/diskless/kernel quiet  revosavedir=masters revoinfodir=computers revooptdir=postinst \
revobase=@VAR@/imaging revorestorenfs revopost revomac=001122334455 \
revoimage=302c19d2-212b-4b9a-b04e-4fced0b83466\x20
initrd (nd)/diskless/initrd
"""
COMPUTER_MENU = "bootmenus/001122334455"
FIRST_SCRIPT = "masters/302c19d2-212b-4b9a-b04e-4fced0b83466/postinst.d/01_postinst"

IMAGING = [
    ImagingDifference("a UUID with slashes is none", ("computerPrepareImagingDirectory:..",), False,
                      {"x/": None}),
    ImagingDifference("the cached name is answered, not an empty one",
                      ("getComputerByMac:from agent, again (now cached)",),
                      members={"fqdn": "pc-été.example.com"}),
    ImagingDifference("the cached name is answered, not an empty one",
                      ("getComputerByMac:windows format",), members={"fqdn": "hostname1."}),
    ImagingDifference("the address goes to the agent as one text", ("computerUpdate",),
                      agent=[("imaging.getMenu", ["00:11:22:33:44:55"])]),
    ImagingDifference("the cached entry is believed for longer than in the recording",
                      ("injectInventory",),
                      agent=[("imaging.injectInventory",
                              ["35f23420-4050-4734-b172-d458915ef17d", "UUID17",
                               {"macaddr": "00:11:22:33:44:55",
                                "disk": {"0": {"H": 16, "C": 1023, "S": 63, "size": 63, "parts": {
                                    "0": {"start": 63, "length": 530082, "type": 131}}}}}])]),
    ImagingDifference("a character outside code page 437 loses its accent", ("menu:name with a tilde",),
                      disk={COMPUTER_MENU: MENU_HEAD + b"title Restaura\x87ao\ndesc \x85\x82\x8co\n"
                            + MENU_END}),
    ImagingDifference("a character outside code page 437 loses its accent",
                      ("menu:o tilde (not in cp437)",),
                      disk={COMPUTER_MENU: MENU_HEAD + b"title o\n" + MENU_END}),
    ImagingDifference("scripts are written whole", ("menu:post_install_script non-ascii",),
                      disk={FIRST_SCRIPT: "#!/bin/sh\n\n. /opt/lib/libpostinst.sh\necho \"==> postinstall "
                                          "script #1 : é\"\nset -v\n\necho é\n".encode()}),
    ImagingDifference("the folder of a computer is made when it is missing",
                      ("computersMenuSet:mixed, one not in cache",),
                      disk={"computers/UUID99/": b"", "computers/UUID99/hostname": b"pc99"}),
    ImagingDifference("an image that is not valid is reported as such",
                      ("imageDone:empty dir (not a valid image)",), True,
                      agent=[("imaging.imageUpdate",
                              ["35f23420-4050-4734-b172-d458915ef17d", "UUID17", "@IMAGE@",
                               "Failed backup of pc-été", "date, 0 B", 0.0, "date", "INVALID"])]),
    ImagingDifference("titles are UTF-8", ("ISO:size string, several volumes, non-ascii title",), True),
    ImagingDifference("there is no such image", ("ISO:bad uuid",), Failure("not_found")),
    ImagingDifference("a script has a file name", ("createBootServiceFromPostInstall:..",), False),
    ImagingDifference("scripts are written whole", ("createBootServiceFromPostInstall:non-ascii",),
                      disk={"postinst/scripts/UUID7.sh": "echo é\n".encode()}),
    ImagingDifference("all is moved into the archive, whatever the recording's image held",
                      ("computerUnregister:archive",), disk=ANY),
    ImagingDifference("the kind of the failure says that the agent is away",
                      ("agent down: getDefaultMenuItem",), Failure("unavailable")),
    ImagingDifference("while the agent is away, menus have the parameters known last",
                      ("agent down: computersMenuSet",),
                      disk={COMPUTER_MENU: MENU_HEAD + b"title Image pc1 \x82t\x82\n"
                            b"desc Master (Thu Dec  3 15:20:02 2009)\n" + MENU_END}),
    ImagingDifference("no such method: a real fault instead of an HTML 500 page",
                      ("unknown imaging method",), Fault(8001)),
]
# The recorded server put the host name before the whole name.
DOUBLED_NAME = ("pc-été.pc-été.example.com", "pc-été.example.com")


def as_our_disc(call, title, description):
    """A recorded call of the generator of discs as we make it."""
    # The recorded server did not fill its own texts in.
    head = [title if argument == "FIXME TITLE" else argument for argument in call.head]
    content = {name: text.replace("FIXME", description) for name, text in call.content.items()}
    # Generators write into the boot loader, so they get a copy; and the initrd is no gzip file.
    moved = {"grub.cdrom": "grub.cdrom=@TEMP@/grub.cdrom", "initrd": "initrd=@TEMP@/initrd"}
    grafts = [moved.get(graft.partition("=")[0], graft) for graft in call.grafts]
    return dataclasses.replace(call, head=head, grafts=grafts, content=content)


# Names in the end that only the recording had, and only we have.
FINAL_TREE = (
    {
        "x/",                                      # a UUID with slashes was none
        "bootmenus/001122334455.backup",           # menus are replaced as a whole
        # Calls that were not recorded.
        "bootmenus/0011223344DD", "computers/UUID3/exclude", "computers/UUID3/hostname"},
    # The folder of a computer is made when it is missing.
    {"computers/UUID99/", "computers/UUID99/hostname"})


def oldest_first(calls):
    """The recorded server made waiting calls in no order; ours are made as they were first."""
    order = {"booted": 0, "imaging.computerChangeDefaultMenuItem": 1, "imaging.imageUpdate": 2,
             "imaging.imageRegister": 3, "'booted'": 4}
    return sorted(calls, key=lambda call: order.get(call[1][-1], order.get(call[0])))


def our_disc_listing(text):
    """What isoinfo says of the recorded disc, as it is of ours."""
    return text.replace("Volume id: FIXME TITLE", "Volume id: Image ISO")


@dataclasses.dataclass(frozen=True)
class PxeDifference:
    """A packet of a PXE client. `calls` are left out of what the agent was asked, or added to it,
    as (method, parameters that stand in it)."""

    reason: str
    labels: tuple
    answers: object = AS_RECORDED
    fewer_calls: tuple = ()
    more_calls: tuple = ()


LOOK_UP = ("imaging.getComputerByMac", ())

PXE = [
    PxeDifference("one look-up serves a packet", ("0x1B uuid", "0x1B uuid unknown"),
                  fewer_calls=(LOOK_UP,)),
    PxeDifference("names are UTF-8, answers too", ("0x1A hostname",), ["pc-été".encode() + b"\0"]),
    PxeDifference("ACK although nothing changes", ("0xCD after menu choice 1, not marked",),
                  [b"ACK\0"]),
    PxeDifference("the wait for a file that others wait for works", ("0x54 mtftp same file",),
                  ["seconds"]),
    PxeDifference("each request of a segment is answered", ("two requests in one TCP segment",),
                  [b"UUID17\0", b"pc1\0"],
                  more_calls=(("imaging.logClientAction", ("UUID17", 8, "boot", "hostname request")),
                              ("imaging.logClientAction",
                               ("UUID17", 8, "boot", "hostname sent: pc1")))),
]


@dataclasses.dataclass(frozen=True)
class DetectionDifference:
    """`instead_of` makes what we show of what was recorded; `method`: of one of the stories only."""

    reason: str
    labels: tuple
    instead_of: typing.Callable
    method: typing.Optional[str] = None

    def covers(self, line, method):
        return line["label"] in self.labels and self.method in (None, method)


def edited_on_disk(answer):
    """newpkg with the description that was written to the disk."""
    return {**answer, "version": "2", "command": {"name": "c", "command": "echo edited"}}


def with_second_file(answer):
    """newpkg with the file that was added."""
    md5sums = ("60b725f10c9c85c70d97880dfe8191b3  a.txt\n"
               "3b5d5c3712955042212316173ccf37be  b.txt\n").encode()
    names = {"a.txt": b"a\n", "b.txt": b"b\n", "MD5SUMS": md5sums}
    return {**edited_on_disk(answer), "size": sum(map(len, names.values())), "files": [
        {"name": name, "path": "/newpkg", "id": file_id("newpkg", name, content)}
        for name, content in names.items()]}


def with_sums_of_both(value):
    return {**value, "MD5SUMS": {"text": "60b725f10c9c85c70d97880dfe8191b3  a.txt\n"
                                         "3b5d5c3712955042212316173ccf37be  b.txt\n"}}


def with_files_of_inv(lines):
    return [*lines, "inv/", "inv/MD5SUMS  44  9a6653b6edbdddd2a5f48e4f370150c1",
            "inv/setup.exe  502  90821dcaf70683c6af4915d22f6e5202"]


SECOND_TEST = {
    "id": "test", "label": "test", "version": "9", "description": "d", "licenses": "",
    "basepath": "@VAR@/p1/dup", "size": 42, "reboot": "0", "associateinventory": 0,
    "boolcnd": "", "Qvendor": "", "Qsoftware": "", "Qversion": "",
    "installInit": {"name": "", "command": ""}, "preCommand": {"name": "", "command": ""},
    "command": {"name": "c", "command": "true"},
    "postCommandSuccess": {"name": "", "command": ""},
    "postCommandFailure": {"name": "", "command": ""},
    "files": [{"path": "/dup", "name": "MD5SUMS", "id": "bd24258bd42d8ed78daa7b59ca43570d"},
              {"path": "/dup", "name": "a.txt", "id": "2cf7a1e5921958fdb78049bc0dc59d99"}]}

DETECTION = [
    DetectionDifference("a description that is edited on the disk is noticed without a method too",
                        ("version after conf.xml edit on disk",), lambda _: "2", "none"),
    DetectionDifference("a description that is edited on the disk is noticed without a method too",
                        ("detail after disk edit",), edited_on_disk, "none"),
    DetectionDifference("added files count: ids, sizes and MD5SUMS are right",
                        ("detail after adding b.txt to dir (5s later)",), with_second_file),
    DetectionDifference("added files count: ids, sizes and MD5SUMS are right",
                        ("MD5SUMS after b.txt",), with_sums_of_both),
    DetectionDifference("without its conf.xml a package is withdrawn, its files stay",
                        ("tree after removing inv/conf.xml (real_package_deletion on by default)",),
                        with_files_of_inv),
    DetectionDifference("of two folders with one id the first in byte order is served, by any method",
                        ("detail test after a dup with the same id",), lambda _: SECOND_TEST),
    DetectionDifference("packages are moved out of tmp_input_dir; the files of inv stay",
                        ("tree after tmp_input/incoming",),
                        lambda value: {"p1": with_files_of_inv(value["p1"]), "tmp": []}),
    DetectionDifference("of two folders with one id the first in byte order is served, by any method",
                        ("after a broken conf.xml + a good package were dropped",),
                        lambda answer: [SECOND_TEST if package["id"] == "test" else package
                                        for package in answer]),
]
