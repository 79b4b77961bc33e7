"""The TFTP server: real clients, a net that loses datagrams, what is refused."""
import os
import random
import struct
import subprocess

from tests.support.cases import BASIC_CONFIGURATION, ServerTest
from tests.support.server import PATIENCE, free_port, wait_until
from tests.support.tftp import (ERROR, HOST, OPTION_ACK, WRITE, Client, LossyNet, free_udp_port,
                                request)

CONFIGURATION = BASIC_CONFIGURATION + """
[imaging_api]
uuid = 35f23420-4050-4734-b172-d458915ef17d
base_folder = @FOLDER@/imaging
pxe_port = @PXE@

[tftp]
enabled = 1
port = @TFTP_PORT@
timeout = 1
retries = 2

[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = DEBUG
handlers = console
[handler_console]
class = StreamHandler
level = DEBUG
formatter = plain
args = ()
[formatter_plain]
format = %(asctime)s %(levelname)s %(message)s
"""
FOLDERS = ("bootloader", "bootmenus", "diskless", "computers", "inventories", "masters", "postinst")
# Sizes around the ends of blocks of 512 and 1428 bytes.
SIZES = (0, 1, 511, 512, 513, 1428, 2 * 1428, 100_000)


def content(size):
    return random.Random(size).randbytes(size)


class TftpTest(ServerTest):
    """A server with TFTP at `tftp_port`."""

    options = ""

    @classmethod
    def setUpClass(cls):
        cls.tftp_port = free_udp_port()
        cls.configuration = CONFIGURATION.replace("retries = 2", "retries = 2\n" + cls.options)
        for name, port in (("@TFTP_PORT@", cls.tftp_port), ("@PXE@", free_port())):
            cls.configuration = cls.configuration.replace(name, str(port))
        super().setUpClass()

    @classmethod
    def make_tree(cls, src):
        imaging = cls.folder / "imaging"
        for name in FOLDERS:
            (imaging / name).mkdir(parents=True)
        for name in ("kernel", "initrd", "memtest", "dban"):
            (imaging / "diskless" / name).write_bytes(content(5000))
        for size in SIZES:
            (imaging / "bootloader" / f"file{size}").write_bytes(content(size))
        (imaging / "bootmenus" / "default").write_bytes(b"timeout 20\ndefault 0\n")
        (imaging / "secret").write_bytes(b"not exported")

    @property
    def imaging(self):
        return self.folder / "imaging"

    def client(self, **arguments):
        client = Client(self.tftp_port, **arguments)
        self.addCleanup(client.socket.close)
        return client

    def logged(self, text):
        wait_until(lambda: text in self.server.log(), f"{text} in the log")


