#!/usr/bin/env python3
"""Bounds on everything: sizes, times, memory, descriptors; and what clients are told when one is reached."""
import resource
import threading

from hostile import *

with open(BINARY, "rb") as binary:
    SANITIZED = b"__asan_init" in binary.read()

CLEAN = "location = /clean { return 200 ok; }"


def resident(pid):
    """Bytes of memory of a process that are its own."""
    with open("/proc/%d/smaps_rollup" % pid) as f:
        return sum(int(line.split()[1]) * 1024 for line in f if line.startswith(("Private_", "Swap:")))


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def cpu(pid):
    with open("/proc/%d/stat" % pid) as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Sizes(HostileTest):
    def test_heads(self):
        self.begin("""
            server { listen 127.0.0.1:%(port)d; large_client_header_buffers 4 8k; location / { proxy_pass http://127.0.0.1:%(o)d; } }""")

        def run(name, data, status):
            got = self.dialogue(data)
            self.assertEqual([r.status for r in got], [status], name)
            self.assertEqual(got[0].headers["Connection"], "close", name)
        line, close = b"GET / HTTP/1.1\r\nHost: a\r\n", b"Connection: close\r\n\r\n"
        self.cases([
            ("a long target that fits", b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\nHost: a\r\n" + close, 200),
            ("a target too long", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("a target without end", b"GET /" + b"a" * (3 << 20), 414),
            ("a field that fits", line + b"X: " + b"a" * 8000 + b"\r\n" + close, 200),
            ("a field too long", line + b"X: " + b"a" * 9000 + b"\r\n\r\n", 400),
            ("a field without end", line + b"X: " + b"a" * (3 << 20), 400),
            ("a name without end", line + b"a" * (3 << 20), 400),
            ("all fields too long", line + (b"X: " + b"a" * 1000 + b"\r\n") * 40 + b"\r\n", 400),
            ("fields without end", line + b"X: a\r\n" * 500000, 400),
        ], run)

    def test_max_headers(self):
        self.begin("server { listen 127.0.0.1:%(port)d; max_headers 20; return 200 ok; }")
        for count, status in ((15, 200), (30, 400)):
            got = self.dialogue(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + b"X: a\r\n" * count + b"\r\n")
            self.assertEqual(got[0].status, status)

    def test_bodies(self):
        self.begin("""
            client_max_body_size 100k; client_body_buffer_size 16k; lingering_timeout 2s;
            server { listen 127.0.0.1:%(port)d; client_body_temp_path %(prefix)s/temp;
                     location / { proxy_pass http://127.0.0.1:%(o)d; }
                     location /stream/ { proxy_pass http://127.0.0.1:%(o)d; proxy_request_buffering off; }
                     location /static/ { root %(prefix)s/html; }
                     location /any/ { client_max_body_size 0; proxy_pass http://127.0.0.1:%(o)d; } }""")
        big, chunk = b"x" * 300000, b"%x\r\n%s\r\n" % (50000, b"x" * 50000)

        def run(name, target, framing, body, status):
            before = len(self.targets())
            with self.s.connect() as c:
                c.request("POST", target, [framing], body)
                got = c.read_response("POST")
                self.assertEqual(got.status, status, name)
                if status == 413:
                    self.assertEqual(got.headers["Connection"], "close")
                    self.assertTrue(c.closed_within(4))
            self.assertEqual(len(self.targets()) - before, status == 200, name)
        te = ("Transfer-Encoding", "chunked")
        self.cases([(str((t, f, s)), t, f, b, s) for t in ("/x", "/stream/x") for f, b, s in (
            (("Content-Length", "102400"), b"x" * 102400, 200), (("Content-Length", "300000"), big, 413), (te, chunk * 2 + b"0\r\n\r\n", 200),
            (te, chunk * 3 + b"0\r\n\r\n", 413), (te, b"1\r\nx\r\n" * 110000 + b"0\r\n\r\n", 413))] + [
                ("static", "/static/x", ("Content-Length", "300000"), big, 413),
                ("no limit", "/any/x", ("Content-Length", "300000"), big, 200)], run)


class Times(HostileTest):
    CONF = """
        server { listen 127.0.0.1:%(port)d; client_header_timeout 600ms; client_body_timeout 600ms; send_timeout 600ms;
                 keepalive_timeout 600ms; lingering_timeout 300ms; client_max_body_size 0; %(more)s
                 location / { proxy_pass http://127.0.0.1:%(o)d; }
                 location /stream/ { proxy_pass http://127.0.0.1:%(o)d; proxy_request_buffering off; } }"""

    def begin(self, more="", handler=None):
        super().begin(self.CONF.replace("%(more)s", more), handler)

    def closes(self, c, least=0.3, most=3.0):
        begin = time.monotonic()
        self.assertTrue(c.closed_within(most * SLOW))
        self.assertGreater(time.monotonic() - begin, least)

    def drip(self, c, data, pause=0.1):
        """Sends byte by byte for as long as the other side lets it; how long that was."""
        begin = time.monotonic()
        for byte in data:
            try:
                c.send(bytes([byte]))
            except OSError:
                break
            if c.closed_within(pause):
                break
        return time.monotonic() - begin

    def test_heads(self):
        for more in ("", "reset_timedout_connection on;"):
            self.begin(more)
            with self.s.connect() as c:
                self.closes(c)  # not a byte
            with self.s.connect() as c:
                c.send("GET / HTTP/1.1\r\nHost")
                self.closes(c)
                self.assertTrue(not c.received or b" 408 " in c.received)
                self.assertEqual(c.was_reset, bool(more))
            with self.s.connect() as c:
                self.assertLess(self.drip(c, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1000), 3 * SLOW)
            with self.s.connect() as c:  # the second head of a connection
                c.request()
                c.read_response()
                self.assertLess(self.drip(c, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1000), 3 * SLOW)
            with self.s.connect() as c:  # empty lines are no request
                self.assertLess(self.drip(c, b"\r\n" * 500), 3 * SLOW)
            with self.s.connect() as c:
                c.request()
                c.read_response()
                self.closes(c)  # keepalive
            self.still_serves()
            self.s.wait_log("client timed out .*while reading client request headers")

    def test_bodies(self):
        self.begin()
        for target in ("/x", "/stream/x"):
            for framing in (("Content-Length", "10"), ("Transfer-Encoding", "chunked")):
                with self.s.connect() as c:
                    c.request("POST", target, [framing], b"5\r\nab")
                    begin = time.monotonic()
                    self.assertEqual(c.read_response("POST").status, 408)
                    self.assertTrue(c.closed_within(3))
                    self.assertLess(time.monotonic() - begin, 3 * SLOW)
            with self.s.connect() as c:  # slow, but moving
                c.request("POST", target, [("Content-Length", "10"), ("Connection", "close")])
                c.send_slowly(b"x" * 10, 0.15)
                self.assertEqual(c.read_response("POST").status, 200)
        self.still_serves()

    def test_clients_that_do_not_read(self):
        body = b"x" * (32 << 20)
        self.begin(handler=lambda q: Response(200, body=body if q.target != "/clean" else b"ok"))
        with self.s.connect() as c:
            c.request()
            begin = time.monotonic()
            self.s.wait_log("client timed out .*while sending response to client")
            self.assertLess(time.monotonic() - begin, 3 * SLOW)
            with self.assertRaises(Closed):
                c.read_response()
        self.still_serves()

    def test_a_slow_reader_is_served_to_the_end(self):
        body = os.urandom(4 << 20)
        self.begin(handler=lambda q: Response(200, body=body if q.target != "/clean" else b"ok"))
        import socket
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        sock.connect(("127.0.0.1", self.s.port))
        with Conn(sock, 20) as c:
            c.request("GET", "/x", [("Connection", "close")])
            begin = time.monotonic()
            while time.monotonic() - begin < 3:
                time.sleep(0.02)
                c.buffer += (data := c.sock.recv(4096))
                c.received += data
            self.assertEqual(c.read_response().body, body)
        self.still_serves()

    def test_an_upload_slower_than_the_read_timeout(self):
        self.o = self.origin()
        self.s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; proxy_read_timeout 400ms; location = /clean { return 200; }
                     location / { proxy_pass http://127.0.0.1:%(o)d; proxy_request_buffering off; } }""", o=self.o)
        with self.s.connect() as c:
            c.request("POST", "/x", [("Content-Length", "8")])
            c.send_slowly(b"x" * 8, 0.2)
            self.assertEqual(c.read_response("POST").status, 200)


class Memory(HostileTest):
    @unittest.skipIf(SANITIZED, "its memory is not ours to count")
    def test_idle_connections(self):
        self.begin("events { worker_connections 4096; } http { server { listen 127.0.0.1:%(port)d; return 200 ok; } }")
        pid = self.workers[0]

        def open_many():
            found = []
            for _ in range(2000):
                c = self.s.connect()
                c.request()
                found.append(c)
            for c in found:
                c.read_response()
            return found
        for c in open_many():  # what is kept for reuse is not counted against the connections
            c.close()
        wait_for(lambda: descriptors(pid) < 100)
        before = resident(pid)
        kept = open_many()
        each = (resident(pid) - before) / len(kept)
        for c in kept:
            c.close()
        self.assertLess(each, 620, "bytes of memory of an idle connection")

    def test_clients_that_do_not_read_cost_buffers(self):
        big = b"x" * (1 << 20)

        def endless(q):
            return Response(200, body=(big for _ in range(200))) if q.target != "/clean" else Response(200)
        self.begin("""
            server { listen 127.0.0.1:%(port)d; proxy_max_temp_file_size 1m;
                     location / { proxy_pass http://127.0.0.1:%(o)d; }
                     location /plain/ { proxy_pass http://127.0.0.1:%(o)d; proxy_buffering off; } }""", endless)
        before = resident(self.workers[0])
        stuck = []
        for i in range(12):
            c = self.s.connect()
            c.request("GET", "/x" if i % 2 else "/plain/x")
            stuck.append(c)
        time.sleep(1.5)
        self.assertLess(resident(self.workers[0]) - before, (64 << 20) * (4 if SANITIZED else 1))
        self.still_serves()
        for c in stuck:
            c.close()

    def test_bytes_one_by_one_share_memory(self):
        """Each byte of a slow body must not pin a buffer of its own."""
        self.begin("""
            server { listen 127.0.0.1:%(port)d; client_body_buffer_size 16k; location / { proxy_pass http://127.0.0.1:%(o)d; } }""")
        before = resident(self.workers[0])
        clients = []
        for _ in range(10):
            c = self.s.connect()
            c.request("POST", "/x", [("Content-Length", "3000")])
            clients.append(c)
        for _ in range(1000):
            for c in clients:
                c.send(b"x")
        self.assertLess(resident(self.workers[0]) - before, (8 << 20) * (4 if SANITIZED else 1))
        for c in clients:
            c.send(b"x" * 2000)
            self.assertEqual(c.read_response("POST").status, 200)
        self.still_serves()

    def test_deep_pipelines_that_nobody_reads(self):
        self.begin("server { listen 127.0.0.1:%(port)d; keepalive_requests 1000000; location / { root %(prefix)s/html; } %(clean)s }",
                   clean=CLEAN)
        self.s.write_file("html/a", b"x" * 100000)
        before = resident(self.workers[0])
        stuck = [self.s.connect() for _ in range(12)]
        for c in stuck:
            c.sock.setblocking(False)
            for _ in range(200):
                try:
                    c.sock.send(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n" * 1000)
                except BlockingIOError:
                    break
        time.sleep(0.5)
        self.assertLess(resident(self.workers[0]) - before, 16 << 20)
        self.still_serves()
        for c in stuck:
            c.close()


class Aborts(HostileTest):
    def test_descriptors_and_memory_do_not_leak(self):
        gate = threading.Event()

        def handler(q):
            if q.target == "/hang":
                gate.wait(20)
            return Response(200, body=b"x" * 200000 if q.target == "/big" else b"ok")
        self.begin("""
            server { listen 127.0.0.1:%(port)d; client_max_body_size 0; location / { proxy_pass http://127.0.0.1:%(o)d; }
                     location /stream/ { proxy_pass http://127.0.0.1:%(o)d; proxy_request_buffering off; } }""", handler)
        pid = self.workers[0]

        def abort(i):
            c = self.s.connect()
            kind = i % 10
            if kind == 1:
                c.send("GET / HT")
            elif kind == 2:
                c.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            elif kind == 3:
                c.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n")
            elif kind == 4:
                c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhello")
            elif kind == 5:
                c.send("POST /stream/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhello")
            elif kind == 6:
                c.send("POST /stream/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
            elif kind == 7:
                c.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
                c.fill()
            elif kind == 8:
                c.send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
            elif kind == 9:
                c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 20)
            c.reset() if i % 20 < 10 else c.close()
        for i in range(200):
            abort(i)
        wait_for(lambda: descriptors(pid) < 60, 10, "the closing of the first connections")
        memory = resident(pid)
        for i in range(1000):
            abort(i)
        wait_for(lambda: descriptors(pid) < 60, 10, "the closing of all connections: %r" % os.listdir("/proc/%d/fd" % pid))
        gate.set()
        if not SANITIZED:
            self.assertLess(resident(pid) - memory, 8 << 20)
        self.still_serves()

    def test_the_origins_work_is_cancelled(self):
        self.begin("""
            server { listen 127.0.0.1:%(port)d; %(clean)s location / { proxy_pass http://127.0.0.1:%(o)d; }
                     location /go/ { proxy_pass http://127.0.0.1:%(o)d; proxy_ignore_client_abort on; } }""", clean=CLEAN,
                   raw=lambda conn: (conn.read_request(), conn.read_until_close()))
        for leave in ("close", "reset"):
            for behind in (b"", b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"):
                count = self.o.connections
                c = self.s.connect()
                c.send(b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % leave.encode() + behind)
                wait_for(lambda: self.o.connections == count + 1)
                c.reset() if leave == "reset" else c.close()
                wait_for(lambda: self.o.open == 0, 3, "the end of the origin's work after %s" % leave)
        wait_for(lambda: self.s.access_log.count('" 499 ') == 4, 3, "four lines with 499")
        c = self.s.connect()
        c.request("GET", "/go/on")
        wait_for(lambda: self.o.open == 1)
        c.close()
        time.sleep(1.5)
        self.assertEqual(self.o.open, 1)
        self.o.drop()

    def test_a_request_and_its_reset_in_one_packet(self):
        self.begin("server { listen 127.0.0.1:%(port)d; %(clean)s location / { proxy_pass http://127.0.0.1:%(o)d; } }", clean=CLEAN,
                   raw=lambda conn: (conn.read_request(), conn.read_until_close()))
        for _ in range(50):
            c = self.s.connect()
            c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            c.reset()
        wait_for(lambda: self.o.open == 0, 5, "the end of the origin's work")
        self.still_serves()


class Exhausted(HostileTest):
    @unittest.skipIf(SANITIZED, "the sanitizer looks at memory through a pipe")
    def test_out_of_descriptors(self):
        self.allow_log("accept4|24: Too many open files|worker_connections are not enough|run short")
        self.begin("""
            worker_rlimit_nofile 64; events { worker_connections 512; }
            http { server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } %(clean)s } }""", clean=CLEAN)
        pid = self.workers[0]
        many = []
        for _ in range(150):
            many.append(self.s.connect())
            many[-1].send(b"GET / HTTP/1.1\r\nHo")  # not idle
        time.sleep(0.3)
        before = cpu(pid)
        time.sleep(1)
        self.assertLess(cpu(pid) - before, 0.3 * SLOW, "processor time of a worker without descriptors")
        for c in many:
            c.close()
        self.assertEqual(self.s.error_log.count("accept4"), 1)  # not a line for each try
        wait_for(lambda: descriptors(pid) < 40)
        self.still_serves(target="/x")

    def test_out_of_connections(self):
        self.allow_log("worker_connections are not enough")
        self.begin("""
            events { worker_connections 20; } http { server { listen 127.0.0.1:%(port)d; %(clean)s
            location / { proxy_pass http://127.0.0.1:%(o)d; } } }""", raw=HANG, clean=CLEAN)
        many = [self.s.connect() for _ in range(60)]
        for c in many:
            try:
                c.request()
            except OSError:
                pass
        time.sleep(0.3)
        for c in many:
            c.close()
        self.assertLessEqual(self.s.error_log.count("are not enough"), 1)
        wait_for(lambda: descriptors(self.workers[0]) < 30, 5)
        self.still_serves()

    def test_no_room_for_temporary_files(self):
        self.allow_log("temporary file")
        body = os.urandom(1 << 20) * 8
        self.begin("""
            server { listen 127.0.0.1:%(port)d; proxy_temp_path %(prefix)s/gone; %(clean)s location / { proxy_pass http://127.0.0.1:%(o)d; } }""",
                   lambda q: Response(200, body=body), clean=CLEAN)
        os.rename(self.s.path("gone"), self.s.path("elsewhere"))
        with self.s.connect() as c:
            c.request("GET", "/x", [("Connection", "close")])
            time.sleep(0.5)
            self.assertEqual(c.read_response().body, body)
        self.still_serves()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    main()
