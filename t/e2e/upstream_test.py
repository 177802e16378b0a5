#!/usr/bin/env python3
"""Groups of servers: who is asked, who is asked next, who rests, and which connections are kept."""
from harness import *


class Groups(SluiceTest):
    def group(self, servers, location="", group="", workers=1, **names):
        return self.sluice("""
            log_format who "$upstream_addr|$upstream_status|$status";
            upstream u { %s %s }
            server { listen 127.0.0.1:%%(port)d; access_log logs/access.log who;
                location / { proxy_pass http://u; %s } }""" % (servers, group, location), workers=workers, **names)

    def named(self, *names, **options):
        """Origins that answer with their name."""
        return [self.origin(lambda req, n=n: Response(200, body=n), **options) for n in names]

    def order(self, s, count):
        return "".join(s.get("/").text for _ in range(count))

    # -- who is asked ---------------------------------------------------------------------------------

    def test_smooth_weights(self):
        a, b, c = self.named("a", "b", "c")
        s = self.group("server 127.0.0.1:%(a)d weight=5; server 127.0.0.1:%(b)d; server 127.0.0.1:%(c)d;", a=a, b=b, c=c)
        self.assertEqual(self.order(s, 14), "aabacaaaabacaa")

    def test_down_and_backup(self):
        a, b, c = self.named("a", "b", "c")
        s = self.group("server 127.0.0.1:%(a)d; server 127.0.0.1:%(b)d down; server 127.0.0.1:%(c)d backup;", a=a, b=b, c=c)
        self.assertEqual(self.order(s, 3), "aaa")
        a.refuse()
        a.drop()
        self.assertEqual(self.order(s, 3), "ccc")
        self.assertEqual(b.connections, 0)

    def test_max_conns(self):
        import threading
        go = threading.Event()
        a = self.origin(lambda req: (go.wait(10), Response(200, body="a"))[1])
        b, = self.named("b")
        s = self.group("server 127.0.0.1:%(a)d max_conns=1; server 127.0.0.1:%(b)d;", a=a, b=b)
        with s.connect() as c:
            c.request("GET", "/", {}, None, "x")
            a.wait_requests(1)
            self.assertEqual(self.order(s, 4), "bbbb")
            go.set()
            self.assertEqual(c.read_response().text, "a")
        self.assertIn("a", self.order(s, 2))

    def test_all_at_max_conns(self):
        a = self.origin(lambda req: HANG)
        s = self.group("server 127.0.0.1:%(a)d max_conns=1;", a=a)
        with s.connect() as c:
            c.request("GET", "/", {}, None, "x")
            a.wait_requests(1)
            self.assertEqual(s.get("/").status, 502)
            s.wait_log("no live upstreams while connecting to upstream")

    def test_several_addresses_of_a_name(self):
        a, = self.named("a")
        s = self.group("server localhost:%(a)d;", a=a)
        self.assertEqual(self.order(s, 4), "aaaa")  # also where ::1 comes first and refuses
        done = self.run_sluice("-t", "-c", "CONF", raw=False, conf="upstream u { server nobody.invalid:80; }")
        self.assertEqual(done.returncode, 1)
        self.assertIn('host not found in upstream "nobody.invalid:80"', done.stderr)

    # -- failures -------------------------------------------------------------------------------------

    def test_max_fails_rests_and_returns(self):
        a, b = self.named("a", "b")
        s = self.group("server 127.0.0.1:%(a)d max_fails=2 fail_timeout=1s; server 127.0.0.1:%(b)d;", a=a, b=b)
        self.assertEqual(sorted(self.order(s, 4)), list("aabb"))
        a.refuse()
        a.drop()
        self.assertEqual(self.order(s, 8), "b" * 8)
        s.wait_log("upstream server temporarily disabled while connecting to upstream")
        self.assertEqual(len([l for l in s.error_log.splitlines() if "connect() failed (111" in l]), 2)
        a.listen()
        wait_for(lambda: s.get("/").text == "a", 5)
        self.assertEqual(sorted(self.order(s, 4)), list("aabb"))

    def test_max_fails_0_never_rests(self):
        a, b = self.named("a", "b")
        s = self.group("server 127.0.0.1:%(a)d max_fails=0; server 127.0.0.1:%(b)d;", a=a, b=b)
        a.refuse()
        self.order(s, 6)
        self.assertGreaterEqual(s.error_log.count("connect() failed (111"), 3)
        self.assertNotIn("temporarily disabled", s.error_log)

    def test_no_live_upstreams(self):
        a, b = self.named("a", "b")
        s = self.group("server 127.0.0.1:%(a)d; server 127.0.0.1:%(b)d;", a=a, b=b)
        a.refuse()
        b.refuse()
        self.assertEqual([s.get("/").status for _ in range(2)], [502, 502])
        s.wait_log(r'\[error\].*no live upstreams while connecting to upstream, client: 127.0.0.1, server: , request: "GET / HTTP/1.1", '
                   r'upstream: "http://u/", host: "localhost"')
        s.wait_access(r"^127.0.0.1:%d, 127.0.0.1:%d\|502, 502\|502$" % (a.port, b.port))
        a.listen()
        wait_for(lambda: s.get("/").status == 200, 12)

    def test_a_single_server_never_rests(self):
        a, = self.named("a")
        s = self.group("server 127.0.0.1:%(a)d;", a=a)
        a.refuse()
        self.assertEqual([s.get("/").status for _ in range(3)], [502] * 3)
        a.listen()
        self.assertEqual(s.get("/").status, 200)

    # -- proxy_next_upstream --------------------------------------------------------------------------

    def next(self, bad, conditions, method="GET", good="good", directives=""):
        """(status, body, requests at the good one) when the first server does `bad`."""
        first = self.origin(bad) if callable(bad) else bad
        second = self.origin(lambda req: Response(200, body=good))
        location = "proxy_read_timeout 300ms; %s %s" % ("proxy_next_upstream %s;" % conditions if conditions else "", directives)
        s = self.group("server 127.0.0.1:%(a)d; server 127.0.0.1:%(b)d;", location, a=first, b=second)
        r = s.request(method, "/", body=b"body" if method in ("POST", "PUT") else None)
        self.last = s
        return r.status, r.text if r.status == 200 else None, len(second.requests)

    def test_the_conditions(self):
        self.assertEqual(self.next(lambda req: CLOSE, ""), (200, "good", 1))
        self.assertEqual(self.next(lambda req: RESET, "error"), (200, "good", 1))
        self.assertEqual(self.next(lambda req: CLOSE, "timeout"), (502, None, 0))
        self.assertEqual(self.next(lambda req: CLOSE, "off"), (502, None, 0))
        self.assertEqual(self.next(lambda req: HANG, ""), (200, "good", 1))
        self.assertEqual(self.next(lambda req: HANG, "error"), (504, None, 0))
        self.assertEqual(self.next(lambda req: b"garbage\r\n\r\n", "error"), (502, None, 0))
        self.assertEqual(self.next(lambda req: b"garbage\r\n\r\n", "invalid_header"), (200, "good", 1))
        for status in (500, 502, 503, 504, 403, 404, 429):
            answer = lambda req: Response(status)
            self.assertEqual(self.next(answer, "error"), (status, None, 0))
            self.assertEqual(self.next(answer, "http_%d" % status), (200, "good", 1))

    def test_what_must_not_be_repeated(self):
        self.assertEqual(self.next(lambda req: CLOSE, "error", "POST"), (502, None, 0))
        self.assertEqual(self.next(lambda req: Response(500), "http_500", "POST"), (500, None, 0))
        self.assertEqual(self.next(lambda req: CLOSE, "error non_idempotent", "POST"), (200, "good", 1))
        self.assertEqual(self.next(lambda req: CLOSE, "error", "PUT"), (200, "good", 1))
        self.assertEqual(self.next(lambda req: CLOSE, "error", "PATCH"), (502, None, 0))
        refused = self.origin()
        refused.refuse()
        self.assertEqual(self.next(refused, "error", "POST"), (200, "good", 1))  # it was not sent

    def test_tries_and_timeout(self):
        bad = lambda: self.origin(lambda req: CLOSE)
        a, b, c = bad(), bad(), self.origin()
        servers = "server 127.0.0.1:%(a)d; server 127.0.0.1:%(b)d; server 127.0.0.1:%(c)d;"
        self.assertEqual(self.group(servers, "proxy_next_upstream_tries 2;", a=a, b=b, c=c).get("/").status, 502)
        self.assertEqual(self.group(servers, "proxy_next_upstream_tries 3;", a=a, b=b, c=c).get("/").status, 200)
        slow = lambda: self.origin(lambda req: (time.sleep(0.4), CLOSE)[1])
        a, b = slow(), slow()
        s = self.group(servers, "proxy_next_upstream_timeout 500ms;", a=a, b=b, c=c)
        self.assertEqual(s.get("/").status, 502)
        self.assertEqual((len(a.requests), len(b.requests), len(c.requests)), (1, 1, 1))

    def test_the_last_answer_stands(self):
        a, b = self.origin(lambda req: Response(503, body="a")), self.origin(lambda req: Response(503, body="b"))
        s = self.group("server 127.0.0.1:%(a)d; server 127.0.0.1:%(b)d;", "proxy_next_upstream http_503;", a=a, b=b)
        r = s.get("/")
        self.assertEqual((r.status, r.text), (503, "b"))
        s.wait_access(r"\|503, 503\|503$")

    def test_nobody_is_asked_after_the_answer_began(self):
        def half(req):
            req.conn.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            return CLOSE
        a, b = self.origin(half), self.origin()
        s = self.group("server 127.0.0.1:%(a)d; server 127.0.0.1:%(b)d;", a=a, b=b)
        with s.connect() as c:
            c.request("GET", "/", {}, None, "x")
            self.assertRaises(ConnectionError, c.read_response)
        self.assertEqual(b.requests, [])
        s.wait_log("upstream prematurely closed connection while reading upstream")


