#!/usr/bin/env python3
"""Origins that break the rules: clients get a whole answer, a visible end, or 502, and never another's bytes."""
from hostile import *

CONF = """
    server { listen 127.0.0.1:%(port)d; proxy_read_timeout 500ms;
             location = /clean { return 200 ok; }
             location / { proxy_pass http://127.0.0.1:%(o)d; }
             location /plain/ { proxy_pass http://127.0.0.1:%(o)d; proxy_buffering off; proxy_request_buffering off; } }"""
OK = b"HTTP/1.1 200 OK\r\n"


class Scripted(HostileTest):
    def begin(self, conf=CONF, **options):
        """The origin reads a head and answers with self.answer, then does what self.end says."""
        self.answer, self.end = b"", "close"

        def origin(conn):
            while True:
                q = conn.read_request()
                if q is None:
                    return
                answer, end = self.answer, self.end
                conn.send(answer(q) if callable(answer) else answer)
                if end == "close":
                    return
                if end == "reset":
                    return conn.reset()
                if end == "hang":
                    return conn.read_until_close()
        super().begin(conf, raw=origin, **options)

    def ask(self, answer, method="GET", end="close", version="HTTP/1.1", target="/x", **options):
        """(response or None, whether its end was visible as an error)."""
        self.answer, self.end = answer, end
        with self.s.connect() as c:
            c.request(method, target, [("Connection", "close")], version=version, **options)
            try:
                response = c.read_response()
            except Closed:
                return None
            self.assertTrue(c.closed_within(3))
            self.assertEqual(bytes(c.buffer), b"", "more than one answer")
            self.assertFalse(c.was_reset and "content-length" not in response.headers and response.chunks is None)
            return response


