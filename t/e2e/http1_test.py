#!/usr/bin/env python3
"""HTTP/1 between client and origin: connections that persist, pipelines, interim answers, framing both ways."""
from hostile import *

CONF = """
    server { listen 127.0.0.1:%(port)d;
             location / { proxy_pass http://127.0.0.1:%(o)d; }
             location /stream/ { proxy_pass http://127.0.0.1:%(o)d; proxy_request_buffering off; proxy_buffering off; }
             location /old/ { proxy_pass http://127.0.0.1:%(o)d; proxy_http_version 1.0; }
             location /static/ { root %(prefix)s/html; } }"""


def echo(q):
    return Response(200, {"X-Target": q.target, "X-Method": q.method}, body=q.body)


class Persistence(HostileTest):
    def test_a_connection_carries_many_requests(self):
        self.begin(CONF, echo)
        with self.s.connect() as c:
            for i in range(50):
                c.request("POST" if i % 2 else "GET", "/%d" % i, body=b"x" * i if i % 2 else None)
                got = c.read_response()
                self.assertEqual((got.status, got.headers["X-Target"], len(got.body)), (200, "/%d" % i, i if i % 2 else 0))
        self.assertEqual(self.o.connections, 1)
        self.still_serves()

    def test_versions_and_options(self):
        self.begin(CONF, echo)
        for version, option, kept in (("HTTP/1.1", None, True), ("HTTP/1.1", "close", False), ("HTTP/1.1", "foo, CLOSE", False),
                                      ("HTTP/1.0", None, False), ("HTTP/1.0", "keep-alive", True), ("HTTP/1.0", "Keep-Alive, x", True),
                                      ("HTTP/1.0", "keep-alive, close", False), ("HTTP/1.1", "keep-alive", True)):
            with self.s.connect() as c:
                c.request("GET", "/a", [("Connection", option)] if option else [], version=version)
                got = c.read_response()
                self.assertEqual(got.status, 200)
                if kept:
                    c.request("GET", "/b")
                    self.assertEqual(c.read_response().headers["X-Target"], "/b", (version, option))
                else:
                    self.assertEqual(got.headers["Connection"], "close")
                    self.assertTrue(c.closed_within(2), (version, option))

    def test_old_clients_get_no_chunks(self):
        self.begin(CONF, lambda q: Response(200, body=[b"a", b"b"]))
        with self.s.connect() as c:
            c.request("GET", "/", [("Connection", "keep-alive")], version="HTTP/1.0")
            got = c.read_response()
            self.assertEqual((got.body, got.chunks, got.headers["Connection"]), (b"ab", None, "close"))

    def test_old_origins(self):
        self.begin(CONF, lambda q: b"HTTP/1.0 200 OK\r\n\r\n" + q.body)
        with self.s.connect() as c:
            for i in range(3):
                c.request("POST", "/old/", [("Transfer-Encoding", "chunked")], b"2\r\nhi\r\n0\r\n\r\n")
                got = c.read_response()
                self.assertEqual(got.body, b"hi")
        self.assertEqual({q.version for q in self.o.requests}, {"HTTP/1.0"})
        self.assertEqual([q.headers.get("Content-Length") for q in self.o.requests], ["2"] * 3)

    def test_keepalive_limits(self):
        self.begin("""
            server { listen 127.0.0.1:%(port)d; keepalive_requests 3; return 200 ok; }
            server { listen 127.0.0.1:%(port2)d; keepalive_time 300ms; return 200 ok; }
            server { listen 127.0.0.1:%(port3)d; keepalive_timeout 0; return 200 ok; }
            server { listen 127.0.0.1:%(port4)d; keepalive_timeout 400ms; return 200 ok; }
            server { listen 127.0.0.1:%(port5)d; keepalive_timeout 60s 33s; return 200 ok; }""")

        def options(port, count, pause=0.0, pipelined=False):
            with self.s.connect(self.s.names[port]) as c:
                if pipelined:
                    c.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * (count + 5))
                seen = []
                for _ in range(count):
                    if not pipelined:
                        c.request()
                    seen.append(c.read_response().headers["Connection"])
                    time.sleep(pause)
                if seen[-1] == "close":
                    self.assertTrue(c.closed_within(2))
                return seen
        self.assertEqual(options("port", 3), ["keep-alive", "keep-alive", "close"])
        self.assertEqual(options("port", 3, pipelined=True), ["keep-alive", "keep-alive", "close"])
        self.assertEqual(options("port2", 2, 0.4), ["keep-alive", "close"])
        self.assertEqual(options("port3", 1), ["close"])
        with self.s.connect(self.s.names["port4"]) as c:
            c.request()
            c.read_response()
            begin = time.monotonic()
            self.assertTrue(c.closed_within(3))
            self.assertGreater(time.monotonic() - begin, 0.3)
        with self.s.connect(self.s.names["port5"]) as c:
            c.request()
            self.assertEqual(c.read_response().headers["Keep-Alive"], "timeout=33")


