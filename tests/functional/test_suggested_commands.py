"""getTemporaryFilesSuggestedCommand: a command for every kind of set-up program, by its content."""
from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.installers import (INSTALLER, PATCH, compound_document, manifest, pe_program)

CONFIGURATION = BASIC_CONFIGURATION + """
[package_api_put:01]
mount_point = /put
src = @FOLDER@/src
"""
INNO, NSIS = manifest("JR.Inno.Setup"), manifest("Nullsoft.NSIS.exehead")
SELF_EXTRACTOR = "7zS.sfx.exe".encode("utf-16-le")
DATABASE_OPTIONS = "ALLUSERS=1 CREATEDESKTOPLINK=0 ISCHECKFORPRODUCTUPDATES=0"
PATCH_OPTIONS = '/qb REINSTALLMODE="ecmus" REINSTALL="ALL"'
# name -> content and the command that is suggested, if any
KINDS = {
    "inno.exe": (pe_program(INNO), './"inno.exe" /SP /VERYSILENT /NORESTART'),
    "inno64.exe": (pe_program(INNO, wide=True), './"inno64.exe" /SP /VERYSILENT /NORESTART'),
    "nsis": (pe_program(NSIS), './"nsis" /S'),
    "pulse2-secure-agent-1.2.exe": (pe_program(NSIS),
                                    './"pulse2-secure-agent-1.2.exe" /S /UPDATE'),
    "pulse2-secure-agent-vnc-plugin-1.exe": (pe_program(NSIS),
                                             './"pulse2-secure-agent-vnc-plugin-1.exe" /S'),
    "Firefox Setup.exe": (pe_program(SELF_EXTRACTOR, b'Title="Mozilla Firefox"'),
                          './"Firefox Setup.exe" -ms'),
    "other7z.exe": (pe_program(SELF_EXTRACTOR, b'Title="Something"'), None),
    "AcroRead.exe": (pe_program(manifest("AdobeSelfExtractorApp")), './"AcroRead.exe" /sAll'),
    "program.exe": (pe_program(manifest("Some.Program")), None),
    "carrier.exe": (pe_program(manifest("Some.Program"), INNO), None),
    "a.msi": (compound_document(INSTALLER, "Intel;1033"),
              f'msiexec /qn /i "a.msi" {DATABASE_OPTIONS}'),
    "a64.msi": (compound_document(INSTALLER, "x64;1033"),
                f'$(cygpath -W)/sysnative/msiexec /qn /i "a64.msi" {DATABASE_OPTIONS}'),
    "renamed.dat": (compound_document(INSTALLER, "Intel;1036"),
                    f'msiexec /qn /i "renamed.dat" {DATABASE_OPTIONS}'),
    "fix.msp": (compound_document(PATCH, "Intel;1033"), f'msiexec /p "fix.msp" {PATCH_OPTIONS}'),
    "fix64.msp": (compound_document(PATCH, "x64;1033"),
                  f'$(cygpath -W)/sysnative/msiexec /p "fix64.msp" {PATCH_OPTIONS}'),
    "letter.doc": (compound_document(0, "Normal.dot"), None),
    "wrong.msi": (b"no database", None),
    "keys.reg": (b"", 'regedit /s "keys.reg"'),
    "start.BAT": (b"", 'cmd.exe /c "start.BAT"'),
    "do it.sh": (b"", './"do it.sh"'),
    'quote"$(x).sh': (b"", r'./"quote\"\$(x).sh"'),
    "read.me": (b"text", None),
    "cut.exe": (pe_program(INNO)[:200], None),
}


class SuggestedCommands(ServerTest):
    """Uploaded folders with files of each kind."""

    configuration = CONFIGURATION

    def setUp(self):
        self.api = self.server.proxy("/put")

    def suggested(self, folder):
        answer = self.api.getTemporaryFilesSuggestedCommand(folder)
        self.assertEqual({"version", "commandcmd"}, set(answer), answer)
        self.assertEqual("0.1", answer["version"])
        return answer["commandcmd"]

    def test_every_kind(self):
        for number, (name, (content, command)) in enumerate(KINDS.items()):
            folder = self.folder / "upload" / f"kind{number}"
            folder.mkdir()
            (folder / name).write_bytes(content)
            self.assertEqual(command or "", self.suggested(folder.name), name)

    def test_one_line_for_each_file_in_byte_order(self):
        folder = self.folder / "upload" / "many"
        (folder / "sub.sh").mkdir(parents=True)
        for name in ("b.sh", "a.reg", "C.bat", "none.txt"):
            (folder / name).write_bytes(b"")
        self.assertEqual('cmd.exe /c "C.bat"\nregedit /s "a.reg"\n./"b.sh"', self.suggested("many"))

    def test_nothing_to_suggest(self):
        (self.folder / "upload" / "empty").mkdir()
        self.assertEqual("", self.suggested("empty"))
        self.assertEqual("", self.suggested(""))
        self.assertEqual("", self.suggested(["many"]))

    def test_only_folders_of_the_upload_folder(self):
        upload = self.folder / "upload"
        (self.folder / "outside").mkdir()
        (self.folder / "outside" / "a.sh").write_bytes(b"")
        (upload / "link").symlink_to(self.folder / "outside")
        (upload / "links").mkdir()
        (upload / "links" / "a.exe").symlink_to(self.folder / "outside" / "a.sh")
        (upload / "file").write_bytes(b"")
        self.assertEqual("", self.suggested("links"))
        for name in ("..", ".", "../outside", "links/../link", "/etc", "link", "missing", "file",
                     "a\\b", "a\nb", 7, {}):
            answer = self.api.getTemporaryFilesSuggestedCommand(name)
            self.assertIn("faultCode", answer, name)
