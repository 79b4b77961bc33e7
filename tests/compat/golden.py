"""Reads the recordings of tests/data/golden and puts up the server that answers them again."""
import json
import tarfile

from tests.support.cases import ServerTest
from tests.support.server import DATA

GOLDEN = DATA / "golden"


def records(name):
    """The lines of a recording, in their order."""
    with open(GOLDEN / name, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def golden_configuration():
    """The recording's configuration, with the state kept in the test's folder."""
    text = (GOLDEN / "server.ini").read_text(encoding="utf-8")
    text = text.replace("@VAR@", "@FOLDER@/var").replace("@ROOT@", "@FOLDER@")
    return text.replace("[main]\n", "[main]\nstate_dir = @FOLDER@/state\n", 1)


class GoldenTest(ServerTest):
    """A server over the recorded trees and configuration."""

    configuration = golden_configuration()

    @classmethod
    def make_tree(cls, src):
        var = cls.folder / "var"
        (var / "tmp_input" / "default").mkdir(parents=True, mode=0o700)
        (var / "tmp_input" / "put1").mkdir(mode=0o700)
        with tarfile.open(GOLDEN / "package-trees.tar") as trees:
            trees.extractall(var)

    @classmethod
    def fill_in(cls, value):
        """`value` with the recording's placeholders replaced by what they are here."""
        if isinstance(value, str):
            for name, here in (("@VAR@", str(cls.folder / "var")), ("@ROOT@", str(cls.folder)),
                               ("@HOST@", cls.server.host), ("@PORT@", str(cls.server.port))):
                value = value.replace(name, here)
            return value
        if isinstance(value, list):
            return [cls.fill_in(item) for item in value]
        if isinstance(value, dict):
            return {name: cls.fill_in(item) for name, item in value.items()}
        return value


def with_members(value, members):
    """A recorded answer with some members of its packages (by pid) replaced."""
    if isinstance(value, list):
        return [with_members(item, members) for item in value]
    if isinstance(value, dict) and "basepath" in value:
        return {**value, **members.get(value["id"], {})}
    return value


def add_line_tests(test_class, lines, replay):
    """Gives `test_class` one test for each recorded line: `replay(test, line)`."""
    for number, line in enumerate(lines, 1):
        def test(self, line=line):
            replay(self, line)
        words = "".join(c if c.isalnum() else "_" for c in line["label"][:50])
        test.__doc__ = None
        test.__name__ = f"test_{number:03}_{words}"
        setattr(test_class, test.__name__, test)
