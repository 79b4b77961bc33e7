"""The date that a server believes in."""
import datetime
import os
import pathlib
import struct
import time
import unittest

from tests.support.server import is_sanitized, program


class FakeClock:
    """Prefix a server's command by `prefix`; set() moves its date, which goes on from there. Skips
    the test of a sanitized server."""

    def __init__(self, folder, zone):
        if is_sanitized():
            raise unittest.SkipTest("sanitizers want to be the first library")
        self.library = pathlib.Path(program()).resolve().parent.parent / "tests/libfake_clock.so"
        self.file = folder / "clock"
        self.shift(0)
        self.prefix = ["env", f"LD_PRELOAD={self.library}", f"PULSE2_FAKE_CLOCK={self.file}",
                       f"TZ={zone}"]
        self.zone = zone

    def shift(self, seconds):
        # In place, for the file is mapped.
        with open(self.file, "r+b" if self.file.exists() else "w+b") as file:
            file.write(struct.pack("=q", seconds))

    def set(self, text):
        """`text` is a local date, such as 2024-03-30 23:59:00."""
        before = os.environ.get("TZ")
        os.environ["TZ"] = self.zone
        time.tzset()
        try:
            moment = datetime.datetime.fromisoformat(text).timestamp()
        finally:
            if before is None:
                del os.environ["TZ"]
            else:
                os.environ["TZ"] = before
            time.tzset()
        self.shift(int(moment - time.time()))
