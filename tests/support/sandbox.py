#!/usr/bin/env python3
"""sandbox.py UNIT COMMAND...: runs COMMAND with the system calls that a unit's sandbox leaves it.

What systemd does for SystemCallFilter=, SystemCallErrorNumber=EPERM and MemoryDenyWriteExecute= of
a service, without a running systemd: `systemd-analyze` says what the sets hold, libseccomp makes
the filter.
"""
import ctypes
import os
import pathlib
import subprocess
import sys

ALLOW, REFUSE = 0x7fff0000, 0x00050000 | 1  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
NO_NEW_PRIVILEGES = 38
MASKED_EQUAL = 7  # SCMP_CMP_MASKED_EQ
PROTECTION_EXECUTABLE = 4


class Comparison(ctypes.Structure):
    """scmp_arg_cmp"""

    _fields_ = [("argument", ctypes.c_uint), ("operator", ctypes.c_int),
                ("mask", ctypes.c_uint64), ("value", ctypes.c_uint64)]


def options(unit, name):
    """The values of all lines of an option."""
    lines = pathlib.Path(unit).read_text(encoding="utf-8").splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(name + "=")]


def expand(name):
    """The system calls of a set such as @system-service."""
    if not name.startswith("@"):
        return {name}
    shown = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", name], check=True,
                           stdout=subprocess.PIPE, text=True).stdout
    members = [line.strip() for line in shown.splitlines() if line.startswith(" ")]
    return set().union(*(expand(member) for member in members if not member.startswith("#")))


def allowed_calls(unit):
    calls = set()
    for value in options(unit, "SystemCallFilter"):
        names = set().union(*(expand(name) for name in value.lstrip("~").split()))
        calls = calls - names if value.startswith("~") else calls | names
    return calls


def confine(unit):
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(REFUSE))
    for name in sorted(allowed_calls(unit)):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0 and name not in ("mprotect", "pkey_mprotect"):
            library.seccomp_rule_add(context, ALLOW, number, 0)
    # Memory never becomes executable; the loader maps its segments so, which is allowed.
    number = library.seccomp_syscall_resolve_name(b"mprotect")
    not_executable = Comparison(2, MASKED_EQUAL, PROTECTION_EXECUTABLE, 0)
    library.seccomp_rule_add_array(context, ALLOW, number, 1, ctypes.byref(not_executable))
    ctypes.CDLL(None).prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if library.seccomp_load(context) != 0:
        sys.exit("the filter can't be loaded")


def main():
    confine(sys.argv[1])
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
