#!/usr/bin/env python3
"""proxy_pass to names that only a request tells: asked for, remembered, and refused in time when that fails."""
import dns
from harness import *

CONF = """resolver 127.0.0.1:%(dns)d %(options)s; resolver_timeout 1s;
    server { listen 127.0.0.1:%(port)d;
        location / { proxy_pass http://$arg_to; proxy_set_header Connection $http_x_conn; }
        location /up/ { proxy_pass http://$arg_to:%(o)d/fixed; } }"""


class Resolver(SluiceTest):
    def serve(self, answer, options="", conf=CONF, **names):
        server = dns.NameServer(answer)
        self.addCleanup(server.stop)
        origin = self.origin(lambda req: Response(200, body=req.target + " " + req.headers["host"]))
        return self.sluice(conf, dns=server.port, o=origin, options=options, **names), server, origin

    def test_a_name_is_asked_for_and_remembered(self):
        s, server, origin = self.serve(lambda name, kind, query: dns.reply(query, ["127.0.0.1"]))
        for _ in range(3):
            r = s.get("/up/?to=backend.test")
            self.assertEqual((r.status, r.text), (200, "/fixed backend.test:%d" % origin.port))
        self.assertEqual(sorted(server.asked), [("backend.test", dns.A), ("backend.test", dns.AAAA)])
        self.assertEqual(origin.connections, 1)  # kept alive like any other

    def test_names_are_told_apart_by_port_and_not_by_case(self):
        s, server, origin = self.serve(lambda name, kind, query: dns.reply(query, ["127.0.0.1"]))
        other = self.origin(lambda req: Response(200, body="other"))
        self.assertEqual(s.get("/?to=b.test:%d" % origin.port).status, 200)
        self.assertEqual(s.get("/?to=B.Test:%d" % other.port).text, "other")
        self.assertEqual(len(server.names()), 1)

    def test_ipv6_can_be_left_out(self):
        s, server, origin = self.serve(lambda name, kind, query: dns.reply(query, ["127.0.0.1", "::2"]), options="ipv6=off")
        self.assertEqual(s.get("/up/?to=a.test").status, 200)
        self.assertEqual(server.asked, [("a.test", dns.A)])

    def test_an_address_that_fails_is_followed_by_the_next(self):
        s, server, origin = self.serve(lambda name, kind, query: dns.reply(query, ["127.0.0.9", "127.0.0.1"]))
        self.assertEqual([s.get("/up/?to=a.test").status for _ in range(4)], [200] * 4)

    def test_answers_expire(self):
        now = ["127.0.0.1"]
        s, server, origin = self.serve(lambda name, kind, query: dns.reply(query, now, ttl=1), options="ipv6=off")
        self.assertEqual(s.get("/up/?to=a.test").status, 200)
        now[:] = ["127.0.0.9"]
        wait_for(lambda: s.get("/up/?to=a.test").status == 502, 5)
        now[:] = ["127.0.0.1"]
        wait_for(lambda: s.get("/up/?to=a.test").status == 200, 5)
        s, server, origin = self.serve(lambda name, kind, query: dns.reply(query, ["127.0.0.1"], ttl=1), options="ipv6=off valid=1h")
        s.get("/up/?to=a.test")
        time.sleep(1.3)  # longer than the answer says, shorter than valid
        s.get("/up/?to=a.test")
        self.assertEqual(len(server.asked), 1)

    def test_one_question_for_all_who_wait(self):
        def slowly(name, kind, query):
            time.sleep(0.3)
            return dns.reply(query, ["127.0.0.1"])
        s, server, origin = self.serve(slowly, options="ipv6=off")
        conns = [s.connect() for _ in range(8)]
        for c in conns:
            c.request("GET", "/up/?to=a.test", {}, None, "x")
        self.assertEqual({c.read_response().status for c in conns}, {200})
        self.assertEqual(len(server.asked), 1)
        for c in conns:
            c.close()

    def test_failures(self):
        codes = {"nx.test": 3, "servfail.test": 2, "refused.test": 5}
        s, server, origin = self.serve(lambda name, kind, query: dns.reply(query, code=codes.get(name, 0)), options="ipv6=off")
        for name, text in (("nx.test", r"\(3: Host not found\)"), ("servfail.test", r"\(2: Server failure\)"), ("refused.test", r"\(2: Server failure\)"),
                           ("empty.test", r"\(3: Host not found\)")):
            begin = time.monotonic()
            r = s.get("/up/?to=" + name)
            self.assertEqual(r.status, 502)
            self.assertNotIn(name, r.text)
            self.assertLess(time.monotonic() - begin, 2 * SLOW)
            s.wait_log(r'\[error\].*%s could not be resolved %s, client: 127.0.0.1, server: , request: "GET /up/\?to=' % (name, text))
        self.assertEqual(origin.requests, [])

    def test_a_silent_server_costs_resolver_timeout(self):
        s, server, origin = self.serve(lambda name, kind, query: None)
        begin = time.monotonic()
        self.assertEqual(s.get("/up/?to=a.test").status, 502)
        self.assertTrue(0.8 < time.monotonic() - begin < 2 * SLOW)
        s.wait_log(r"a.test could not be resolved \(110: Operation timed out\)")

    def test_a_lost_answer_is_asked_for_again(self):
        lost = []
        def answer(name, kind, query):
            if not lost:
                return lost.append(1)
            return dns.reply(query, ["127.0.0.1"])
        s, server, origin = self.serve(answer, options="ipv6=off", conf=CONF.replace("timeout 1s", "timeout 5s"))
        self.assertEqual(s.get("/up/?to=a.test").status, 200)

    def test_answers_that_are_none(self):
        """Wrong ids and questions are not believed; garbage kills nothing."""
        def forged(name, kind, query, tcp=False):
            wrong = bytes([query[0] ^ 1, query[1]])
            elsewhere = dns.encode("evil.test") + b"\0\1\0\1"
            good = dns.reply(query, ["127.0.0.1"])
            loop = query[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + b"\xc0\x0c\0\1\0\1" + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1"
            counts = query[:2] + b"\x81\x80\xff\xff\xff\xff\xff\xff\xff\xff" + dns.question(query)[2]
            return {"id.test": [dns.reply(query, ["127.0.0.9"], ident=wrong), good],
                    "question.test": [dns.reply(query, ["127.0.0.9"], asked=elsewhere), good],
                    "loop.test": [loop], "counts.test": [counts], "short.test": [good[:-3]], "tiny.test": [b"", b"x", query[:2]],
                    "long.test": [good + b"\xff" * 3000]}.get(name, [good])
        s, server, origin = self.serve(forged, options="ipv6=off")
        self.assertEqual(s.get("/up/?to=id.test").status, 200)
        self.assertEqual(s.get("/up/?to=question.test").status, 200)
        for name in ("loop", "counts", "short", "tiny"):
            self.assertEqual(s.get("/up/?to=%s.test" % name).status, 502, name)
        s.get("/up/?to=long.test")
        self.assertEqual(s.get("/up/?to=fine.test").status, 200)

    def test_truncated_answers_are_asked_for_by_tcp(self):
        def answer(name, kind, query, tcp=False):
            return dns.reply(query, ["127.0.0.1"] if tcp else [], flags=0x8180 if tcp else 0x8380)
        s, server, origin = self.serve(answer, options="ipv6=off")
        self.assertEqual(s.get("/up/?to=a.test").status, 200)
        self.assertEqual(len(server.tcp), 1)

    def test_names_that_cannot_be(self):
        s, server, origin = self.serve(lambda name, kind, query: dns.reply(query, ["127.0.0.1"]))
        for name in ("a" * 64 + ".test", "x." * 140 + "test", "a..b"):
            self.assertIn(s.get("/up/?to=" + name).status, (200, 502))
        self.assertEqual(s.get("/?to=a.test:99999").status, 500)
        self.assertEqual(s.get("/?to=[::1").status, 500)
        self.assertEqual(s.get("/up/?to=fine.test").status, 200)

    def test_a_client_that_leaves_while_waiting(self):
        s, server, origin = self.serve(lambda name, kind, query: None if name == "silent.test" else dns.reply(query, ["127.0.0.1"]))
        with s.connect() as c:
            c.request("GET", "/up/?to=silent.test", {}, None, "x")
            wait_for(lambda: server.asked)
        self.assertEqual(s.get("/up/?to=fine.test").status, 200)

    def test_many_names(self):
        """More groups than are kept: the old ones go, and take their idle connections with them."""
        s, server, origin = self.serve(lambda name, kind, query: dns.reply(query, ["127.0.0.1"]), options="ipv6=off")
        for begin in (0, 550):
            with s.connect() as c:
                for i in range(begin, begin + 550):
                    c.request("GET", "/up/?to=n%d.test" % i, {}, None, "x")
                    self.assertEqual(c.read_response().status, 200)
        self.assertEqual(origin.connections, 1100)
        wait_for(lambda: origin.open <= 1000)

    def test_the_directive(self):
        for text, error in (("resolver;", "invalid number of arguments"), ("resolver ipv4=off ipv6=off 127.0.0.1;", "cannot both be"),
                            ("resolver valid=1s;", "no name servers"), ("resolver 127.0.0.1 valid=x;", "invalid parameter"),
                            ("resolver 127.0.0.1:0;", "invalid name server"), ("resolver nobody.invalid;", "host not found in resolver")):
            done = self.run_sluice("-t", "-c", "CONF", raw=False, conf=text + " server { listen 127.0.0.1:%(port)d; }")
            self.assertEqual(done.returncode, 1, text)
            self.assertIn(error, done.stderr)
        self.sluice("""server { listen 127.0.0.1:%(port)d;
            resolver 127.0.0.1 [::1]:5353 localhost valid=30s ipv6=off; resolver_timeout 5s; }""")


if __name__ == "__main__":
    main()
