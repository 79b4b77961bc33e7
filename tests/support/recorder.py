"""A stand-in for rsync that writes down how it is called and does as it is told."""
import pathlib

SCRIPT = """\
#!/bin/sh
for last; do :; done
# One write: others run at the same time.
line=$(printf '%s\\037' "$@")
printf '%s\\n' "$line" >> "@FOLDER@/calls"
env > "@FOLDER@/environment"
case "$last" in *failing*) [ -e "@FOLDER@/fails" ] && { echo "it fails" >&2; exit 1; };; esac
@BODY@
"""


class Recorder:
    """The program in `folder`; runs for targets named *failing* end with status 1 as long as
    fail() holds, others do what `body` (shell) says."""

    def __init__(self, folder, body="exit 0"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.program = self.folder / "program"
        text = SCRIPT.replace("@BODY@", body).replace("@FOLDER@", str(self.folder))
        self.program.write_text(text, encoding="utf-8")
        self.program.chmod(0o755)

    def fail(self, fails=True):
        if fails:
            (self.folder / "fails").touch()
        else:
            (self.folder / "fails").unlink()

    def calls(self):
        """The argument lists so far, without the program."""
        file = self.folder / "calls"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return [line.split("\037")[:-1] for line in lines]

    def environment(self):
        lines = (self.folder / "environment").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)
