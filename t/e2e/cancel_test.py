#!/usr/bin/env python3
"""A request may be given up wherever it waits: its client leaves, or its worker stops. Nothing stays behind: no descriptor,
no place at a peer of one connection, no work at the origin; under the sanitizers, no byte."""

import select
import socket
import threading

import dns
from harness import *

# One connection for each group, so that a place that was not given back is missed by the next request.
CONF = """worker_shutdown_timeout 300ms; http {
    resolver 127.0.0.1:%(dns)d ipv6=off; resolver_timeout 20s;
    client_body_buffer_size 16k; client_max_body_size 0; lingering_time 20s; lingering_timeout 20s;
    proxy_buffer_size 4k; proxy_buffers 8 4k; proxy_busy_buffers_size 8k;
    upstream one { server 127.0.0.1:%(o)d max_conns=1; keepalive 0; }
    upstream deaf { server 127.0.0.1:%(deaf)d max_conns=1; keepalive 0; }
    server { listen 127.0.0.1:%(port)d;
        location / { proxy_pass http://one; proxy_max_temp_file_size 0; }
        location /spilled/ { proxy_pass http://one; }
        location /slow/ { proxy_pass http://one; limit_rate 1k; }
        location /paced/ { proxy_pass http://one; proxy_limit_rate 1k; }
        location /stream/ { proxy_pass http://one; proxy_request_buffering off; proxy_buffering off; }
        location /deaf/ { proxy_pass http://deaf; proxy_connect_timeout 20s; }
        location /denied/ { return 403; }
        location /ask/ { proxy_pass http://one; }
        location /guarded/ { auth_request /ask/wait; }
        location /doubted/ { auth_request /ask/head; }
        location /after/ { add_before_body /static/short; add_after_body /ask/half; addition_types *; alias %(prefix)s/html/static/; }
        location /before/ { add_before_body /ask/half; addition_types *; alias %(prefix)s/html/static/; }
        location /flooded/ { add_before_body /ask/large; addition_types *; alias %(prefix)s/html/static/; }
        location /static/ { root %(prefix)s/html; }
        location /named/ { proxy_pass http://$arg_to:%(o)d; } } }"""
GET = "GET %s HTTP/1.1\r\nHost: a\r\n\r\n"
POST = "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n"
CHUNKED = "POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"
LARGE = b"x" * (1 << 20)


UPGRADE = "GET %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" \
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

# name, what the client sends, whether the origin is reached, what of the answer the client waits for
POINTS = (
    ("before the first byte", "", False, None),
    ("in the middle of a head", "GET /x HTTP/1.1\r\nHo", False, None),
    ("idle", GET % "/denied/", False, b"403"),
    ("in the second head", GET % "/denied/" + "GET /x HT", False, b"403"),
    ("body: by length", POST % "/body" + "hello", False, None),
    ("body: by length, in a file", POST % "/body" + "x" * 100_000, False, None),
    ("body: a chunk", CHUNKED % "/body", False, None),
    ("body: waiting to be asked", "POST /body HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", False, b"100"),
    ("body: of a refused request", POST % "/denied/" + "hello", False, b"403"),
    ("body: lingering", "POST /denied/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 99\r\n\r\n", False, b"403"),
    ("resolving", GET % "/named/?to=silent.test", False, None),
    ("connecting", GET % "/deaf/", False, None),
    ("connecting with a body", POST % "/stream/../deaf/" + "hello", False, None),
    ("sending: the origin does not read", "POST /stream/sink HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n" + "x" * 8_000_000, True, None),
    ("sending: buffered", "POST /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n" + "x" * 8_000_000, True, None),
    ("sending: the client does not send", POST % "/stream/wait" + "hello", True, None),
    ("sending: in a chunk", CHUNKED % "/stream/wait", True, None),
    ("the head: silence", GET % "/wait", True, None),
    ("the head: half of it", GET % "/head", True, None),
    ("the head: after an interim one", GET % "/interim", True, b"103"),
    ("the head: with a pipeline behind", GET % "/wait" + GET % "/next" * 3, True, None),
    ("the answer: the origin is slow", GET % "/half", True, b"half"),
    ("the answer: in a chunk", GET % "/chunk", True, b"hel"),
    ("the answer: early, the upload goes on", POST % "/stream/half" + "hello", True, b"half"),
    ("the answer: the client does not read", GET % "/large", True, b"200"),
    ("the answer: nor streamed", GET % "/stream/large", True, b"200"),
    ("the answer: in a temporary file", GET % "/spilled/large", True, b"200"),
    ("the answer: held back by a rate", GET % "/slow/large", True, b"200"),
    ("the answer: read at a rate", GET % "/paced/large", True, b"200"),
    ("a subrequest decides: silence", GET % "/guarded/", True, None),
    ("a subrequest decides: half a head", GET % "/doubted/", True, None),
    ("a subrequest decides: with a body", POST % "/guarded/" + "hello", True, None),
    ("a subrequest's answer goes before", GET % "/before/short", True, b"half"),
    ("a subrequest's answer goes behind", GET % "/after/short", True, b"half"),
    ("a subrequest's answer is not read", GET % "/flooded/short", True, b"200"),
    ("a large file", GET % "/static/large", False, b"200"),
    ("a tunnel", UPGRADE % "/tunnel", True, b"101"),
)


