"""Somebody who copies packages into folders, remembering which copies are finished."""
import pathlib
import random
import threading

from tests.support.packages import conf_xml, make_package


class Copier(threading.Thread):
    """Copies until end(). Packages are named `<prefix>-<number>`."""

    def __init__(self, places, prefix, seed):
        super().__init__(name=prefix)
        self.places = [pathlib.Path(place) for place in places]
        self.prefix = prefix
        self.random = random.Random(seed)
        self.finished = {}  # pid -> {file: content}
        self.half = None    # the one that was broken off
        self.is_over = threading.Event()

    def run(self):
        number = 0
        while not self.is_over.is_set():
            number += 1
            self.copy(f"{self.prefix}-{number}")
            # Not more than a server takes in meanwhile: what is done is of interest, not how much.
            self.is_over.wait(self.random.uniform(0.02, 0.1))

    def end(self):
        self.is_over.set()
        self.join()

    def copy(self, pid):
        files = {f"file {i}": self.random.randbytes(self.random.randrange(100_000))
                 for i in range(self.random.randint(1, 4))}
        place = self.random.choice(self.places)
        if self.random.random() < 0.5:
            make_package(place.parent / "aside", pid, files).rename(place / pid)
        elif not self.write_in_place(place / pid, pid, files):
            return
        self.finished[pid] = files

    def write_in_place(self, folder, pid, files):
        """Its description comes last; false when the copy is broken off."""
        folder.mkdir()
        for name, content in files.items():
            if self.is_over.is_set():
                self.half = pid
                return False
            (folder / name).write_bytes(content)
        (folder / "conf.xml").write_bytes(conf_xml(pid))
        return True
