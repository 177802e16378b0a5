"""The system calls of a running process, by strace."""

import contextlib
import re
import shutil
import subprocess
import unittest


def may_trace():
    """None when strace is there and allowed to attach, else why not."""
    if not shutil.which("strace"):
        return "strace is not installed"
    p = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True)
    return None if p.returncode == 0 else "ptrace is not permitted here: " + p.stderr.strip().splitlines()[0]


@contextlib.contextmanager
def tracing(pid, path, calls=None):
    """Writes the calls (all, or those of a list such as "accept4,sendfile") to `path` until the block ends."""
    only = ["-e", "trace=" + calls] if calls else []
    strace = subprocess.Popen(["strace", "-f", "-o", path, *only, "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    try:
        if "attached" not in (strace.stderr.readline() or ""):
            strace.wait(5)
            raise unittest.SkipTest("strace may not attach here")
        yield
    finally:
        strace.terminate()
        strace.wait(10)
        strace.stderr.close()


def traced(path):
    """[(name, the rest of its line)] of every call."""
    with open(path) as f:
        return re.findall(r"(?m)^\d+ +(\w+)\((.*)$", f.read())
