"""A place of a test's own: after enter() this process and its children have their own network, with nothing but a
loopback interface, and their own /etc/hosts. Needs root.
"""

import ctypes
import fcntl
import os
import socket
import struct
import tempfile

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def mount(source, target, flags):
    check(libc.mount(source.encode(), target.encode(), None, ctypes.c_ulong(flags), None))


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        request = struct.pack("16sh22x", b"lo", 0)
        flags = struct.unpack("16sh22x", fcntl.ioctl(s, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def enter(hosts):
    """hosts is the text of /etc/hosts. Raises OSError where the system does not allow it."""
    check(libc.unshare(CLONE_NEWNS | CLONE_NEWNET))
    mount("none", "/", MS_REC | MS_PRIVATE)
    loopback_up()
    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as f:
        f.write(hosts)
        f.flush()
        os.chmod(f.name, 0o644)
        mount(f.name, "/etc/hosts", MS_BIND)
