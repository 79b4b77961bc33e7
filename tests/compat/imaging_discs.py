"""A stand-in for the generator of discs, as the recording had one, and what it was called with."""
import dataclasses
import json
import re

from tests.compat.golden import records

GENERATOR = """\
#!/usr/bin/env python3
import json, os, sys
arguments = sys.argv[1:]
grafts = dict(graft.split("=", 1) for graft in arguments[arguments.index("-graft-points") + 1:])
texts = {name: open(grafts[name]).read() for name in ("boot/grub/menu.lst", "initrd") if name in grafts}
sizes = {name: os.path.getsize(path) for name, path in grafts.items()}
open(arguments[arguments.index("-o") + 1], "wb").close()
with open(sys.argv[0] + ".log", "a") as log:
    log.write(json.dumps({"argv": arguments, "content": texts, "sizes": sizes}) + "\\n")
"""
RECORDED_IMAGE = "a77935b3-e6d6-11f1-924c-001122334455"


def make_generator(folder):
    path = folder / "generator"
    path.write_text(GENERATOR, encoding="ascii")
    path.chmod(0o755)


def fill_as_recorded(folder):
    """Gives an image the files of the recorded one, each as long as that was; what is in them does
    not matter. The log is told by the calls."""
    tree = next(line for line in records("imaging-api.jsonl") if line["label"] == "final tree")
    for entry in tree["value"]:
        name, size, _ = (entry.split("  ") + ["", ""])[:3]
        file = folder / name.rpartition("/")[2]
        if f"/{RECORDED_IMAGE}/" in name and size and file.name != "log.txt":
            present = file.read_bytes() if file.exists() else b""
            file.write_bytes(present.ljust(int(size), b"\n"))


@dataclasses.dataclass
class GeneratorCall:
    """One call: the options in front, and `name=path` for each file."""

    title: str
    output: str
    head: list
    grafts: list
    content: dict
    sizes: dict


def generator_call(logged, test):
    """A call with its output called @OUTPUT@, its temporary folder @TEMP@."""
    temporary = re.compile(re.escape(str(test.folder)) + r"/var/(tmp/tmp[^/]*pulse2-iso"
                           r"|imaging/isos/\.pulse2-tmp\.[^/]*)/")
    plain = [temporary.sub("@TEMP@/", argument) for argument in test.fill_in(logged["argv"])]
    output, files = plain.index("-o") + 1, plain.index("-graft-points") + 1
    head = [*plain[:output], "@OUTPUT@", *plain[output + 1:files]]
    return GeneratorCall(plain[plain.index("-V") + 1], plain[output], head, plain[files:],
                         logged["content"], logged.get("sizes", {}))


def generator_calls(test):
    """What the stand-in was called with until now."""
    lines = (test.folder / "generator.log").read_text(encoding="utf-8").splitlines()
    return [generator_call(json.loads(line), test) for line in lines]


def cut(names, sizes, used, capacity):
    """The volumes of at most so many bytes, of which the first holds `used` already."""
    volumes = [[]]
    for name in names:
        if used + sizes[name] > capacity and (volumes[-1] or len(volumes) == 1):
            volumes.append([])
            used = 0
        volumes[-1].append(name)
        used += sizes[name]
    return volumes


def check_disc(test, recorded, title, capacity):
    """Compares the calls for one disc: `recorded` as we make them."""
    ours = [call for call in generator_calls(test) if call.title == title]
    test.assertEqual(recorded[0].head, ours[0].head)
    test.assertEqual(recorded[0].content, ours[0].content)
    test.assertEqual(recorded[0].grafts[:8], ours[0].grafts[:8])
    for call in ours[1:]:
        test.assertEqual(recorded[1].head, call.head)
    # Data files: the same ones, in the order of their names, and cut where the size says.
    data = sorted(sum((call.grafts for call in recorded), [])[8:])
    test.assertEqual(data, sum((call.grafts for call in ours), [])[8:])
    sizes = {name: size for call in ours for name, size in call.sizes.items()}
    boot = [graft.partition("=")[0] for graft in ours[0].grafts[:8]]
    volumes = cut([graft.partition("=")[0] for graft in data], sizes,
                  sum(sizes[name] for name in boot), capacity)
    test.assertEqual(volumes, [[graft.partition("=")[0] for graft in call.grafts
                                if graft not in ours[0].grafts[:8]] for call in ours])
