"""Base classes of the tests: folders that stay when a test fails, a server for a whole class."""
import pathlib
import shutil
import sys
import tempfile
import unittest

from tests.support.server import Server

BASIC_CONFIGURATION = """\
[main]
host = 127.0.0.1
port = @PORT@
tmp_input_dir = @FOLDER@/upload
state_dir = @FOLDER@/state

[daemon]
pidfile = @FOLDER@/run/server.pid

[ssl]
enablessl = 0

[mirror_api]
mount_point = /rpc

[user_package_api]
mount_point = /upaa

[scheduler_api]
mount_point = /scheduler_api
schedulers = scheduler_01 scheduler_02

[mirror:01]
mount_point = /mirror1
src = @FOLDER@/src

[package_api_get:01]
mount_point = /package_api_get1
src = @FOLDER@/src
"""


def file_log(name):
    """Logging sections by which everything goes to log/NAME.log."""
    return f"""
[loggers]
keys = root
[handlers]
keys = file
[formatters]
keys =
[logger_root]
level = DEBUG
handlers = file
[handler_file]
class = FileHandler
args = ('@FOLDER@/log/{name}.log',)
"""

# Other processes of the same user may look into the server's, too: a tracer, /proc/<pid>/fd.
OPEN_TO_LOOKS = BASIC_CONFIGURATION.replace("[daemon]\n", "[daemon]\ncore_dumps = 1\n")


class FolderTest(unittest.TestCase):
    """Each class has `folder`; it is removed only when all tests of the class succeeded."""

    folder = None
    keep_folder = False

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{cls.__name__}-")).resolve()
        cls.addClassCleanup(cls.remove_folder)

    @classmethod
    def remove_folder(cls):
        if cls.keep_folder:
            print(f"{cls.__name__}: kept {cls.folder}", file=sys.stderr)
        else:
            shutil.rmtree(cls.folder, ignore_errors=True)

    def run(self, result=None):
        # tearDown() can't tell whether the test failed.
        result = result or self.defaultTestResult()
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            type(self).keep_folder = True
        return result

    def new_folder(self, name):
        """An empty folder of this test alone."""
        path = self.folder / f"{self._testMethodName}-{name}"
        path.mkdir(parents=True)
        return path


class ServerTest(FolderTest):
    """One server for all tests of the class, stopped cleanly at its end."""

    configuration = BASIC_CONFIGURATION
    server_type = Server
    server = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.folder / "src").mkdir()
        (cls.folder / "upload").mkdir(mode=0o700)
        cls.make_tree(cls.folder / "src")
        cls.server = cls.server_type(cls.folder, cls.configuration)
        cls.addClassCleanup(cls.stop_server)
        try:
            cls.server.start()
        except BaseException:
            cls.keep_folder = True
            raise

    @classmethod
    def make_tree(cls, src):
        """Puts the packages that the tests of the class need into `src`."""

    @classmethod
    def stop_server(cls):
        if cls.server.process is None or cls.server.process.poll() is not None:
            return
        status = cls.server.stop()
        if status != 0:
            cls.keep_folder = True
            raise AssertionError(f"exit status {status} after SIGTERM:\n{cls.server.log()[-4000:]}")
