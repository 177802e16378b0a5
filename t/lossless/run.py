"""One run: a server under load of every kind, something done to it meanwhile, and the accounts at the end."""

import collections
import ctypes
import errno
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "t", "e2e"))
from ports import free_port
from server import BINARY, SLOW, STAND_IN, Sluice, descendants, is_alive, listening, processes, read_text, wait_for

PROGRAM = os.path.abspath(os.environ.get("LOSSLESS") or os.path.join(TOP, "build", "lossless"))
COUNTS = ("sent", "answered", "refused", "declined", "lost", "crossed", "ended_idle")

# Understood by nginx as well. Nothing in it ends a connection by itself while a run lasts.
CONF = """
worker_processes 2;
pid logs/sluice.pid;
error_log logs/error.log notice;
worker_shutdown_timeout %(shutdown)ss;
events { worker_connections 4096; }
http {
    access_log off;
    keepalive_timeout 600s;
    keepalive_requests 100000000;
    client_body_temp_path temp/body;
    proxy_temp_path temp/proxy;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    add_header X-Worker $pid always;
    upstream origin { zone origin 256k; server 127.0.0.1:%(origin)s max_conns=100000; keepalive 64; }
    server {
        listen 127.0.0.1:%(port)s;
        location / { proxy_pass http://origin; }
        location /hash/through/ { proxy_pass http://origin; proxy_request_buffering off; }
        location /echo {
            proxy_pass http://origin;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
        }
    }
}
"""

SYS_PIDFD_GETFD = 438
libc = ctypes.CDLL(None)
NOTICED_WITHIN = 5.0  # seconds from a kill until who reads slowly has read all that the kernel still had

Loss = collections.namedtuple("Loss", "flow at number port worker waited_us crossed why")


def words(line):
    """name=value …; the last value may hold spaces."""
    return dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", line))


def served_by(pid, port):
    """The ports of the clients whose connections to that port of ours a process has. It must not run meanwhile."""
    found = set()
    handle = os.pidfd_open(pid)
    try:
        for fd in os.listdir("/proc/%d/fd" % pid):
            copy = libc.syscall(SYS_PIDFD_GETFD, handle, int(fd), 0)
            if copy < 0:
                continue
            try:
                with socket.socket(fileno=copy) as s:
                    if s.family == socket.AF_INET and s.getsockname()[1] == port:
                        found.add(s.getpeername()[1])
            except OSError as e:  # the listening socket, or no socket
                if e.errno == errno.ENOTSOCK:
                    os.close(copy)
    finally:
        os.close(handle)
    return found


def read_account(line, totals, losses):
    """Of what the client prints: into {flow: {count: n}} or the list of losses."""
    kind, _, rest = line.rstrip("\n").partition(" ")
    values = words(rest)
    if kind == "total":
        flow = values.pop("flow")
        totals[flow] = {name: int(value) for name, value in values.items()}
    elif kind == "loss":
        losses.append(Loss(values["flow"], float(values["at"]), values["number"], int(values["port"]), int(values["worker"]),
                           int(values["waited_us"]), values["crossed"] == "1", values["why"]))


