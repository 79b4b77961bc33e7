"""Makes packages on disk, and computes by itself what the server must say of them."""
import hashlib
import pathlib
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
