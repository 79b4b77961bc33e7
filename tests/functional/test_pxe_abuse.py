"""PXE clients that send nonsense, in pieces, too much, or nothing at all."""
import random

from tests.functional.test_pxe import SECOND_MAC, PxeTest
from tests.support.pxe import (AUTHENTICATE, CHANGE_DEFAULT, CREATE_IMAGE, HOST_NAME, IMAGE_DONE,
                               INVENTORY, LOG, REGISTER, UUID, WAIT, Stream, inventory, packet)
from tests.support.server import is_sanitized, wait_until

MIB = 1 << 20
# The shortest request that gets an answer, and what may answer it.
SHORTEST = len(packet(UUID))
MOST = 4 * SHORTEST

CALLS = (packet(REGISTER, b"IDpc1:secret:"), packet(AUTHENTICATE, b":pxe\0"), inventory(),
         packet(CREATE_IMAGE), packet(IMAGE_DONE, b"302c19d2-212b-4b9a-b04e-4fced0b83466\0"),
         packet(CHANGE_DEFAULT, b"\0"), packet(LOG, b"2-x\0"), packet(UUID), packet(HOST_NAME),
         packet(WAIT, b";\x051000;10 "))


class Truncated(PxeTest):
    """With a server of its own: what others sent is still being worked at."""

    def test_truncated(self):
        """Only whole packets are calls."""
        client = self.client()
        for call in CALLS:
            end = call.rindex(b"Mc:") + 20
            for size in range(end):
                client.send(call[:size])
        self.assertTrue(client.is_alive())
        self.assertEqual([], self.agent.methods())


class Datagrams(PxeTest):
    """Whatever arrives: no crash, no answer to nonsense, flat memory."""

    def test_random_and_oversized(self):
        chance = random.Random(8)
        client = self.client()
        for number in range(3000):
            data = bytearray(chance.choice(CALLS))
            if number % 2:
                data[chance.randrange(len(data))] = chance.randrange(256)
            else:
                data = chance.randbytes(chance.randrange(200))
            # A registered MAC address would make it a call that is right.
            client.send(bytes(data).replace(b"44:55", b"44:5x"))
        for call in CALLS:
            client.send(call[:1] + b"x" * 65_000)
            client.send(call[:1] + b"\n" * 65_000 + b"Mc:00:11:22:33:44:zz")
        # Some of them were calls after all, and were answered.
        wait_until(client.is_alive, "nothing else is answered")

    def test_hostile_inventories(self):
        client = self.client()
        for lines in (b"D:(hd0):CHS(1,1,1)=1\n" * 2000, b"P:99999999999,t:zz,s:1,l:1\n" * 2000,
                      b"S4:4294967295\n", b"S1:" + b"|" * 60_000, b"<&>\"'\xff\x00\x01\n" * 6000,
                      b"C:" + b"ff," * 20_000, b"B:1,f:0,v:1,d:1,c:1,s:1\n" * 2400):
            client.send(INVENTORY + lines[:60_000] + b"\nMc:00:11:22:33:44:55\n")
            self.agent.wait_for("imaging.injectInventory")
            self.agent.take_calls()
        self.assertTrue(client.is_alive())

    def test_flat_memory(self):
        client = self.client()

        def send(count):
            for number in range(count):
                mac = f"02:00:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
                client.send(packet(LOG, b"1\x01", mac))
                client.send(packet(UUID, mac=mac)[:-1])
                client.send(INVENTORY + b"x" * 30_000)
                if number % 5 == 4:
                    client.drain()
                if number % 50 == 49:
                    # As many calls are under way at each moment of the test.
                    self.agent.wait_for("imaging.getComputerByMac", number + 1)
            self.agent.take_calls()
        send(300)
        before = self.server.anonymous_bytes()
        send(700)
        if not is_sanitized():
            self.assertLess(self.server.anonymous_bytes() - before, 4 * MIB)


class LongNames(PxeTest):
    """No answer is longer than four times its request."""

    def name(self, length):
        self.agent.answers["imaging.getComputerByMac"] = [
            True, {"uuid": "UUID30", "shortname": "n" * length, "fqdn": "n.", "entity": "",
                   "mac": SECOND_MAC}]
        mac = f"00:11:22:33:66:{length:02x}"
        client = self.client()
        client.send(packet(HOST_NAME, mac=mac))
        self.wait_for_note(8, "boot", "hostname sent: " + "n" * length)
        client.send(packet(UUID, mac=mac))
        return client.receive()

    def test_longest_name(self):
        self.assertEqual(b"n" * (MOST - 1) + b"\0", self.name(MOST - 1))

    def test_one_byte_more(self):
        self.assertEqual(b"UUID30\0", self.name(MOST), "the name was not sent")


