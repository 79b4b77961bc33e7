"""Makes packages on disk, and computes by itself what the server must say of them."""
import hashlib
import pathlib
import xml.etree.ElementTree
from xml.sax.saxutils import escape, quoteattr


def md5_hex(data):
    return hashlib.md5(data).hexdigest()


def conf_xml(pid, label="A package", version="1.0", command="./install.sh", reboot="0"):
    """A package's description, as bytes."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<package id={quoteattr(pid)}>\n"
        f"\t<name>{escape(label)}</name>\n"
        f"\t<version><numeric>{escape(version)}</numeric><label>{escape(version)}</label></version>\n"
        f"\t<description>Description of {escape(label)}</description>\n"
        f'\t<commands reboot="{reboot}">\n'
        f'\t\t<command name="install">{escape(command)}</command>\n'
        "\t</commands>\n</package>\n").encode()


def make_package(src, pid, files, folder=None, **description):
    """Writes a package; `files` is a dictionary of relative path to bytes. Returns its folder."""
    path = pathlib.Path(src) / (folder or pid)
    path.mkdir(parents=True)
    for name, content in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    (path / "conf.xml").write_bytes(conf_xml(pid, **description))
    return path


def md5sums(files):
    """The content of MD5SUMS for a package of these files."""
    names = sorted(files, key=lambda name: name.encode())
    return "".join(f"{md5_hex(files[name])}  {name}\n" for name in names).encode()


def file_id(folder, name, content):
    """The id of the file `name` (relative to the package) of the package in `folder`."""
    path, _, base = f"/{folder}/{name}".rpartition("/")
    return md5_hex(f"{path}/{base}{md5_hex(content)}".encode())


def text_at(element, path):
    """The stripped text of a child, its CDATA included; "" where there is none."""
    found = element.find(path)
    return "" if found is None else "".join(found.itertext()).strip()


def record_on_disk(src, folder):
    """The record that a server must answer for the package in `folder` of `src`, from its conf.xml
    and its files alone."""
    path = pathlib.Path(src) / folder
    root = xml.etree.ElementTree.fromstring((path / "conf.xml").read_bytes())
    commands = root.find("commands")
    record = {"id": root.get("id"), "basepath": str(path), "label": text_at(root, "name"),
              "version": text_at(root, "version/label") or "0",
              "description": text_at(root, "description"), "licenses": text_at(root, "licenses"),
              "reboot": commands.get("reboot", 0),
              "associateinventory": text_at(root, "associateinventory") or 0}
    for name in ("Qvendor", "Qsoftware", "Qversion", "boolcnd"):
        record[name] = text_at(root, f"query/{name}")
    for name in ("installInit", "preCommand", "command", "postCommandSuccess",
                 "postCommandFailure"):
        element = commands.find(name)
        record[name] = {"name": "" if element is None else element.get("name", ""),
                        "command": text_at(commands, name)}
    files = {file.relative_to(path).as_posix(): file.read_bytes()
             for file in path.rglob("*") if file.is_file() and file != path / "conf.xml"}
    names = sorted(files, key=lambda name: (name == "MD5SUMS", name.encode()))
    record["files"] = [{"name": name.rpartition("/")[2],
                        "path": f"/{folder}/{name}".rpartition("/")[0],
                        "id": file_id(folder, name, files[name])} for name in names]
    record["size"] = sum(map(len, files.values()))
    return record


def records_on_disk(src):
    """The records of all packages below `src`, which stand directly in it."""
    return [record_on_disk(src, path.parent.name) for path in pathlib.Path(src).glob("*/conf.xml")
            if path.parent.name != ".pulse2-staging"]
