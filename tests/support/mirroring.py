"""A server with mirror targets."""
import pathlib

from tests.support.cases import BASIC_CONFIGURATION, FolderTest
from tests.support.packages import make_package
from tests.support.server import PATIENCE, Server, wait_until
from tests.support.targets import packages_of

API = "/package_api_put1"
PUT_SECTION = f"""
[package_api_put:01]
mount_point = {API}
src = @FOLDER@/src
"""


def configuration(targets, *options):
    """The basic configuration with these targets (their names, or objects of targets.py)."""
    names = [getattr(target, "name", target) for target in targets]
    ssh = [option for target in targets for option in getattr(target, "ssh_options", ())]
    lines = ["package_mirror_target = " + " ".join(names),
             "package_mirror_status_file = @FOLDER@/state/mirrors", "package_mirror_loop = 1"]
    if ssh:
        lines.append("package_mirror_command_options_ssh_options = " + " ".join(ssh))
    chosen = {option.partition(" = ")[0] for option in options}
    lines = [line for line in lines if line.partition(" = ")[0] not in chosen]
    text = BASIC_CONFIGURATION + PUT_SECTION
    return text.replace("[daemon]\n", "\n".join([*lines, *options]) + "\n\n[daemon]\n", 1)


class MirrorTest(FolderTest):
    """Each test has a server of its own, with the packages that prepare() makes."""

    def setUp(self):
        self.base = self.new_folder("server")
        self.src = self.base / "src"
        self.src.mkdir()
        (self.base / "upload").mkdir(mode=0o700)
        self.server = None

    def make_target(self, kind, name="target"):
        target = kind(self.base / name)
        self.addCleanup(target.stop)
        return target

    def start(self, targets, *options, ready=True):
        self.server = Server(self.base, configuration(targets, *options))
        self.addCleanup(self.end)
        self.server.start(ready)
        self.api = self.server.proxy(API)

    def end(self):
        if self.server.process is not None and self.server.process.poll() is None:
            self.assertEqual(0, self.server.stop())

    def package(self, pid, files=None, **description):
        return make_package(self.src, pid, {"a.txt": pid.encode()} if files is None else files,
                            **description)

    def edit(self, pid, label):
        self.assertTrue(self.api.putPackageDetail({"id": pid, "label": label}, False)[0])

    def visible(self):
        return {package["id"] for package in self.api.getAllPackages()}

    def status(self, pid):
        """What getRsyncStatus says: target -> OK or NOK; None for a failure."""
        answer = self.api.getRsyncStatus(pid)
        return dict(answer) if isinstance(answer, list) else None

    def await_synchronised(self, *pids):
        # Each package has the usual patience: they are copied one after the other.
        for pid in pids:
            wait_until(lambda pid=pid: set((self.status(pid) or {"": "NOK"}).values()) <= {"OK"},
                       f"{pid} is at every target", PATIENCE * len(pids))

    def await_same(self, target):
        """Waits until the target holds what the server has."""
        place = pathlib.Path(target.place(self.src))
        wait_until(lambda: self.is_same(place), f"{target.name} holds the tree")

    def is_same(self, place):
        try:
            return packages_of(place) == packages_of(self.src)
        except FileNotFoundError:
            return False

    def await_log(self, text):
        wait_until(lambda: text in self.server.log(), f"the log says {text}")