class Streams(PxeTest):
    """Requests over TCP: a request ends with the 17 characters after `Mc:`."""

    options = "pxe_max_connections = 8"

    def stream(self, address="127.0.0.1"):
        stream = Stream(self.pxe_port, address)
        self.addCleanup(stream.socket.close)
        return stream

    def test_cut_at_every_byte(self):
        stream = self.stream()
        request = packet(LOG, b"4-302c19d2-212b-4b9a-b04e-4fced0b83466\0")
        for size in range(1, len(request)):
            stream.send(request[:size])
            stream.send(request[size:])
            self.assertEqual(b"ACK", stream.receive(), size)
        for byte in request:
            stream.send(bytes([byte]))
        self.assertEqual(b"ACK", stream.receive())

    def test_several_at_once_answered_in_order(self):
        stream = self.stream()
        stream.send((packet(UUID) + packet(HOST_NAME) + packet(LOG, b"0\0")) * 100 + packet(UUID)[:9])
        for _ in range(100):
            self.assertEqual(b"UUID17", stream.receive())
            self.assertEqual(b"pc1", stream.receive())
        stream.send(packet(UUID)[9:])
        self.assertEqual(b"UUID17", stream.receive())

    def test_malformed_requests_are_passed_over(self):
        stream = self.stream()
        stream.send(packet(UUID, mac="00:11:22:33:44:zz") + packet(LOG, b"x") + packet(UUID))
        self.assertEqual(b"UUID17", stream.receive())

    def test_an_unknown_byte_ends_the_connection_after_the_answers(self):
        stream = self.stream()
        stream.send(packet(UUID) + b"\n" + packet(UUID))
        self.assertEqual(b"UUID17", stream.receive())
        self.assertTrue(stream.is_closed())

    def test_backup(self):
        stream = self.stream()
        image = stream.ask(packet(CREATE_IMAGE))
        self.assertRegex(image, rb"^[0-9a-f-]{36}$")
        self.assertEqual(b"ACK", stream.ask(packet(IMAGE_DONE, image)))

    def test_no_sender_in_an_inventory(self):
        stream = self.stream()
        end = inventory().rindex(b"Mc:") + 20
        stream.send(inventory()[:end] + packet(UUID))
        self.assertEqual(b"UUID17", stream.receive())
        call = self.agent.wait_for("imaging.injectInventory")[0]
        self.assertEqual({"ip": "", "port": 0}, call.params[2]["ipaddr"])

    def test_endless_request(self):
        stream = self.stream()
        try:
            for _ in range(100):
                stream.send(INVENTORY + b"x" * 10_000)
        except OSError:
            return
        self.assertTrue(stream.is_closed())

    def test_the_client_with_most_connections_makes_room(self):
        other = self.stream("127.0.3.1")
        self.assertEqual(b"UUID17", other.ask(packet(UUID)))
        streams = [self.stream() for _ in range(30)]
        for stream in streams[-3:]:
            self.assertEqual(b"UUID17", stream.ask(packet(UUID)))
        for stream in streams[:20]:
            self.assertTrue(stream.is_closed())
        self.assertEqual(b"UUID17", other.ask(packet(UUID)))


class IdleStreams(PxeTest):
    """Connections on which no request comes to its end are closed."""

    options = "pxe_idle_timeout = 1"

    def test_idle_and_slow(self):
        with Stream(self.pxe_port) as idle, Stream(self.pxe_port) as slow:
            slow.send(packet(UUID)[:5])
            self.assertTrue(idle.is_closed())
            self.assertTrue(slow.is_closed())

    def test_many_idle_ones(self):
        streams = [Stream(self.pxe_port) for _ in range(200)]
        try:
            with Stream(self.pxe_port) as stream:
                self.assertEqual(b"UUID17", stream.ask(packet(UUID)))
            for stream in streams:
                self.assertTrue(stream.is_closed())
        finally:
            for stream in streams:
                stream.socket.close()