def origin(self, conn):
    """What it does is in the last word of the target."""
    while True:
        conn.read_until("\r\n\r\n")
        deed = bytes(conn.received).split(b" ")[1].rsplit(b"/", 1)[-1]
        if deed == b"clean":
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            return
        if deed == b"sink":  # does not read until the client has left
            self.left.wait(60)
        if deed == b"head":
            conn.send("HTTP/1.1 200 OK\r\nX-")
        elif deed == b"interim":
            conn.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        elif deed == b"half":
            conn.send(OK + b"half")
        elif deed == b"chunk":
            conn.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
        elif deed == b"large":
            conn.send(OK)
            for _ in range(64):
                conn.send(LARGE)
        elif deed == b"tunnel":
            conn.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        conn.read_until_close()
        return


class Cancel(SluiceTest):
    def begin(self):
        self.o = self.raw_origin(lambda conn: origin(self, conn))
        self.left = threading.Event()
        self.names = dns.NameServer(lambda name, kind, query: None)
        self.addCleanup(self.names.stop)
        deaf = socket.socket()
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        fill = [socket.socket() for _ in range(3)]
        for sock in fill:
            sock.setblocking(False)
            sock.connect_ex(deaf.getsockname())
        for sock in fill + [deaf]:
            self.addCleanup(sock.close)
        self.s = self.sluice(CONF, o=self.o, dns=self.names.port, deaf=deaf.getsockname()[1])
        self.s.write_file("html/static/large", LARGE * 64)
        self.s.write_file("html/static/short", "short")
        self.worker = self.s.workers()[0]
        self.clean()

    def clean(self):
        self.assertEqual(self.s.get("/clean").status, 200)

    def descriptors(self):
        """How many, without the resolver's: a question outlives who asked it."""
        with open("/proc/net/udp") as f:
            udp = {"socket:[%s]" % line.split()[9] for line in f.readlines()[1:]}
        folder = "/proc/%d/fd/" % self.worker
        names = []
        for fd in os.listdir(folder):
            try:
                names.append(os.readlink(folder + fd))
            except FileNotFoundError:
                pass
        return len([name for name in names if name not in udp])

    def wait_at(self, sent, reaches, answer):
        """A client whose request has come to the point where it waits."""
        self.left.clear()
        before, asked = self.o.connections, len(self.names.asked)
        c = self.s.connect()
        c.sock.setblocking(False)
        left = sent.encode()
        while left:  # as much as is taken
            try:
                left = left[c.sock.send(left):]
            except BlockingIOError:
                if self.o.connections > before:
                    break
                select.select([], [c.sock], [], 1)
        c.sock.settimeout(c.timeout)
        if reaches:
            wait_for(lambda: self.o.connections > before, 5, "the origin's connection")
        if "silent.test" in sent:
            wait_for(lambda: len(self.names.asked) > asked, 5, "the question")
        if answer:
            c.read_until(answer)
        # Answered after the worker has taken in what came before.
        self.assertEqual(self.s.get("/denied/").status, 403)
        return c

    def gone(self, what):
        wait_for(lambda: self.o.open == 0, 5, "the end of the origin's work: " + what)
        wait_for(lambda: self.descriptors() == self.before, 5, "the closing of everything: " + what)
        self.clean()
        with self.s.connect() as c:  # the only place of this group is free as well
            c.send(GET % "/deaf/")
            self.assertTrue(c.silent_for(0.05), what)
            c.reset()
        wait_for(lambda: self.descriptors() == self.before, 5, "the closing of everything: " + what)
        self.assertEqual(self.s.workers(), [self.worker])

    def leave(self, how):
        self.begin()
        self.before = self.descriptors()
        for name, *point in POINTS:
            with self.subTest(name):
                c = self.wait_at(*point)
                how(c)
                self.left.set()
                try:
                    self.gone(name)
                finally:
                    self.o.drop()

    def test_the_client_closes(self):
        self.leave(lambda c: c.close())

    def test_the_client_resets(self):
        self.leave(lambda c: c.reset())

    def test_the_worker_stops(self):
        for name, *point in POINTS:
            with self.subTest(name):
                self.begin()
                c = self.wait_at(*point)
                self.assertEqual(self.s.stop("TERM"), 0)
                self.left.set()
                c.close()
                self.o.stop()

    def test_everything_stops_at_once(self):
        for name in ("TERM", "QUIT"):
            self.begin()
            self.s.write_conf(CONF.replace(" max_conns=1", ""))
            self.s.reload()
            waiting = [self.wait_at(*point) for _, *point in POINTS for _ in range(2)]
            self.assertEqual(self.s.stop(name), 0)
            self.left.set()
            for c in waiting:
                c.close()


if __name__ == "__main__":
    main()
