"""Free ports that no other test process will be given.

Each process takes a block of a hundred ports below the kernel's ephemeral range. The lock of a block is the name
of an abstract Unix socket: the kernel drops it with the process, however that ends, and it belongs to the
network namespace, as the ports do.
"""

import os
import socket

FIRST, BLOCK, BLOCKS = 10000, 100, 220  # 10000..31999; the kernel hands out 32768 and up by itself

_lock = None
_next = 0
_end = 0


def _take_block():
    global _lock, _next, _end
    for i in range(BLOCKS):
        block = (os.getpid() + i) % BLOCKS
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind("\0sluice-test-ports-%d" % block)
        except OSError:
            lock.close()
            continue
        if _lock:
            _lock.close()
        _lock, _next, _end = lock, FIRST + block * BLOCK, FIRST + (block + 1) * BLOCK
        return
    raise RuntimeError("no free block of ports")


def _is_free(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT does not matter
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True


def free_port():
    """A port where nothing listens, for TCP and UDP; never the same twice in a process."""
    global _next
    while True:
        if _next >= _end:
            _take_block()
        port, _next = _next, _next + 1
        if _is_free(port):
            return port
