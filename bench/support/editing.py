"""A server whose packages are changed."""
import pathlib
import xmlrpc.client

from tests.support.server import Server

CONFIGURATION = """\
[main]
host = 127.0.0.1
port = @PORT@
state_dir = @FOLDER@/state
tmp_input_dir = @FOLDER@/upload
[daemon]
pidfile = @FOLDER@/run/server.pid
core_dumps = 1
[ssl]
enablessl = 0
[package_api_put:01]
mount_point = /put
src = {src}
"""
MARK = "@content@"


def start_editor(folder, src):
    """Our server in the new `folder`, over `src`, which is made when it is missing."""
    folder = pathlib.Path(folder)
    (folder / "upload").mkdir(parents=True, mode=0o700)
    pathlib.Path(src).mkdir(exist_ok=True)
    return Server(folder, CONFIGURATION.format(src=src)).start()


def push_parts(name):
    """What stands before and after the base64 text of a pushPackage call of one file."""
    call = xmlrpc.client.dumps((name, [{"filename": "file", "filebinary": MARK}], False),
                               "pushPackage")
    before, _, after = call.encode().partition(MARK.encode())
    return before, after


def must(answer):
    """The answer of an editing call that was not refused."""
    if isinstance(answer, dict) and "faultCode" in answer or answer[:1] == [False]:
        raise RuntimeError(str(answer))
    return answer