class RealClients(TftpTest):
    """The programs that administrators have."""

    def run_client(self, *command, cwd=None):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL, cwd=cwd)
        return done.returncode, done.stdout + done.stderr

    def atftp(self, name, target, *options, port=None):
        words = [word for option in options for word in ("--option", option)]
        return self.run_client("atftp", *words, "--get", "-r", name, "-l", target, HOST,
                               port or self.tftp_port)

    def check_sizes(self, fetch, sizes=SIZES):
        for size in sizes:
            target = self.folder / f"{self._testMethodName}-{size}"
            status, output = fetch(f"/bootloader/file{size}", target)
            self.assertEqual(0, status, output)
            self.assertEqual(content(size), target.read_bytes(), f"{size} bytes")

    def test_tftp_hpa(self):
        self.check_sizes(lambda name, target: self.run_client(
            "tftp", "-m", "binary", HOST, self.tftp_port, "-c", "get", name, target))

    def test_tftp_hpa_text(self):
        text = self.folder / "menu"
        _, output = self.run_client("tftp", "-m", "ascii", HOST, self.tftp_port, "-c", "get",
                                    "bootmenus/default", text)
        self.assertEqual(b"timeout 20\ndefault 0\n", text.read_bytes(), output)

    def test_tftp_hpa_may_not_write(self):
        source = self.folder / "mine"
        source.write_bytes(b"x")
        _, output = self.run_client("tftp", "-m", "binary", HOST, self.tftp_port, "-c", "put",
                                    source, "bootmenus/default")
        self.assertIn("read-only", output)

    def test_atftp(self):
        self.check_sizes(self.atftp)

    def test_atftp_with_options(self):
        self.check_sizes(lambda name, target: self.atftp(
            name, target, "blksize 1428", "tsize 0", "timeout 2"))

    def test_atftp_with_windows(self):
        self.check_sizes(lambda name, target: self.atftp(
            name, target, "blksize 1428", "windowsize 16"))

    def test_curl(self):
        url = f"tftp://{HOST}:{self.tftp_port}"
        # curl 7.88 calls every empty file an error of the net.
        sizes = [size for size in SIZES if size > 0]
        self.check_sizes(lambda name, target: self.run_client(
            "curl", "-sS", "-o", target, f"{url}/{name}"), sizes)
        self.check_sizes(lambda name, target: self.run_client(
            "curl", "-sS", "--tftp-blksize", "1428", "-o", target, f"{url}/{name}"), sizes)

    def test_curl_learns_that_a_file_is_missing(self):
        status, output = self.run_client("curl", "-sS",
                                         f"tftp://{HOST}:{self.tftp_port}//bootloader/none")
        self.assertEqual(68, status, output)  # TFTP: file not found

    def test_more_blocks_than_numbers(self):
        size = 65536 * 8 + 100
        (self.imaging / "masters" / "long").write_bytes(content(size))
        target = self.folder / "long"
        status, output = self.atftp("masters/long", target, "blksize 8", "windowsize 64")
        self.assertEqual(0, status, output)
        self.assertEqual(content(size), target.read_bytes())

    def test_through_a_net_that_loses_and_doubles(self):
        size = 60 * 512
        (self.imaging / "masters" / "image").write_bytes(content(size))
        for options in (("timeout 1",), ("timeout 1", "windowsize 8")):
            with LossyNet(self.tftp_port, loss=0.02, doubling=0.1, seed=3) as net:
                target = self.folder / "arrived"
                status, output = self.atftp("masters/image", target, *options, port=net.port)
                self.assertEqual(0, status, output)
                self.assertEqual(content(size), target.read_bytes(), options)
                self.assertGreater(net.lost, 0)
                self.assertGreater(net.doubled, 0)


