#!/usr/bin/env python3
"""A service manager (systemd) and the server: what it is told about starts, reloads and the end, and sockets that it
opens itself."""

import re
import socket
import sys
from unittest import mock

from harness import *
from server import read_text

OK = "server { listen 127.0.0.1:%(port)d; return 200 ok; }"

# Does what a manager does before it becomes the program: opens sockets as descriptors 3, 4 …, and tells of them.
STARTER = r"""
import os, socket, sys
names, kept, i = [], [], 1
while sys.argv[i] != "--":
    name, kind, where = sys.argv[i].split("=", 2)
    if kind == "file":
        s = open(where)
    elif kind == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.bind(where)
        os.chmod(where, 0o666)
    else:
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", int(where)))
    if kind in ("unix", "tcp"):
        s.listen()
    kept.append(os.dup2(s.fileno(), 100 + i))
    s.close()
    names.append(name)
    i += 1
for number, fd in enumerate(kept):
    os.dup2(fd, 3 + number)
    os.close(fd)
with open(os.environ["INODES"], "w") as f:
    f.write(" ".join("socket:[%d]" % os.fstat(3 + n).st_ino for n in range(len(kept))))
os.closerange(3 + len(kept), 100)
os.environ.update(LISTEN_PID=str(os.getpid() + int(os.environ.get("WRONG", "0"))), LISTEN_FDS=str(len(kept)), LISTEN_FDNAMES=":".join(names))
os.execv(sys.argv[i + 1], sys.argv[i + 1:])
"""


