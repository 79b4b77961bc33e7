"""A network of the measurement's own, where loopback is as fast as the machine."""
import ctypes
import os
import pathlib
import subprocess

CLONE_NEWNET = 0x40000000
CONGESTION_CONTROL = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")


def enter_own_network():
    """Moves this process, and what it starts, into a network namespace with loopback and reno: a
    kernel that paces (BBR) hides differences above 2 GB/s. Only root may; says what came of it."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(CLONE_NEWNET) != 0:
        reason = os.strerror(ctypes.get_errno())
        control = CONGESTION_CONTROL.read_text(encoding="ascii").strip()
        return f"the machine's own network with {control} (no namespace: {reason})"
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # Some servers (tftpd-hpa) believe to have no IPv4 without an address of another kind.
    subprocess.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"], check=True)
    CONGESTION_CONTROL.write_text("reno", encoding="ascii")
    return "a network namespace with reno"