class Protocol(TftpTest):
    """Packet by packet."""

    options = "max_transfers_per_address = 4"

    def refusal(self, name, patience=PATIENCE, **arguments):
        client = self.client(patience=patience)
        client.ask(name, **arguments)
        opcode, rest = client.receive()
        self.assertEqual(ERROR, opcode, rest)
        return struct.unpack("!H", rest[:2])[0]

    def test_only_the_four_folders(self):
        for name in ("secret", "/secret", "computers/x", "/etc/passwd", "imaging/secret", "kernel",
                     "bootmenus", "bootmenus/", "bootmenus/none"):
            self.assertEqual(1, self.refusal(name), name)
        for name in ("bootmenus/../secret", "../secret", "/bootmenus/../../secret", "bootmenus\\x",
                     "bootmenus/./default"):
            self.assertEqual(2, self.refusal(name), name)
        for folder in ("bootloader/file1", "bootmenus/default", "diskless/kernel"):
            self.assertEqual((self.imaging / folder).read_bytes(), self.client().fetch(folder))

    def test_links_and_folders_and_pipes(self):
        (self.imaging / "bootmenus" / "out").symlink_to(self.imaging / "secret")
        (self.imaging / "bootmenus" / "in").symlink_to("default")
        (self.imaging / "masters" / "folder").mkdir()
        os.mkfifo(self.imaging / "masters" / "pipe")
        self.assertEqual(2, self.refusal("bootmenus/out"))
        self.assertEqual(2, self.refusal("masters/folder"))
        self.assertEqual(2, self.refusal("masters/pipe"))
        self.assertEqual(b"timeout 20\ndefault 0\n", self.client().fetch("bootmenus/in"))

    def test_writing_and_mail_are_refused(self):
        self.assertEqual(2, self.refusal("bootmenus/x", opcode=WRITE))
        self.assertEqual(4, self.refusal("bootmenus/default", mode="mail"))

    def test_a_replaced_menu_is_served_at_once(self):
        menu = self.imaging / "bootmenus" / "001122334455"
        for number in range(5):
            text = f"timeout {number}\n".encode()
            menu.with_suffix(".new").write_bytes(text)
            menu.with_suffix(".new").rename(menu)
            self.assertEqual(text, self.client().fetch("bootmenus/001122334455"))

    def test_options_are_granted_within_the_limits(self):
        client = self.client()
        client.ask("bootloader/file513", blksize=65464, windowsize=65535, tsize=0, timeout=9,
                   unheard=1)
        opcode, rest = client.receive()
        self.assertEqual(OPTION_ACK, opcode)
        words = rest.rstrip(b"\0").split(b"\0")
        self.assertEqual({b"blksize": b"65464", b"windowsize": b"16", b"tsize": b"513",
                          b"timeout": b"9"}, dict(zip(words[::2], words[1::2])))
        client.give_up()

    def test_a_lost_acknowledgement_brings_the_block_again(self):
        client = self.client()
        client.ask("bootloader/file513")
        self.assertEqual((1, content(513)[:512]), client.receive_block())
        self.assertEqual(1, client.receive_block()[0], "sent again")
        client.acknowledge(1)
        self.assertEqual((2, content(513)[512:]), client.receive_block())
        client.acknowledge(2)
        self.assertTrue(client.is_silent(1.5))

    def test_a_doubled_acknowledgement_brings_nothing(self):
        client = self.client()
        client.ask("bootloader/file100000")
        client.receive_block()
        for _ in range(3):
            client.acknowledge(1)
        self.assertEqual(2, client.receive_block()[0])
        self.assertTrue(client.is_silent(0.3))
        client.give_up()

    def test_a_window_continues_behind_a_gap(self):
        client = self.client()
        client.ask("bootloader/file100000", windowsize=4)
        client.receive()
        client.acknowledge(0)
        self.assertEqual([1, 2, 3, 4], [client.receive_block()[0] for _ in range(4)])
        client.acknowledge(2)
        self.assertEqual([3, 4, 5, 6], [client.receive_block()[0] for _ in range(4)])
        client.give_up()

    def test_a_repeated_request_is_one_transfer(self):
        client = self.client()
        for _ in range(3):
            client.ask("bootloader/file1")
        self.assertEqual((1, content(1)), client.receive_block())
        self.assertTrue(client.is_silent(0.3))
        client.acknowledge(1)

    def test_a_client_may_ask_for_something_else_from_the_same_port(self):
        client = self.client()
        client.ask("bootloader/file513", tsize=0)
        self.assertEqual(OPTION_ACK, client.receive()[0])
        client.give_up()
        self.assertEqual(content(513), client.fetch("bootloader/file513", tsize=0))
        client.ask("bootloader/file100000", blksize=1024)
        self.assertEqual(OPTION_ACK, client.receive()[0])
        self.assertEqual(content(513), client.fetch("bootloader/file513"))

    def test_a_client_that_vanishes_is_given_up(self):
        client = self.client()
        client.ask("bootloader/file1428", timeout=1)
        client.receive()
        self.logged("tftp.transfer.lost")

    def test_one_address_gets_its_share_only(self):
        clients = [self.client() for _ in range(5)]
        for client in clients[:4]:
            client.ask("bootloader/file513")
            client.receive_block()
        clients[4].ask("bootloader/file513")
        self.assertTrue(clients[4].is_silent(0.5))
        self.logged("tftp.busy")
        for client in clients[:4]:
            client.give_up()
        self.assertEqual(content(513), self.client().fetch("bootloader/file513"))

    def test_random_datagrams(self):
        chance = random.Random(7)
        valid = request("bootloader/file1", blksize=1428, windowsize=4)
        client = self.client()
        for number in range(3000):
            packet = chance.randbytes(chance.randrange(64))
            if number % 3 == 0:
                packet = bytearray(valid)
                packet[chance.randrange(len(packet))] = chance.randrange(256)
            elif number % 3 == 1:
                packet = b"\0" + bytes([chance.randrange(8)]) + packet
            client.socket.sendto(packet, client.server)
        client.socket.sendto(chance.randbytes(60_000), client.server)

        def is_refused():
            try:
                return self.refusal("bootmenus/none", patience=2) == 1
            except TimeoutError:
                return False  # lost behind all those
        wait_until(is_refused, "an answer")
        self.assertEqual(content(513), self.client().fetch("bootloader/file513"))
