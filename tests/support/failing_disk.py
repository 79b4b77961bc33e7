"""A disk that fails now and then, for a server that is started with `prefix`."""
import pathlib
import struct

from tests.support.server import program


class FailingDisk:
    """Calls that write below `folders` fail as often as set() says; never at first."""

    def __init__(self, folder, folders):
        library = pathlib.Path(program()).resolve().parent.parent / "tests/libfailing_disk.so"
        self.file = folder / "failing-disk"
        self.set(0, 0)
        self.prefix = ["env", f"LD_PRELOAD={library}", f"PULSE2_FAILING_DISK={self.file}",
                       "PULSE2_FAILING_DISK_ROOTS=" + ":".join(map(str, folders))]

    def set(self, per_million, seed):
        # In place, for the file is mapped.
        with open(self.file, "r+b" if self.file.exists() else "w+b") as file:
            file.write(struct.pack("=QQ", per_million, seed))
