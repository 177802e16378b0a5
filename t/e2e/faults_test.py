#!/usr/bin/env python3
"""The machine fails around it: workers die or freeze, files may not grow, folders vanish, logs cannot be written. What
does not need what failed is served as before, the rest fails visibly, and nothing dies of it."""

import re
import resource
import shutil
import socket
import subprocess
import threading

from hostile import *
from server import read_text

PROXY = """server { listen 127.0.0.1:%(port)d; client_body_buffer_size 8k; client_max_body_size 0;
    location = /clean { return 200; } location / { proxy_pass http://127.0.0.1:%(o)d; %(more)s } }"""


class Workers(HostileTest):
    def test_any_death_is_followed_by_another_worker(self):
        self.allow_log(r"(exited|crashed) on signal (6|9|11)")
        self.begin(workers=2, env={"ASAN_OPTIONS": "handle_segv=0:handle_abort=0"})  # it would report what we did
        for name in ("KILL", "SEGV", "ABRT"):
            victim = self.s.workers()[0]
            self.s.signal(name, victim)
            wait_for(lambda: victim not in self.s.workers() and len(self.s.workers()) == 2, 1.5, "another worker after " + name)
            self.assertEqual(self.s.get("/x").status, 200)

    def test_a_crash_says_what_was_being_served(self):
        self.allow_log(r"exited on signal|crashed on signal")
        self.begin(workers=1, env={"ASAN_OPTIONS": "handle_segv=0:handle_abort=0"})
        self.s.signal("SEGV", self.s.workers()[0])
        self.s.wait_log(r"worker process \d+ exited on signal 11( \(core dumped\))?, of generation 1 of sluice/")
        if not self.sanitized():
            self.s.wait_log(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[alert\] \d+#\d+: crashed on signal 11, generation 1 of sluice/[\d.]+$")

    def sanitized(self):
        return b"__asan_init" in open(BINARY, "rb").read()

    def test_only_its_own_requests_are_lost(self):
        self.allow_log(r"exited on signal 9")
        gate = threading.Event()
        self.begin(handler=lambda req: (gate.wait(10) if req.target == "/hang" else None, Response(200))[1], workers=2)
        hanging = []
        for _ in range(20):
            hanging.append(self.s.connect())
            hanging[-1].request("GET", "/hang")
        self.o.wait_requests(20)
        self.s.signal("KILL", self.workers[0])
        wait_for(lambda: self.workers[0] not in self.s.workers(), 1.5)
        gate.set()
        answered = 0
        for c in hanging:
            try:
                answered += c.read_response().status == 200
            except Closed:
                pass
            c.close()
        self.assertIn("exited on signal 9", self.s.error_log)
        self.assertEqual(self.s.get("/x").status, 200)
        self.assertLessEqual(answered, 20)

    def test_all_dead(self):
        self.allow_log(r"exited on signal 9")
        self.begin(workers=3)
        for _ in range(3):
            for worker in self.s.workers():
                self.s.signal("KILL", worker)
            begin = time.monotonic()
            self.assertEqual(self.s.get("/x").status, 200)
            self.assertLess(time.monotonic() - begin, 2 * SLOW)
            wait_for(lambda: len(self.s.workers()) == 3, 3)

    def test_a_frozen_worker_stops_nobody_else(self):
        self.begin(workers=2)
        frozen = self.workers[0]
        self.s.signal("STOP", frozen)
        try:
            for _ in range(50):
                begin = time.monotonic()
                self.assertEqual(self.s.get("/x").status, 200)
                self.assertLess(time.monotonic() - begin, 1 * SLOW)
        finally:
            self.s.signal("CONT", frozen)


class Processes(HostileTest):
    # Preloaded: no process can be made while the file is there.
    NO_FORK = r"""
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdlib.h>
        #include <unistd.h>
        pid_t fork(void) {
          if (getenv("NO_FORK") && access(getenv("NO_FORK"), F_OK) == 0) { errno = EAGAIN; return -1; }
          return ((pid_t (*)(void))dlsym(RTLD_NEXT, "fork"))();
        }"""

    def test_no_further_process(self):
        self.allow_log(r"exited on signal 9|fork\(\) failed")
        source, library, mark = (os.path.join(self.dir, name) for name in ("fork.c", "fork.so", "mark"))
        with open(source, "w") as f:
            f.write(self.NO_FORK)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        preload = " ".join([library] + [p for p in [os.environ.get("LD_PRELOAD")] if p])
        s = self.begin(workers=2, env={"LD_PRELOAD": preload, "NO_FORK": mark, "ASAN_OPTIONS": "verify_asan_link_order=0"})
        open(mark, "w").close()
        s.signal("KILL", self.workers[0])
        s.wait_log(r"fork\(\) failed while spawning \"worker process\", 1 times \(11: ")
        time.sleep(1.2)  # two more tries
        self.assertEqual(s.get("/x").status, 200)
        self.assertEqual(s.error_log.count("fork() failed"), 1)
        os.unlink(mark)
        wait_for(lambda: len(s.workers()) == 2, 5, "the other worker")


class Connections(HostileTest):
    CONF = """events { worker_connections %d; } http { server { listen 127.0.0.1:%%(port)d; location = /clean { return 200; }
                location / { proxy_pass http://127.0.0.1:%%(o)d; } } }"""

    def used(self, c):
        c.request("GET", "/clean")
        self.assertEqual(c.read_response().status, 200)
        return c

    def test_the_one_that_was_idle_longest_goes(self):
        self.begin(self.CONF % 8)
        clients = [self.used(self.s.connect()) for _ in range(8)]
        self.used(clients[0])
        for fresh in range(2):
            clients.append(self.used(self.s.connect()))
        self.assertTrue(clients[1].closed_within(2) and clients[2].closed_within(2))
        for c in clients[:1] + clients[3:]:
            self.used(c)
            c.close()

    def test_descriptors_come_from_who_is_idle(self):
        self.allow_log("file descriptors run short")
        self.begin("worker_rlimit_nofile 64; events { worker_connections 1000; } http { server { listen 127.0.0.1:%(port)d; location = /clean { return 200; } location / { proxy_pass http://127.0.0.1:%(o)d; } } }")
        clients = [self.used(self.s.connect()) for _ in range(150)]
        for _ in range(20):
            self.assertEqual(self.s.get("/proxied").status, 200)
        self.assertTrue(clients[0].closed_within(2))
        self.used(clients[-1])
        self.assertNotIn("accept4", self.s.error_log)
        self.assertEqual(self.s.error_log.count("run short"), 1)
        for c in clients:
            c.close()

    def test_busy_ones_do_not_hide_idle_ones(self):
        self.allow_log("worker_connections are not enough")
        gate = threading.Event()
        self.addCleanup(gate.set)
        self.begin(self.CONF % 210, lambda req: (gate.wait(20), Response(200))[1])
        busy = [self.s.connect() for _ in range(100)]
        for c in busy:
            c.request("GET", "/held")
        self.o.wait_requests(100)
        idle = [self.used(self.s.connect()) for _ in range(110)]
        answered = 0
        for _ in range(20):
            with self.s.connect() as c:
                try:
                    answered += self.used(c) is c
                except (Closed, OSError):
                    pass
        self.assertGreaterEqual(answered, 18)  # the first may have come before an idle one was found
        gate.set()
        for c in busy:
            self.assertEqual(c.read_response().status, 200)
        for c in busy + idle:
            c.close()


class Syslogs(HostileTest):
    def test_nobody_there(self):
        path = os.path.join(self.dir, "log.sock")
        s = self.begin("error_log logs/error.log info; error_log syslog:server=unix:%s info; http { %s }" % (path, PROXY), more="")
        for _ in range(30):
            self.still_serves()
        s.wait_log(r"\[error\] .*a syslog server cannot be reached, 1 times; lines are lost \(2: ")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            server.bind(path)
            os.chmod(path, 0o777)
            server.settimeout(0.1)

            def arrives():
                s.signal("USR1")
                try:
                    return server.recv(4096)
                except socket.timeout:
                    return None
            self.assertIn(b"sluice: ", wait_for(arrives, 5, "a line once it is there"))
        # One line in ten seconds of a process.
        self.assertLessEqual(s.error_log.count("syslog server cannot"), 3)


class Disks(HostileTest):
    def limited(self, size):
        """Files of this process and its children may not grow beyond it."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, before)

    def post(self, target, body):
        """The status, or None when the connection just ended."""
        with self.s.connect() as c:
            try:
                c.request("POST", target, [("Connection", "close")], body)
            except OSError:
                pass  # refused before its end
            try:
                return c.read_response().status
            except Closed:
                return None

    def test_files_that_may_not_grow(self):
        self.allow_log(r"temporary file|writev?\(\)|\(27: File too large\)")
        large = os.urandom(1 << 20) * 4
        self.limited(100_000)
        self.begin(PROXY, lambda req: Response(200, body=large if req.target == "/large" else b"ok"), more="")
        self.assertEqual(self.s.post("/x", b"x" * 1000).status, 200)
        self.assertIn(self.post("/x", b"x" * 1_000_000), (500, 413, None))
        self.assertEqual(len(self.o.requests), 1)
        # An answer needs the file only to let the origin go.
        with self.s.connect() as c:
            c.request("GET", "/large", [("Connection", "close")])
            time.sleep(0.3)
            self.assertEqual(c.read_response().body, large)
        for _ in range(3):
            with self.s.connect() as c:
                for _ in range(600):
                    c.request("GET", "/clean")
                    self.assertEqual(c.read_response().status, 200)
        self.assertEqual(len(self.s.access_log), 100_000)
        self.still_serves("the access log's end")

    def test_a_full_disk_is_told_once(self):
        self.allow_log(r"temporary file|\(27: File too large\)")
        self.limited(100_000)
        self.begin(PROXY, more="")
        for _ in range(5):
            self.assertIn(self.post("/x", b"x" * 1_000_000), (500, None))
        self.assertEqual(self.s.error_log.count("[crit]"), 1)

    def test_a_log_with_a_gap_says_so(self):
        self.allow_log("lines of this log could not be written|open\\(\\)")
        self.limited(20_000)
        self.begin("error_log %(prefix)s/logs/small.log error; http { server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; } }")
        path = self.s.path("logs/small.log")
        with self.s.connect() as c:
            for _ in range(300):
                c.request("GET", "/none")
                self.assertEqual(c.read_response().status, 404)
        self.assertEqual(os.path.getsize(path), 20_000)
        os.truncate(path, 0)
        self.assertEqual(self.s.get("/last").status, 404)
        text = read_text(path)
        self.assertRegex(text, r"(?m)^\S+ \S+ \[alert\] \d+#\d+: \d{2,} lines of this log could not be written \(27: File too large\)$")
        self.assertIn("/last", text.splitlines()[-1])
        self.assertEqual(text.count("could not be written"), 1)

    def test_folders_that_vanish(self):
        self.allow_log(r"temporary file|open\(\)|mkstemp|could not|cannot")
        large = os.urandom(1 << 20) * 4
        self.begin(PROXY + "client_body_temp_path %(prefix)s/body; proxy_temp_path %(prefix)s/proxy;",
                   lambda req: Response(200, body=large if req.target == "/large" else b"ok"), more="")
        shutil.rmtree(self.s.path("body"))
        shutil.rmtree(self.s.path("proxy"))
        self.assertEqual(self.s.post("/x", b"x" * 1000).status, 200)
        self.assertIn(self.post("/x", b"x" * 1_000_000), (200, 500))
        with self.s.connect() as c:
            c.request("GET", "/large", [("Connection", "close")])
            time.sleep(0.3)
            self.assertEqual(c.read_response().body, large)
        self.still_serves()

    def test_the_folder_of_the_logs_vanishes(self):
        self.begin(PROXY.replace("server {", "server { access_log %(prefix)s/lost/a.log;", 1), more="", start=False)
        os.mkdir(self.s.path("lost"))
        os.chmod(self.s.path("lost"), 0o777)
        self.s.start()
        self.workers = self.s.workers()
        shutil.rmtree(self.s.path("lost"))
        self.still_serves()
        self.allow_log(r"\[emerg\].*lost/a.log|open\(\)")
        self.s.signal("USR1")
        self.s.wait_log("reopening logs")
        self.still_serves("reopening")
        os.mkdir(self.s.path("lost"))
        os.chmod(self.s.path("lost"), 0o777)
        self.s.signal("USR1")
        wait_for(lambda: self.s.get("/clean") and "/clean" in read_text(self.s.path("lost/a.log")), 5, "lines in the new log")

    def test_logs_on_a_full_device(self):
        self.begin("error_log /dev/full debug; http { %s }" % PROXY.replace("server {", "access_log /dev/full; server {", 1), more="")
        for _ in range(50):
            self.still_serves()
        self.assertEqual(self.s.get("/x").status, 200)


class Configurations(HostileTest):
    def test_what_is_none(self):
        """Neither a test nor a start succeeds or crashes, and a server that runs goes on."""
        taken = self.origin()
        s = self.begin(PROXY, more="")
        good = read_text(s.conf_path).encode()
        include = s.path("conf", "again.conf")
        s.write_file("conf/again.conf", "include %s;" % include)
        s.write_file("conf/loop1.conf", "include %s;" % s.path("conf", "loop2.conf"))
        s.write_file("conf/loop2.conf", "include %s;" % s.path("conf", "loop1.conf"))
        rows = [
            ("nothing", b""), ("junk", os.urandom(4096)), ("zeros", bytes(4096)), ("an open quote", good + b'\nfoo "'), ("half", good[:len(good) // 2]),
            ("a brace too many", good + b"}"), ("deep", b"http {" * 5000), ("a long word", b"x" * (4 << 20)), ("no end", good.rstrip()[:-1]),
            ("itself", b"include %s;" % s.conf_path.encode() + good), ("includes itself", b"include %s;" % include.encode() + good),
            ("include in a ring", good + b"include %s;" % s.path("conf", "loop1.conf").encode()),
            ("include of nothing", good + b"include none.conf;"), ("a folder", good + b"include %s;" % s.prefix.encode()),
            ("a taken port", b"http { server { listen 127.0.0.1:%d; } } events {}" % taken.port),
            ("a socket in no folder", b"http { server { listen unix:/none/x.sock; } } events {}"),
            ("an address that is not here", b"http { server { listen 192.0.2.1:8080; } } events {}"),
            ("a user who is none", b"user nobody_at_all;" + good), ("a log in no folder", b"error_log /none/x;" + good),
            ("a regex without end", good.replace(b"location = /clean", b"location ~ '(('")),
        ]
        unbound = ("a taken port", "a socket in no folder", "an address that is not here")
        self.allow_log(r"\[emerg\]|\[alert\]")
        for name, text in rows:
            with self.subTest(name):
                path = s.write_file("conf/bad.conf", text)
                for option in ([], ["-t"]):
                    if option and name in unbound:
                        continue  # a test binds nothing
                    done = subprocess.run([BINARY, "-p", s.prefix, "-c", path, "-e", "stderr", "-g", "daemon on;"] + option,
                                          capture_output=True, timeout=20 * SLOW)
                    self.assertIn(done.returncode, range(1, 98), (name, option, done.stderr[-500:]))
                    self.assertTrue(done.stderr, name)
                s.write_file("conf/sluice.conf", text)
                log = len(s.error_log)
                s.signal("HUP")
                words = "still could not bind" if name == "a taken port" else r"\[emerg\]"  # it is tried for a while
                wait_for(lambda: re.search(words, s.error_log[log:]), 5, "the refusal of " + name)
                self.still_serves(name)
        s.write_file("conf/sluice.conf", good)
        s.reload()
        self.assertEqual(s.get("/clean").status, 200)


if __name__ == "__main__":
    main()