class Pool(SluiceTest):
    def pooled(self, group="", location="", handler=None, **origin):
        o = self.origin(handler, **origin)
        s = self.sluice("""upstream u { server 127.0.0.1:%%(o)d; %s }
            server { listen 127.0.0.1:%%(port)d; location / { proxy_pass http://u; %s } }""" % (group, location), o=o)
        return s, o

    def at_once(self, s, o, count):
        """That many requests at the same time."""
        conns = [s.connect() for _ in range(count)]
        for c in conns:
            c.request("GET", "/", {}, None, "x")
        for c in conns:
            self.assertEqual(c.read_response().status, 200)
            c.close()

    def test_one_connection_serves_many(self):
        s, o = self.pooled()
        for i in range(20):
            self.assertEqual(s.get("/").status, 200)
        self.assertEqual(o.connections, 1)

    def test_unless_somebody_says_no(self):
        s, o = self.pooled("keepalive 0;")
        [s.get("/") for _ in range(3)]
        self.assertEqual(o.connections, 3)
        s, o = self.pooled(location="proxy_http_version 1.0;")
        [s.get("/") for _ in range(3)]
        self.assertEqual(o.connections, 3)
        s, o = self.pooled(handler=lambda req: Response(200, [("Connection", "close")], b"x"))
        [s.get("/") for _ in range(3)]
        self.assertEqual(o.connections, 3)
        s, o = self.pooled(location='proxy_set_header Connection "close";')
        [self.assertEqual(s.get("/").status, 200) for _ in range(3)]

    def test_the_cap(self):
        import threading
        gate = threading.Barrier(6)
        slow = lambda req: (gate.wait(10), Response(200, body="x"))[1]
        s, o = self.pooled("keepalive 2;", handler=slow)
        self.at_once(s, o, 6)
        self.assertEqual(o.connections, 6)
        wait_for(lambda: o.open == 2)

    def test_requests_time_and_timeout(self):
        s, o = self.pooled("keepalive_requests 3;")
        [s.get("/") for _ in range(7)]
        self.assertEqual(o.connections, 3)
        s, o = self.pooled("keepalive_timeout 300ms;")
        s.get("/")
        self.assertEqual(o.open, 1)
        wait_for(lambda: o.open == 0, 3)
        s, o = self.pooled("keepalive_time 300ms;")
        s.get("/")
        time.sleep(0.4)  # the age is looked at when a request ends
        s.get("/")
        s.get("/")
        self.assertEqual(o.connections, 2)

    def test_what_the_origin_closes_costs_nobody(self):
        s, o = self.pooled(keepalive=False)  # closes after each answer, without a word
        for method in ("GET", "POST") * 20:
            if method == "POST":
                wait_for(lambda: o.open == 0)  # it may only be sent again when it surely was not read
            self.assertEqual(s.request(method, "/", body=b"x" if method == "POST" else None).status, 200)
        self.assertEqual(len(o.requests), 40)
        self.assertNotRegex(s.error_log, r"\[(error|warn)\]")

    def test_a_race_is_repeated_for_get_and_not_for_post(self):
        """The origin hangs up as it reads the second request of a connection."""
        def once(conn):
            conn.read_request()
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            seen.append(conn.read_request())
        seen = []
        o = self.raw_origin(once)
        s = self.sluice("server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } }", o=o)
        self.assertEqual(s.get("/").status, 200)
        self.assertEqual(s.get("/again").status, 200)
        self.assertEqual((o.connections, seen[0].target), (2, "/again"))
        self.assertNotRegex(s.error_log, r"\[(error|warn)\]")
        self.assertEqual(s.post("/", b"x").status, 502)
        self.assertEqual(o.connections, 2)  # not sent again
        s.wait_log("upstream prematurely closed connection while reading response header from upstream")

    def test_an_answer_that_was_not_read_to_its_end_is_not_kept(self):
        o = self.origin(lambda req: Response(200, body=b"x" * 5_000_000))
        s = self.sluice("server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; proxy_max_temp_file_size 0; } }", o=o)
        with s.connect() as c:
            c.request("GET", "/", {}, None, "x")
            c.read_exact(1000)
        wait_for(lambda: o.open == 0)
        self.assertEqual(len(s.get("/").body), 5_000_000)

    def test_bytes_behind_an_answer_poison_nobody(self):
        o = self.origin(lambda req: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        s = self.sluice("server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } }", o=o)
        self.assertEqual([s.get("/").text for _ in range(3)], ["ok"] * 3)
        self.assertEqual(o.connections, 3)


if __name__ == "__main__":
    main()