class Load:
    """The client and its origin, as processes."""

    def __init__(self, scale, socket_life):
        self.scale, self.socket_life = scale, socket_life
        self.origin_port = free_port()
        self.origin = subprocess.Popen([PROGRAM, "origin", str(self.origin_port)])
        wait_for(lambda: listening(self.origin_port), 5, "the origin")
        self.client, self.reader, self.begun = None, None, threading.Event()
        self.losses, self.totals = [], {}

    def start(self, port):
        self.client = subprocess.Popen([PROGRAM, "client", str(port), str(self.scale), str(self.socket_life)],
                                       stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        if not self.begun.wait(30 * SLOW):
            raise AssertionError("not every kind of request had an answer within %.0f s" % (30 * SLOW))

    def _read(self):
        for line in self.client.stdout:
            if line == "begun\n":
                self.begun.set()
            else:
                read_account(line, self.totals, self.losses)
        self.client.stdout.close()

    def finish(self):
        """Lets what is under way end."""
        self.client.terminate()
        if self.client.wait(90) != 0 or not self.totals:
            raise AssertionError("the client ended with code %d and without accounts" % self.client.returncode)
        self.reader.join()

    def kill(self):
        for process in (self.client, self.origin):
            if process and process.poll() is None:
                process.kill()
                process.wait()


class Run:
    """with Run(…) as run: run.reload() …; then run.load.totals, run.problems."""

    def __init__(self, scale=1.0, socket_life=5.0, shutdown=60, more_conf="", traffic=True, generations=1000):
        self.dir = tempfile.mkdtemp(prefix="sluice-lossless-")
        os.chmod(self.dir, 0o777)
        self.load = Load(scale, socket_life)
        # Reloads follow each other faster than a slow upload ends, and need not wait for it; 0: the product's own limit.
        limit = "max_worker_generations %d;\n" % generations if generations and not STAND_IN else ""
        self.server = Sluice(self.dir, limit + more_conf + CONF, raw=True, origin=self.load.origin_port, shutdown=shutdown,
                             port=free_port())
        self.traffic, self.kills, self.problems, self.descriptors = traffic, [], [], None
        self.random = random.Random(os.getpid())

    def __enter__(self):
        try:
            self.server.start()
            wait_for(lambda: len(self.server.workers()) == 2, 5, "both workers")
            self.descriptors = self.open_files()
            if self.traffic:
                self.load.start(self.server.port)
        except BaseException:
            self.abandon()
            raise
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.abandon()
            return
        try:
            if self.traffic:
                self.load.finish()
            self.look_for_leftovers()
        finally:
            self.abandon()

    def abandon(self):
        """Ends whatever still runs."""
        self.load.kill()
        if self.server.process:
            self.server.process.wait()  # became a daemon, or is about to give up
        for pid in descendants(os.getpid()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    # -- what is done to it ---------------------------------------------------------------------------

    def serving(self, but):
        """Whether a full set of workers serves, none of them among these."""
        workers = self.server.workers()
        return len(workers) == 2 and not set(workers) & set(but)

    def reload(self):
        before = self.server.workers()
        self.server.signal("HUP")
        wait_for(lambda: self.serving(before), 60, "a new generation")

    def new_binary(self):
        """USR2; returns the old master, the new one is the server's."""
        old, path = self.server.pid, self.server.pid_path
        self.server.signal("USR2")
        wait_for(lambda: read_text(path).strip() not in ("", str(old)) and read_text(path + ".oldbin").strip() == str(old),
                 20, "the pid files of both binaries")
        self.server.adopt()
        wait_for(lambda: len(self.server.workers()) == 2, 20, "the new binary's workers")
        return old

    def workers_of(self, master):
        current, self.server.pid = self.server.pid, master
        try:
            return self.server.workers()
        finally:
            self.server.pid = current

    def upgrade(self):
        old = self.new_binary()
        os.kill(old, signal.SIGWINCH)
        wait_for(lambda: not self.workers_of(old), 20, "the retirement of the old binary's workers")
        os.kill(old, signal.SIGQUIT)
        self.wait_end(old)
        if int(read_text(self.server.pid_path)) != self.server.pid:
            self.problems.append("after an upgrade the pid file does not name the new master")

    def roll_back(self):
        old = self.new_binary()
        new = self.server.pid
        os.kill(old, signal.SIGWINCH)
        wait_for(lambda: not self.workers_of(old), 20, "the retirement of the old binary's workers")
        os.kill(old, signal.SIGHUP)
        wait_for(lambda: len(self.workers_of(old)) == 2, 20, "the old binary's workers, back again")
        os.kill(new, signal.SIGQUIT)
        self.wait_end(new)
        wait_for(lambda: read_text(self.server.pid_path).strip() == str(old), 5, "the old master's pid file")
        self.server.adopt()

    def wait_end(self, pid):
        """Of a master that finishes what it has; collects it if it is ours."""
        def gone():
            self.reap()
            return not is_alive(pid)
        wait_for(gone, 90, "the end of process %d" % pid)

    def reap(self):
        ours = {p.pid for p in (self.load.origin, self.load.client, self.server.process) if p}
        for pid, (parent, state) in processes().items():
            if parent == os.getpid() and state == "Z" and pid not in ours:
                os.waitpid(pid, os.WNOHANG)

    def kill_worker(self):
        """SIGKILL to a random worker, after a look at whom it serves."""
        workers = self.server.workers(retiring=True)
        if not workers:
            return
        pid = self.random.choice(workers)
        try:
            os.kill(pid, signal.SIGSTOP)  # so that it accepts nobody between the look and the end
            served = served_by(pid, self.server.port)
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kills.append((time.time(), pid, served))

    def excused(self, loss):
        """Whether the request was in the hands of a worker when that was killed."""
        return any(loss.port in served and -0.1 <= loss.at - at <= NOTICED_WITHIN * SLOW for at, _, served in self.kills)

    # -- afterwards -----------------------------------------------------------------------------------

    def open_files(self):
        """What the master has open, without what is different each time."""
        folder = "/proc/%d/fd" % self.server.pid
        return sorted(re.sub(r"\[\d+\]", "[]", os.readlink(os.path.join(folder, fd))) for fd in os.listdir(folder))

    def memory(self):
        """KB that the master holds for itself, and its share of what others hold as well."""
        return int(re.search(r"(?m)^Pss: +(\d+)", read_text("/proc/%d/smaps_rollup" % self.server.pid))[1])

    def wait_alone(self):
        """Until every worker of an earlier generation has ended."""
        wait_for(lambda: len(self.server.workers(retiring=True)) == 2 and len(self.server.workers()) == 2, 90,
                 "the end of earlier generations")

    def check_zones(self):
        done = subprocess.run([BINARY, "status", "--check", "-p", self.server.prefix, "-c", self.server.conf_path],
                              capture_output=True, text=True)
        if done.returncode != 0 or 'zone "origin"' not in done.stdout:
            self.problems.append("status --check: %s%s" % (done.stdout, done.stderr))

    def look_for_leftovers(self):
        self.wait_alone()
        open_now = self.open_files()
        if open_now != self.descriptors:
            self.problems.append("the master had these open at first: %s and at the end: %s" % (self.descriptors, open_now))
        if not STAND_IN:
            self.check_zones()
        self.server.signal("QUIT")
        self.wait_end(self.server.pid)
        self.load.kill()
        self.reap()
        for pid in descendants(os.getpid()):
            self.problems.append("left over: process %d %s" % (pid, read_text("/proc/%d/cmdline" % pid).replace("\0", " ")))
        for folder, _, names in os.walk(os.path.join(self.dir, "temp")):
            self.problems += ["left over: " + os.path.join(folder, name) for name in names]
        for name in ("sluice.pid", "sluice.pid.oldbin"):
            if os.path.exists(os.path.join(self.dir, "logs", name)):
                self.problems.append("left over: " + name)
        killed = [r"process %d exited on signal 9" % pid for _, pid, _ in self.kills]
        self.problems += self.server.problems(killed)