class Manager:
    """The socket that messages come to."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        if isinstance(address, str):
            os.chmod(address, 0o777)
        self.socket.settimeout(5 * SLOW)

    def next(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))

    def silent(self):
        self.socket.settimeout(0.2)
        try:
            return self.socket.recv(4096) is None
        except socket.timeout:
            return True
        finally:
            self.socket.settimeout(5 * SLOW)


class Notify(SluiceTest):
    def manager(self, address=None):
        manager = Manager(address or os.path.join(self.dir, "notify"))
        self.addCleanup(manager.socket.close)
        return manager

    def start(self, conf=OK, **options):
        return self.sluice(conf, env={"NOTIFY_SOCKET": os.path.join(self.dir, "notify")}, **options)

    def test_from_start_to_end(self):
        m = self.manager()
        s = self.start(workers=2)
        self.assertEqual(m.next(), {"READY": "1", "STATUS": "Generation 1 serves with 2 workers", "MAINPID": str(s.pid)})
        before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        s.reload()
        reloading = m.next()
        self.assertEqual(reloading["RELOADING"], "1")
        self.assertTrue(before <= int(reloading["MONOTONIC_USEC"]) <= before + 5_000_000 * SLOW)
        ready = m.next()
        self.assertEqual((ready["READY"], ready["STATUS"]), ("1", "Generation 2 serves with 2 workers"))
        self.allow_log("unknown directive")
        s.write_conf(OK + "nonsense;")
        s.signal("HUP")
        self.assertEqual(m.next()["RELOADING"], "1")
        ready = m.next()
        self.assertEqual((ready["READY"], ready["STATUS"]), ("1", "Reload failed, generation 2 serves"))
        s.stop("QUIT")
        self.assertEqual(m.next()["STOPPING"], "1")
        self.assertTrue(m.silent())

    def test_an_abstract_address(self):
        name = "sluice-test-%d" % os.getpid()
        m = self.manager(b"\0" + name.encode())
        s = self.sluice("master_process off; http { %s }" % OK, env={"NOTIFY_SOCKET": "@" + name})
        self.assertEqual(m.next()["MAINPID"], str(s.pid))
        s.signal("HUP")
        self.assertEqual((m.next().get("RELOADING"), m.next().get("READY")), ("1", "1"))
        s.stop("TERM")
        self.assertEqual(m.next()["STOPPING"], "1")

    def test_a_binary_that_is_replaced(self):
        m = self.manager()
        s = self.start()
        old = s.pid
        self.assertEqual(m.next()["MAINPID"], str(old))
        s.signal("USR2")
        self.assertNotIn("MAINPID", m.next())  # the new one is ready, and may yet be sent away
        wait_for(lambda: read_text(s.pid_path).strip() not in ("", str(old)), 5, "the new pid file")
        s.adopt()
        s.signal("QUIT", old)
        self.assertEqual(m.next(), {"MAINPID": str(s.pid), "STATUS": "A new binary serves"})
        wait_for(lambda: s.process.poll() is not None, 5, "the old one's end")
        s.stop()
        self.assertEqual(m.next()["STOPPING"], "1")

    def test_nobody_listens(self):
        s = self.start()
        s.wait_log(r'\[warn\] .*the service manager cannot be told at "%s/notify" \(2: ' % re.escape(self.dir))
        self.assertEqual(s.get("/").body, b"ok")


class Activation(SluiceTest):
    def start(self, conf, given, wrong=0, **options):
        starter = os.path.join(self.dir, "starter.py")
        with open(starter, "w") as f:
            f.write(STARTER)
        self.inodes = os.path.join(self.dir, "inodes")
        s = self.sluice(conf, start=False, env={"INODES": self.inodes, "WRONG": str(wrong)}, **options)
        given = ["%s=%s" % (g, s.names[g.split("=")[0]] if g.endswith("=tcp") else os.path.join(self.dir, "given")) for g in given]
        with mock.patch("server.command", lambda args: [sys.executable, starter] + given + ["--", BINARY] + args):
            return s.start()

    def held(self, pid):
        """Which of the given sockets a process has."""
        open_now = []
        for fd in os.listdir("/proc/%d/fd" % pid):
            try:
                open_now.append(os.readlink("/proc/%d/fd/%s" % (pid, fd)))
            except FileNotFoundError:
                pass  # closed meanwhile
        return [inode in open_now for inode in read_text(self.inodes).split()]

    def test_given_sockets_are_used(self):
        s = self.start("server { listen 127.0.0.1:%%(port)d; listen 127.0.0.1:%%(port2)d; listen unix:%s/given; return 200 ok; }" % self.dir,
                       ["port=tcp", "file=unix"], workers=2)
        self.assertEqual(self.held(s.pid), [True, True])
        self.assertTrue(all(all(self.held(w)) for w in s.workers()))
        self.assertEqual([s.get("/").body, s.get("/", port=s.names["port2"]).body, s.get("/", unix=self.dir + "/given").body], [b"ok"] * 3)
        s.reload()
        self.assertEqual(self.held(s.pid), [True, True])
        self.assertEqual(s.get("/", unix=self.dir + "/given").body, b"ok")
        s.stop()
        self.assertTrue(os.path.exists(self.dir + "/given"))  # the manager's, who listens on

    def test_unused_ones_are_closed(self):
        s = self.start("server { listen 127.0.0.1:%(port)d; return 200 %(port2)d; }", ["port=tcp", "port2=tcp"])
        self.assertEqual(self.held(s.pid), [True, False])
        self.assertIn("sluice: [warn] no \"listen\" has the address of the service manager's socket \"port2\", closed", s.stderr)
        with self.assertRaises(ConnectionRefusedError):
            s.connect(s.names["port2"])

    def test_what_is_no_socket(self):
        with open(os.path.join(self.dir, "given"), "w"):
            pass
        s = self.start(OK, ["port=tcp", "junk=file"])
        self.assertIn("descriptor 4 (junk) of the service manager is no listening socket, closed", s.stderr)
        self.assertEqual((self.held(s.pid)[0], s.get("/").body), (True, b"ok"))

    def test_those_of_another_process_are_not_touched(self):
        s = self.start("server { listen 127.0.0.1:%(port)d; return 200 %(port2)d; }", ["port2=tcp"], wrong=1)
        self.assertEqual(s.get("/").status, 200)
        self.assertEqual(s.stderr, "")

    def test_they_outlive_a_new_binary(self):
        s = self.start("server { listen 127.0.0.1:%%(port)d; listen unix:%s/given; return 200 ok; }" % self.dir, ["port=tcp", "file=unix"])
        old = s.pid
        s.signal("USR2")
        wait_for(lambda: read_text(s.pid_path).strip() not in ("", str(old)), 5, "the new pid file")
        s.adopt()
        wait_for(s.workers, 5, "the new workers")
        s.signal("QUIT", old)
        wait_for(lambda: s.process.poll() is not None, 5, "the old one's end")
        self.assertEqual(self.held(s.pid), [True, True])
        self.assertEqual(s.get("/", unix=self.dir + "/given").body, b"ok")
        s.stop()
        self.assertTrue(os.path.exists(self.dir + "/given"))


if __name__ == "__main__":
    main()
