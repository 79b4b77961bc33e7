"""What the imaging tests have in common: folders, configuration, menus, an image."""
import contextlib
import os
import pathlib
import sqlite3
import subprocess
import xmlrpc.client

from tests.support.agent import SERVER_UUID, Agent
from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.server import free_port, program

IMAGE = "302c19d2-212b-4b9a-b04e-4fced0b83466"

CONFIGURATION = BASIC_CONFIGURATION + """
[mmc_agent]
host = 127.0.0.1
port = @AGENT@
enablessl = 0

[imaging_api]
uuid = """ + SERVER_UUID + """
base_folder = @FOLDER@/imaging
isos_folder = @FOLDER@/imaging/isos
pxe_port = @PXE@
"""

FOLDERS = ("bootloader", "bootmenus", "diskless", "computers", "inventories", "masters", "postinst",
           "archives")
FILES = ("bootloader/cdrom_boot", "diskless/kernel", "diskless/initrd", "diskless/initrdcd",
         "diskless/memtest", "diskless/dban")


def make_folders(base):
    """The imaging folders with files as small as they may be."""
    base = pathlib.Path(base)
    for folder in FOLDERS:
        (base / folder).mkdir(parents=True)
    for name in FILES:
        (base / name).write_text("fake " + name.partition("/")[2].replace("_", " ") + "\n",
                                 encoding="ascii")
    return base


def menu(uuid="UUID17", mac="00:11:22:33:44:55", **changes):
    """A computer's menu as the agent sends it."""
    start = {"name": "Continue Usual Startup", "desc": "Start as usual",
             "value": "root (hd0)\nchainloader +1", "hidden": 0, "hidden_WOL": 0}
    whole = {"timeout": 20, "name": "Menu", "message": "Do not reboot", "protocol": "nfs",
             "background_uri": "/##PULSE2_BOOTLOADER_DIR##/##PULSE2_BOOTSPLASH_FILE##",
             "mtftp_restore_timeout": 60, "default_item": 2, "default_item_WOL": 0,
             "bootservices": {"0": start},
             "images": {"2": {"uuid": IMAGE, "name": "Image pc1 été", "desc": "Master"}},
             "bootcli": False, "disklesscli": False, "dont_check_disk_size": False,
             "hidden_menu": False, "ethercard": 0, "update_nt_boot": False, "language": 1}
    if uuid:
        whole["target"] = {"name": "pc1", "uuid": uuid, "macaddress": mac, "raw_mode": False,
                           "kernel_parameters": "quiet", "image_parameters": "",
                           "exclude_parameters": ""}
    return {**whole, **changes}


def with_ports(configuration, agent):
    """The configuration with the agent's port and a free one for PXE."""
    text = configuration.replace("@AGENT@", str(agent.port))
    return text.replace("@PXE@", str(free_port()))


def fill_image(folder, log="all is well\n", **files):
    """Writes what a backup leaves in an image's folder."""
    folder = pathlib.Path(folder)
    content = {"log.txt": log, "progress.txt": "255: 99%", "size.txt": "1000\t/revosave\n",
               "conf.txt": "title Image \ndesc (Mon Mar  8 09:00:09 2010)\n"
                           "ptabs (hd0) (nd)PATH/PTABS\n",
               "CONF": "D:128 L:4194304\nE\n", **files}
    for name, text in content.items():
        data = text if isinstance(text, bytes) else text.encode("utf-8")
        (folder / name).write_bytes(data)


class ImagingTest(ServerTest):
    """A server with imaging and its agent, both for the whole class."""

    configuration = CONFIGURATION
    agent_type = Agent
    agent = None
    base = None

    @classmethod
    def setUpClass(cls):
        cls.agent = cls.agent_type()
        cls.agent.answers = {"imaging.getDefaultMenuForRegistering": menu(None, images={}),
                             "imaging.getPXEParams": {"pxe_password": "", "pxe_keymap": "C"},
                             "imaging.computerRegister": [True, "UUID17"],
                             "imaging.getComputerByMac": [False, "unknown"],
                             "imaging.getDefaultMenuItem": [True, 1]}
        cls.agent.start()
        cls.addClassCleanup(cls.agent.stop)
        super().setUpClass()
        # The last call of a start: none of it is left for the tests to be surprised by.
        cls.agent.wait_for("imaging.getPXEParams")

    @classmethod
    def make_tree(cls, src):
        cls.base = make_folders(cls.folder / "imaging")
        cls.configuration = with_ports(cls.configuration, cls.agent)

    @property
    def api(self):
        return self.server.proxy("/imaging_api")


def waiting_calls(file):
    """The queue of calls to the agent as it stands on disk, in its order: (method, parameters)."""
    with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        bodies = [row[0] for row in database.execute("SELECT body FROM calls ORDER BY id")]
    calls = (xmlrpc.client.loads(body) for body in bodies)
    return [(method, list(params)) for params, method in calls]


def run_tool(*arguments):
    """Runs the tool that registers an imaging server."""
    tool = pathlib.Path(program()).with_name("pulse2-package-server-register-imaging")
    return subprocess.run([str(tool), *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, check=False)


def paths_below(folder):
    """Every path below a folder, some of which may vanish meanwhile (pathlib would fail)."""
    return [pathlib.Path(parent) / name for parent, folders, files in os.walk(folder)
            for name in (*folders, *files)]