class Pipelines(HostileTest):
    def test_answers_come_in_order(self):
        self.begin(CONF, echo)
        self.s.write_file("html/static/a", "static")
        requests, wanted = [], []
        for i in range(60):
            kind = i % 5
            if kind == 0:
                requests.append(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % i)
                wanted.append(b"")
            elif kind == 1:
                requests.append(b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (i, i * 100) + b"x" * i * 100)
                wanted.append(b"x" * i * 100)
            elif kind == 2:
                requests.append(b"POST /stream/%d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" % i)
                wanted.append(b"abc")
            elif kind == 3:
                requests.append(b"GET /static/a HTTP/1.1\r\nHost: a\r\n\r\n")
                wanted.append(b"static")
            else:
                requests.append(b"\r\nHEAD /%d HTTP/1.1\r\nHost: a\r\n\r\n" % i)
                wanted.append(None)
        with self.s.connect() as c:
            c.send(*requests)
            for i, body in enumerate(wanted):
                got = c.read_response("HEAD" if body is None else "GET")
                self.assertEqual((got.status, got.body), (200, body or b""), i)
            self.assertTrue(c.silent_for(0.1))
        self.still_serves()

    def test_a_deep_pipeline(self):
        self.begin("server { listen 127.0.0.1:%(port)d; keepalive_requests 100000; return 200 $arg_n; }")
        import threading
        with self.s.connect() as c:
            data = b"".join(b"GET /?n=%d HTTP/1.1\r\nHost: a\r\n\r\n" % i for i in range(20000))
            sender = threading.Thread(target=c.send, args=(data,))
            sender.start()
            for i in range(20000):
                self.assertEqual(c.read_response().body, b"%d" % i)
            sender.join()
        self.still_serves()

    def test_half_closed_clients_are_answered(self):
        def slow(q):
            time.sleep(0.3)
            return Response(200, body=[b"x" * 65536] * 40)
        self.begin(CONF, slow)
        for target in ("/x", "/stream/x"):
            with self.s.connect() as c:
                c.send("GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % target * 2)
                c.shutdown_write()
                for _ in range(2):
                    self.assertEqual(len(c.read_response().body), 65536 * 40)
                self.assertTrue(c.closed_within(3))

    def test_a_half_closed_client_may_read_slowly(self):
        self.begin(CONF, lambda q: Response(200, body=b"x" * (6 << 20)))
        with self.s.connect() as c:
            c.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            c.shutdown_write()
            time.sleep(2.5)
            self.assertEqual(len(c.read_response().body), 6 << 20)


class Interim(HostileTest):
    def test_expect_continue(self):
        self.begin(CONF + "client_max_body_size 1m;", echo)
        for target in ("/x", "/stream/x"):
            for framing, body in ((("Content-Length", "5"), b"hello"), (("Transfer-Encoding", "chunked"), b"5\r\nhello\r\n0\r\n\r\n")):
                with self.s.connect() as c:
                    c.request("POST", target, [framing, ("Expect", "100-Continue")])
                    self.assertEqual(c.read_response(interim=True).status, 100)
                    c.send(body)
                    got = c.read_response("POST")
                    self.assertEqual((got.status, got.body, got.interim), (200, b"hello", []))
                # One that does not wait.
                with self.s.connect() as c:
                    c.request("POST", target, [framing, ("Expect", "100-continue")], body)
                    self.assertEqual(c.read_response().body, b"hello")
        with self.s.connect() as c:
            c.request("POST", "/x", [("Content-Length", "2000000"), ("Expect", "100-continue")])
            got = c.read_response()
            self.assertEqual((got.status, got.interim), (413, []))
            self.assertTrue(c.closed_within(3))
        with self.s.connect() as c:  # HTTP/1.0 knows no interim answers
            c.request("POST", "/x", [("Content-Length", "5"), ("Expect", "100-continue")], version="HTTP/1.0")
            self.assertTrue(c.silent_for(0.1))
            c.send(b"hello")
            self.assertEqual(c.read_response().interim, [])
        self.still_serves()

    def test_interim_answers_are_passed_on(self):
        def hints(q):
            q.conn.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x-b\r\nX-B: 1\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")
            return Response(200, body=b"ok")
        self.begin(CONF, hints)
        got = self.s.get("/")
        self.assertEqual([i.status for i in got.interim], [103, 102])
        self.assertEqual(got.interim[0].headers.get("Link"), "</a>")
        for field in ("Connection", "X-B"):
            self.assertNotIn(field, got.interim[0].headers)
        self.assertEqual(self.s.request("GET", "/", host="a", headers=[("Connection", "close")]).status, 200)
        with self.s.connect() as c:
            c.request(version="HTTP/1.0")
            self.assertEqual(c.read_response().interim, [])


class Streams(HostileTest):
    def test_events_come_as_they_are_sent(self):
        go = []

        def events(q):
            def parts():
                for i in range(5):
                    yield b"data: %d\n\n" % i
                    wait_for(lambda: len(go) > i)
            return Response(200, {"Content-Type": "text/event-stream"}, body=parts())
        self.begin(CONF, events)
        for target in ("/x", "/stream/x"):
            go.clear()
            with self.s.connect() as c:
                c.request("GET", target)
                for i in range(5):
                    c.read_until("data: %d\n\n" % i)
                    go.append(i)
                c.read_until("0\r\n\r\n")

    def test_an_upload_reaches_the_origin_as_it_comes(self):
        seen = []

        def origin(conn):
            conn.read_until("\r\n\r\n")
            for _ in range(3):
                seen.append(conn.read_until("!\r\n"))
            conn.read_until("0\r\n\r\n")
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        s = self.sluice(CONF, o=self.raw_origin(origin))
        with s.connect() as c:
            c.request("POST", "/stream/x", [("Transfer-Encoding", "chunked")])
            for i in range(3):
                c.send(b"2\r\n%d!\r\n" % i)
                wait_for(lambda: len(seen) > i)
            c.send(b"0\r\n\r\n")
            self.assertEqual(c.read_response().status, 200)


if __name__ == "__main__":
    main()