class Heads(Scripted):
    def test_what_is_no_answer_is_502(self):
        self.begin()

        def run(name, data, end="close"):
            got = self.ask(data, end=end)
            self.assertEqual(got.status, 502, name)
        rest = b"Content-Length: 2\r\n\r\nhi"
        rows = [(line, line + b"\r\n" + rest) for line in (
            b"HTTP/2.0 200 OK", b"HTTP/0.9 200 OK", b"HTTP/1.1 20 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 99 x", b"HTTP/1.1 099 x",
            b"HTTP/1.1 abc OK", b"HTTP/1.1  200 OK", b"HTTP/1.1\t200 OK", b"HTTP/1.1 -20 OK", b"http/1.1 200 OK", b"HTTP/1.1200 OK",
            b"HTTP/1.1 200OK", b"HTTP/1.1 200 O\0K", b"HTTP/1.1 200 O\rK", b"HTTP/1 200 OK", b"ICY 200 OK", b"<html>hello</html>", b"",
            b" HTTP/1.1 200 OK", b"HTTP/1.12 200 OK", b"HTTP/1.x 200 OK", b"\xff\xfe\xfd", b"SSH-2.0-x")]
        rows += [(fields, OK + fields + b"\r\n") for fields in (
            b"Content-Length: 2\r\nContent-Length: 3\r\n", b"Content-Length: +2\r\n", b"Content-Length: 2, 3\r\n", b"Content-Length: \r\n",
            b"Content-Length: 99999999999999999999\r\n", b"Content-Length: -1\r\n", b"Content-Length: 0x2\r\n",
            b"Transfer-Encoding: gzip\r\n", b"Transfer-Encoding: chunked, gzip\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
            b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: \x0bchunked\r\n",
            b"X: a\0b\r\n", b"X: a\rb\r\n", b"X\r\n", b": x\r\n", b"X: a\r\n b\r\n")]
        rows += [("nothing", b""), ("half a head", OK + b"X: 1\r\n"), ("reset", b"", "reset"), ("half a head, reset", OK[:12], "reset"),
                 ("a huge line", OK + b"X: " + b"a" * 200000 + b"\r\n\r\n"), ("a huge head", OK + b"X: aaaaaaaaaaaaaaa\r\n" * 20000 + b"\r\n"),
                 ("many fields", OK + b"X:\r\n" * 10000 + b"\r\n"),
                 ("101 unasked", b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nabc"),
                 ("interim for ever", b"HTTP/1.1 103 Early\r\n\r\n" * 1000)]
        self.cases(rows, run)

    def test_a_late_head_is_504(self):
        self.begin()
        for part in (b"", OK, OK + b"X: 1\r\n"):
            begin = time.monotonic()
            self.assertEqual(self.ask(part, end="hang").status, 504)
            self.assertLess(time.monotonic() - begin, 3 * SLOW)
        self.still_serves()

    def test_what_is_passed_on_is_clean(self):
        self.begin()

        def run(name, data, status, body, absent=()):
            for version in ("HTTP/1.1", "HTTP/1.0"):
                got = self.ask(data, version=version)
                self.assertEqual((got.status, got.body), (status, body), (name, version))
                for field in absent:
                    self.assertNotIn(field, got.headers, name)
                if version == "HTTP/1.0":
                    self.assertNotIn("Transfer-Encoding", got.headers)
        one = b"5\r\nhello\r\n0\r\n\r\n"
        self.cases([
            ("no reason", b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nhi", 200, b"hi"),
            ("no blank either", b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi"),
            ("to the close", OK + b"\r\nhi", 200, b"hi"),
            ("HTTP/1.0", b"HTTP/1.0 200 OK\r\n\r\nhi", 200, b"hi"),
            ("a status nobody knows", b"HTTP/1.1 299 x\r\nContent-Length: 2\r\n\r\nhi", 299, b"hi"),
            ("chunked", OK + b"Transfer-Encoding: chunked\r\n\r\n" + one, 200, b"hello"),
            ("chunked with extensions and trailers", OK + b"Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0;c\r\nX-T: 1\r\n\r\n", 200, b"hello"),
            ("both framings", OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + one, 200, b"hello", ("Content-Length",)),
            ("a length twice", OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi"),
            ("more than the length", OK + b"Content-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\nevil", 200, b"hi"),
            ("204 with a body", b"HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\nhi", 204, b""),
            ("304 with a body", b"HTTP/1.1 304 x\r\nContent-Length: 2\r\n\r\nhi", 304, b""),
            ("blank before the colon, names that are no tokens", OK + b"X : 1\r\nY(: 2\r\nContent-Length : 2\r\n\r\nhi", 200, b"hi", ("Y(",)),
            ("hop-by-hop", OK + b"Connection: x-a, close\r\nConnection: x-b\r\nX-A: 1\r\nX-B: 1\r\nKeep-Alive: 9\r\nProxy-Connection: a\r\n"
             b"Upgrade: h2c\r\nContent-Length: 2\r\n\r\nhi", 200, b"hi", ("X-A", "X-B", "Keep-Alive", "Proxy-Connection", "Upgrade")),
            ("interim before", b"HTTP/1.1 100 x\r\n\r\nHTTP/1.1 103 y\r\nContent-Length: 5\r\nConnection: z\r\nZ: 1\r\nLink: </a>\r\n\r\n"
             + OK + b"Content-Length: 2\r\n\r\nhi", 200, b"hi"),
        ], run)

    def test_head_and_its_length(self):
        self.begin()
        for answer in (b"Content-Length: 1000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n", b"\r\n", b"Content-Length: 5\r\n\r\nhello"):
            got = self.ask(OK + answer, method="HEAD")
            self.assertEqual((got.status, got.body), (200, b""), answer)
        self.still_serves()


class Bodies(Scripted):
    def test_a_cut_body_is_visibly_cut(self):
        self.begin()
        length = OK + b"Content-Length: 10\r\n\r\n"
        te = OK + b"Transfer-Encoding: chunked\r\n\r\n"
        whole = te + b"5;x\r\nhello\r\n5\r\nworld\r\n0\r\nX: 1\r\n\r\n"
        rows = [("cut at %d by %s" % (at, end), whole[:at], end) for at in range(len(te), len(whole)) for end in ("close", "reset")]
        rows += [("length, %s" % end, length + b"hello", end) for end in ("close", "reset", "hang")]
        rows += [("chunk, hang", te + b"5\r\nhel", "hang"), ("between chunks, hang", te + b"5\r\nhello\r\n", "hang"),
                 ("no body at all", length, "close"), ("no last chunk", te + b"5\r\nhello\r\n0\r\n", "close")]
        rows += [("broken: %r" % bad, te + b"5\r\nhello\r\n" + bad, "close") for bad in (
            b"x\r\n", b"5\nhello\r\n0\r\n\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"5\r\nhelloX", b"0\r\nbad trailer\r\n\r\n")]

        def run(name, data, end):
            for target in ("/x", "/plain/x"):
                got = self.ask(data, end=end, target=target)
                self.assertTrue(got is None or got.status in (502, 504), (name, target, got))
        for row in rows:
            with self.subTest(row[0]):
                run(*row)
        self.still_serves()

    def test_a_cut_body_of_unknown_length_resets_an_old_client(self):
        self.begin()
        self.answer, self.end = OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "close"
        with self.s.connect() as c:
            c.request(version="HTTP/1.0")
            c.read_until_close()
            self.assertTrue(c.was_reset)
        self.still_serves()

    def test_large_bodies_are_whole(self):
        self.begin()
        body = os.urandom(1 << 20) * 6
        for framing in ("length", "chunked", "close"):
            def answer(q):
                if framing == "length":
                    return OK + b"Content-Length: %d\r\n\r\n" % len(body) + body
                if framing == "close":
                    return OK + b"\r\n" + body
                return OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(
                    b"%x\r\n%s\r\n" % (len(body[i:i + 10007]), body[i:i + 10007]) for i in range(0, len(body), 10007)) + b"0\r\n\r\n"
            for target in ("/x", "/plain/x"):
                self.assertEqual(self.ask(answer, target=target).body, body, (framing, target))


class Pool(Scripted):
    def twice(self, first, end, method="GET", pause=0.1):
        """Two requests in a row on one client connection; the second answer."""
        state = []

        def answer(q):
            state.append(q.target)
            return first if len(state) == 1 else OK + b"Content-Length: 6\r\n\r\nsecond"
        self.answer, self.end = answer, end
        with self.s.connect() as c:
            c.request(method, "/1")
            c.read_response()
            time.sleep(pause)
            c.request("GET", "/2", [("Connection", "close")])
            got = c.read_response()
        return got

    def test_no_client_gets_bytes_of_another_answer(self):
        self.begin()
        evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        rows = [
            ("surplus", OK + b"Content-Length: 2\r\n\r\nhi" + evil, "GET"),
            ("surplus after chunks", OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + evil, "GET"),
            ("surplus after 204", b"HTTP/1.1 204 x\r\n\r\n" + evil, "GET"),
            ("surplus after 304", b"HTTP/1.1 304 x\r\nContent-Length: 2\r\n\r\nhi" + evil, "GET"),
            ("a body after HEAD", OK + b"Content-Length: %d\r\n\r\n" % len(evil) + evil, "HEAD"),
            ("both framings", OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + evil, "GET"),
            ("just CRLF", OK + b"Content-Length: 2\r\n\r\nhi\r\n", "GET"),
        ]

        def run(name, first, method):
            self.assertEqual(self.twice(first, "keep", method).body, b"second", name)
            self.o.drop()
        self.cases(rows, run)

    def test_late_bytes_kill_an_idle_connection(self):
        def origin(conn):
            number = self.o.connections
            while True:
                q = conn.read_request()
                if q is None:
                    return
                conn.send(OK + b"Content-Length: 2\r\n\r\nhi")
                if number == 1:
                    time.sleep(0.1)
                    conn.send(OK + b"Content-Length: 4\r\n\r\nevil")
        HostileTest.begin(self, CONF, raw=origin)
        self.assertEqual(self.s.get("/1").body, b"hi")
        time.sleep(0.3)
        self.assertEqual(self.s.get("/2").body, b"hi")
        self.assertEqual(self.o.connections, 2)

    def test_a_connection_closed_meanwhile_costs_nothing(self):
        self.begin()
        self.answer, self.end = OK + b"Content-Length: 2\r\n\r\nhi", "keep"
        for reset in (False, True):
            for _ in range(5):
                self.assertEqual(self.s.get("/x").status, 200)
                self.o.drop(reset=reset)
                self.assertEqual(self.s.get("/x").status, 200)
        self.o.drop()
        self.assertEqual(self.s.post("/x", b"body").status, 200)

    def test_an_early_answer_is_passed_on(self):
        def origin(conn):
            conn.read_until("\r\n\r\n")
            conn.send(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno")
            if self.then == "close":
                return
            conn.read_until_close()
        self.then = "close"
        HostileTest.begin(self, CONF + "client_max_body_size 0;", raw=origin)
        body = b"x" * (8 << 20)
        for self.then in ("close", "read"):
            for target in ("/x", "/plain/x"):
                before = self.o.connections
                with self.s.connect() as c:
                    try:
                        c.request("POST", target, [("Connection", "close")], body)
                    except OSError:
                        pass
                    if self.then == "close":
                        wait_for(lambda: self.o.connections > before)  # or the next round would count it
                        continue  # the origin's reset may have overtaken its answer
                    got = c.read_response()
                    self.assertEqual((got.status, got.body), (413, b"no"), target)
                self.assertEqual(self.o.connections, before + 1)
        self.still_serves()

    def test_an_origin_that_answers_while_it_reads(self):
        def origin(conn):
            conn.read_until("\r\n\r\n")
            conn.send(OK + b"Content-Length: 8388608\r\n\r\n")
            left = 8388608
            while left:
                data = bytes(conn.buffer) or conn.sock.recv(65536)
                conn.buffer.clear()
                conn.send(data)
                left -= len(data)
        HostileTest.begin(self, CONF.replace("500ms", "20s") + "client_max_body_size 0; client_body_buffer_size 16m;", raw=origin)
        body = os.urandom(1 << 20) * 8
        for target in ("/x", "/plain/x"):
            with self.s.connect() as c:
                import threading
                sender = threading.Thread(target=lambda: c.request("POST", target, [("Connection", "close")], body))
                sender.start()
                got = c.read_response("POST")
                sender.join()
                self.assertEqual(got.body, body, target)
        self.still_serves()


class Faults(HostileTest):
    def test_origins_that_cannot_be_reached(self):
        self.begin("""
            server { listen 127.0.0.1:%(port)d; proxy_connect_timeout 300ms; proxy_read_timeout 300ms; proxy_send_timeout 300ms;
                     location = /clean { return 200; }
                     location /refused { proxy_pass http://127.0.0.1:1; }
                     location /socket { proxy_pass http://unix:%(prefix)s/none.sock; }
                     location /deaf { proxy_pass http://127.0.0.1:%(o)d; client_max_body_size 0; } }""", raw=HANG)
        for target, method, body, statuses in (
                ("/refused", "GET", None, (502,)), ("/refused", "POST", b"x", (502,)), ("/socket", "GET", None, (502,)),
                ("/deaf", "GET", None, (504,)), ("/deaf", "POST", b"x" * (16 << 20), (504, 502))):
            begin = time.monotonic()
            self.assertIn(self.s.request(method, target, [], body).status, statuses, (target, method))
            self.assertLess(time.monotonic() - begin, 3 * SLOW, target)
        self.still_serves()

    def test_a_reset_answer_moves_on_but_a_sent_post_does_not(self):
        def bad(conn):
            conn.read_request()
            conn.reset()
        good = self.origin()
        broken = self.raw_origin(bad)
        s = self.sluice("""
            upstream u { server 127.0.0.1:%(bad)d max_fails=0; server 127.0.0.1:%(good)d; }
            server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://u; } }""", bad=broken, good=good)
        self.assertEqual({s.get("/").status for _ in range(6)}, {200})
        self.assertEqual({s.post("/", b"x").status for _ in range(4)}, {200, 502})
        self.assertGreater(broken.connections, 2)

    def test_hung_origins_do_not_slow_others(self):
        self.begin("""
            server { listen 127.0.0.1:%(port)d; location = /clean { return 200; } location / { proxy_pass http://127.0.0.1:%(o)d; } }""",
                   raw=HANG)
        hanging = [self.s.connect() for _ in range(100)]
        for c in hanging:
            c.request()
        wait_for(lambda: self.o.connections == 100)
        self.still_serves()
        for c in hanging:
            c.close()
        wait_for(lambda: "[alert]" in self.s.error_log or not established(self.o), 5, "the cancelling of the origin's work")


def established(origin):
    """Connections of the origin whose other side is still there."""
    import select
    return [c for c in origin.conns if not select.select([c.sock], [], [], 0)[0] or c.sock.recv(1 << 16) != b""]


if __name__ == "__main__":
    main()
