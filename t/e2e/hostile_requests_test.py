#!/usr/bin/env python3
"""Requests that break the rules, or use them to the full: each has one meaning, and the origin sees only that."""
import re

from hostile import *


def get(target=b"/x", fields=b"", host=b"Host: a\r\n", version=b"HTTP/1.1"):
    return b"GET " + target + b" " + version + b"\r\n" + host + fields + b"\r\n"


def post(fields, body=b"", target=b"/x"):
    return b"POST " + target + b" HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n" + body


def chunked(body, target=b"/x"):
    return post(b"Transfer-Encoding: chunked\r\n", body, target)


class Refused(HostileTest):
    def table(self, rows):
        self.begin()
        self.cases(rows, self.refused)

    def test_lines(self):
        self.table([
            ("bare CR in the request line", b"GET /x\r HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("bare CR ends the request line", b"GET /x HTTP/1.1\rHost: a\r\n\r\n"),
            ("bare CR in a name", get(fields=b"X\rY: 1\r\n")),
            ("bare CR in a value", get(fields=b"X: a\rb\r\n")),
            ("CR CR LF", get(fields=b"X: a\r\r\n")),
            ("NUL in a value", get(fields=b"X: a\0b\r\n")),
            ("NUL in a name", get(fields=b"X\0: a\r\n")),
            ("NUL in the target", b"GET /x\0y HTTP/1.1\r\nHost: a\r\n\r\n"),
            ("a fold", get(fields=b"X: a\r\n b\r\n")),
            ("a fold by a tab", get(fields=b"X: a\r\n\tb: c\r\n")),
            ("blank before the first field", b"GET /x HTTP/1.1\r\n Host: a\r\n\r\n"),
            ("blank before the colon", get(fields=b"X : a\r\n")),
            ("tab before the colon", get(fields=b"Content-Length\t: 5\r\n")),
            ("no colon", get(fields=b"NoColon\r\n")),
            ("empty name", get(fields=b": a\r\n")),
        ])

    def test_lengths(self):
        for_all = [(v.decode("latin-1"), post(b"Content-Length:" + v + b"\r\n", b"hello")) for v in (
            b" +5", b" -5", b" 5, 6", b" 0x5", b" 5 5", b"", b" ", b" 5;", b" five", b" 5.0", b" 5\x0b", b" \x0c5",
            b" 99999999999999999999", b" 18446744073709551616", b" 18446744073709551621", b" \"5\"", b" 5,", b" ,5", b" 1e1")]
        self.table(for_all + [
            ("two lengths", post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"hello")),
            ("two lengths that are the same number", post(b"Content-Length: 5\r\nContent-Length: 05\r\n", b"hello")),
            ("in a GET", get(fields=b"Content-Length: 5x\r\n") + b"hello"),
        ])

    def test_codings(self):
        one = b"5\r\nhello\r\n0\r\n\r\n"
        rows = [(v.decode("latin-1"), post(b"Transfer-Encoding:" + v + b"\r\n", one)) for v in (
            b" chunked, gzip", b" gzip", b" gzip, chunked", b"", b" ", b" identity", b" chunked, chunked", b" xchunked",
            b" chunked;q=1", b" \"chunked\"", b" chunked\x0b", b" \x0bchunked", b" chunk", b" chunked,", b" ,chunked",
            b" chunked identity", b" \xa0chunked", b" trailers")]
        self.table(rows + [
            ("two lines", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", one)),
            ("two lines that differ", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", one)),
            ("with a length", post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", one)),
            ("with a length behind it", post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", one)),
            ("in HTTP/1.0", b"POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + one),
            ("blank before the colon", post(b"Transfer-Encoding : chunked\r\n", one)),
        ])

    def test_chunks(self):
        rows = [(b[:40], b) for b in (
            b"+5\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n", b" 5\r\nhello\r\n0\r\n\r\n",
            b"5 \r\nhello\r\n0\r\n\r\n", b"5\r\nhello0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"5\r\nhello\n0\r\n\r\n",
            b"5\nhello\r\n0\r\n\r\n", b"5\rhello\r\n0\r\n\r\n", b"g\r\nhello\r\n0\r\n\r\n", b"\r\nhello\r\n0\r\n\r\n",
            b";x\r\nhello\r\n0\r\n\r\n", b"5_\r\nhello\r\n0\r\n\r\n", b"10000000000000005\r\nhello\r\n0\r\n\r\n",
            b"00000000000000005\r\nhello\r\n0\r\n\r\n", b"5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n" + b"x" * 5, b"5;a\rb\r\nhello\r\n0\r\n\r\n",
            b"5;a\0b\r\nhello\r\n0\r\n\r\n", b"5;" + b"a" * 70000 + b"\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nX\r\n\r\n",
            b"5\r\nhello\r\n0\r\nX : 1\r\n\r\n", b"5\r\nhello\r\n0\r\nX: a\rb\r\n\r\n", b"5\r\nhello\r\n0\r\nX: a\0b\r\n\r\n",
            b"5\r\nhello\r\n0\r\nX: a\r\n b\r\n\r\n", b"5\r\nhello\r\n0\r\n: a\r\n\r\n", b"5\r\nhello\r\n0\r\nX: " + b"a" * 70000 + b"\r\n\r\n",
            b"5\r\nhello\r\n0\r\n" + b"X: a\r\n" * 20000 + b"\r\n", b"5\r\nhello\r\n0\r\n\rX")]
        self.begin()
        self.cases([(n, chunked(b)) for n, b in rows], self.refused)
        # Passed on as it comes, the origin sees a beginning at most, and never an end.
        self.cases([("streamed: %r" % n, chunked(b, b"/stream/x")) for n, b in rows], self.never_complete)

    def never_complete(self, name, data):
        before = len(self.targets())
        got = self.dialogue(data + get(b"/smuggled"))
        self.assertEqual(self.targets()[before:], [], name)
        self.assertLessEqual(len(got), 1, name)
        self.assertTrue(not got or got[0].status >= 400, name)

    def test_request_lines(self):
        h = b"Host: a\r\n\r\n"
        rows = [(line, line + b"\r\n" + h) for line in (
            b"GET /x", b"GET  /x HTTP/1.1", b"GET /x  HTTP/1.1", b"GET /x HTTP/1.1 ", b" GET /x HTTP/1.1", b"GET\t/x\tHTTP/1.1",
            b"GET /x y HTTP/1.1", b"GET HTTP/1.1", b"/x HTTP/1.1", b"G(T /x HTTP/1.1", b"G\xc3\xa9T /x HTTP/1.1", b"GET x HTTP/1.1",
            b"GET ../x HTTP/1.1", b"GET * HTTP/1.1", b"GET a:80 HTTP/1.1", b"GET http:/x HTTP/1.1", b"GET http:///x HTTP/1.1",
            b"GET ://a/x HTTP/1.1", b"GET //u@a/x http/1.1", b"GET http://u@a/x HTTP/1.1", b"GET /x HTTP/2.0", b"GET /x HTTP/0.9",
            b"GET /x HTTP/1", b"GET /x HTTP/1.", b"GET /x HTTP/1.10", b"GET /x HTTP/01.1", b"GET /x HTTP/1.1x", b"GET /x http/1.1",
            b"GET /x HTTP/-1.1", b"GET /x HTTP/9.9", b"GET /x HTP/1.1", b"GET /\x01 HTTP/1.1", b"GET /\x7f HTTP/1.1", b"GET",
            b"PRI * HTTP/2.0", b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2", b"CONNECT a:443 HTTP/1.1", b"CONNECT / HTTP/1.1",
            b"GET http://a b/x HTTP/1.1", b"GET http://a:80:80/x HTTP/1.1", b"GET http://[::1/x HTTP/1.1")]
        self.table(rows + [
            ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"),
            ("PROXY v2", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + b"\1" * 12),
            ("TLS hello", b"\x16\3\1\2\0\1\0\1\xfc\3\3" + b"a" * 500 + b"\r\n\r\n"),
            ("many empty lines", b"\r\n" * 200000),
            ("junk", bytes(range(256)) * 16),
        ])

    def test_hosts(self):
        rows = [(v, get(host=b"Host: " + v + b"\r\n")) for v in (
            b"u@a", b"a/b", b"a?b", b"a#b", b"a b", b"\"a\"", b"a\xc3\xa9", b"a:80:80", b"a:", b"a:x", b"a:-1", b"[::1", b"::1]", b"[::1]]",
            b"a,b", b"a\\b", b"<a>", b"a{b}", b"[::1]x", b"a:80 ", b"http://a", b"a:99999999", b"%", b"a%zz", b"[g::1]") if v not in (b"a:", b"a:80 ")]
        self.table(rows + [
            ("none", get(host=b"")),
            ("two", get(host=b"Host: a\r\nHost: b\r\n")),
            ("two equal", get(host=b"Host: a\r\nHost: a\r\n")),
            ("two, one hidden by its case", get(host=b"Host: a\r\nhOST: b\r\n")),
            ("one with a blank before the colon", get(host=b"Host : a\r\n")),
            ("none with an absolute target", get(b"http://a/x", host=b"")),
            ("two with an absolute target", get(b"http://a/x", host=b"Host: a\r\nHost: b\r\n")),
        ])

    def test_paths(self):
        self.table([(p, get(p)) for p in (
            b"/../x", b"/%2e%2e/x", b"/a/../../x", b"/a/%2e./..%2f../x", b"/..", b"/a%00b", b"/%00", b"/a%0", b"/a%", b"/a%zz",
            b"/%u0041", b"/..%2fx", b"/a/..//../..",
            b"/a#b", b"/a#/../b", b"/#", b"/a?b#c")])

    def test_expectations(self):
        self.table([("unknown", post(b"Expect: 200-ok\r\nContent-Length: 5\r\n", b"hello"), 417),
                    ("two", post(b"Expect: 100-continue, x\r\nContent-Length: 5\r\n", b"hello"), 417)])


class Rewritten(HostileTest):
    """Odd but legal, or made harmless: what the origin gets is checked strictly by the harness."""

    def one(self, data, half_close=False):
        before = len(self.targets())
        got = self.dialogue(data, half_close)
        self.assertEqual([r.status for r in got], [200], got)
        new = [r for r in self.o.requests if r.target != "/clean"][before:]
        self.assertEqual(len(new), 1)
        return new[0]

    def test_fields_are_normalised(self):
        self.begin()

        def run(name, fields, wanted, absent=()):
            q = self.one(get(fields=fields + b"Connection: close\r\n"))
            for field, value in wanted.items():
                self.assertEqual(q.headers.get(field), value, name)
            for field in absent:
                self.assertNotIn(field, q.headers, name)
            self.assertEqual(len(q.headers.all("host")), 1)
        self.cases([
            ("blanks around a value", b"X:  \t a b \t \r\n", {"X": "a b"}),
            ("no blank at all", b"X:a\r\n", {"X": "a"}),
            ("an empty value", b"X:\r\n", {}),
            ("underscores", b"X_Real: 1\r\nX-Forwarded_For: 1\r\n", {}, ("X_Real", "X-Forwarded_For")),
            ("names that are no tokens", b"X(y): 1\r\n\xffX: 1\r\nX\"Y: 1\r\nOk: 2\r\n", {"Ok": "2"}, ("X(y)", "X\"Y")),
            ("every token character", b"!#$%&'*+-.^`|~09azAZ: 1\r\n", {"!#$%&'*+-.^`|~09azAZ": "1"}),
            ("high octets in a value", b"X: \xe4\xff\r\n", {"X": "\xe4\xff"}),
            ("nominated", b"X-Secret: 1\r\nY: 1\r\nConnection: x-secret, y\r\n", {}, ("X-Secret", "Y")),
            ("nominated in a second line", b"Connection: foo\r\nFoo: 1\r\nBar: 1\r\nconnection: bar,baz\r\n", {}, ("Foo", "Bar")),
            ("nominating Host and framing", b"Connection: Host, Content-Length, Transfer-Encoding\r\n", {}),
            ("hop-by-hop fields", b"Keep-Alive: 5\r\nProxy-Connection: x\r\nTE: trailers\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n",
             {}, ("Keep-Alive", "Proxy-Connection", "TE", "Upgrade", "HTTP2-Settings")),
        ], run)

    def test_bodies_are_framed_anew(self):
        self.begin()

        def run(name, data, body):
            for target in (b"/x", b"/stream/x"):
                q = self.one(data.replace(b"/x", target, 1))
                self.assertEqual(q.body, body, name)
                self.assertNotIn(b";", b"".join(q.raw.split(b"\r\n\r\n", 1)[1:]), name)
        close = b"Connection: close\r\n"
        te = close + b"Transfer-Encoding: chunked\r\n"
        self.cases([
            ("a length with zeros", post(close + b"Content-Length: 0005\r\n", b"hello"), b"hello"),
            ("a length twice", post(close + b"Content-Length: 5\r\nContent-Length: 5\r\n", b"hello"), b"hello"),
            ("blanks around", post(close + b"Content-Length: \t5 \t\r\n", b"hello"), b"hello"),
            ("chunked in capitals", post(close + b"Transfer-Encoding:\t CHUNKed \r\n", b"5\r\nhello\r\n0\r\n\r\n"), b"hello"),
            ("extensions", post(te, b"5;a=b;c=\"d;e\"\r\nhello\r\n0;x\r\n\r\n"), b"hello"),
            ("hex", post(te, b"00A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n"), b"0123456789" * 2),
            ("trailers", post(te, b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\nHost: b\r\nAuthorization: c\r\n\r\n"), b"hello"),
            ("empty", post(te, b"0\r\n\r\n"), b""),
            ("many small chunks", post(te, b"1\r\nx\r\n" * 20000 + b"0\r\n\r\n"), b"x" * 20000),
            ("nominated framing", post(close + b"Connection: content-length\r\nContent-Length: 5\r\n", b"hello"), b"hello"),
        ], run)
        for q in self.o.requests:
            for field in ("Authorization", "X-Sum"):
                self.assertNotIn(field, q.headers)
                if field != "X-Sum":
                    self.assertNotIn(field, q.trailers)

    def test_targets(self):
        self.begin("""
            server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; proxy_set_header Host $host; }
                     location /map/ { proxy_pass http://127.0.0.1:%(o)d/to/; } }""")

        def run(name, target, wanted, host="a"):
            q = self.one(get(target, b"Connection: close\r\n"))
            self.assertEqual((q.target, q.headers["Host"]), (wanted, host), name)
        self.cases([
            ("plain", b"/a/b?c=d", "/a/b?c=d"),
            ("absolute form", b"http://B.example:81/p?q", "/p?q", "b.example"),
            ("absolute form without a path", b"HTTP://b", "/", "b"),
            ("absolute form, a query only", b"http://b?q", "/?q", "b"),
            ("a question mark twice", b"/a?b?c", "/a?b?c"),
            ("every other character", b"/;=,:@!$&'()*+~|^`{}[]<>\"\\", None),
            ("escaped twice", b"/%2525", "/%2525"),
            ("high octets", b"/\xc3\xa4", None),
            ("mapped, with decoded blanks and line ends", b"/map/a%20b%0d%0aX:%201", None),
        ], lambda name, target, wanted, host="a": run(name, target, wanted, host) if wanted else
            self.one(get(target, b"Connection: close\r\n")))

    def test_any_cut(self):
        self.begin()
        data = post(b"X: 1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n", b"5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n")
        for cut in list(range(1, len(data), 7)) + [0]:
            before = len(self.targets())
            with self.s.connect() as c:
                if cut:
                    c.send(data[:cut])
                    time.sleep(0.003)
                    c.send(data[cut:])
                else:
                    c.send_slowly(data, 0.002)
                self.assertEqual(c.read_response().status, 200)
                self.assertTrue(c.closed_within(2))
            self.assertEqual([q.body for q in self.o.requests][before:], [b"helloabc"])
            self.o.requests.clear()
        self.still_serves()


class Boundaries(HostileTest):
    def test_uploads_that_end_early_are_never_complete(self):
        seen = []

        def origin(conn):
            data = conn.read_until_close()
            seen.append(data)
        self.begin("""
            server { listen 127.0.0.1:%(port)d; client_body_timeout 400ms; location = /clean { return 200 ok; }
                     location / { proxy_pass http://127.0.0.1:%(o)d; }
                     location /stream/ { proxy_pass http://127.0.0.1:%(o)d; proxy_request_buffering off; } }""", raw=origin)
        parts = {"length": (b"Content-Length: 10\r\n", b"hello"), "chunk": (b"Transfer-Encoding: chunked\r\n", b"a\r\nhello"),
                 "between chunks": (b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n"),
                 "last chunk": (b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\n"),
                 "trailer": (b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n0\r\nX: 1\r\n")}
        for target in (b"/x", b"/stream/x"):
            for name, (framing, part) in parts.items():
                for how in ("half", "close", "reset", "timeout"):
                    with self.subTest((target, name, how)):
                        with self.s.connect() as c:
                            c.send(post(framing, part, target))
                            time.sleep(0.02)
                            if how == "half":
                                c.shutdown_write()
                            elif how == "reset":
                                c.reset()
                            elif how == "close":
                                c.close()
                            if how in ("half", "timeout"):
                                for response in self.responses(c):
                                    self.assertEqual(response.status, {"half": 400, "timeout": 408}[how])
        self.still_serves()
        wait_for(lambda: self.o.open == 0, 5, "the end of the origin's connections")
        for data in seen:
            self.assertFalse(data.endswith(b"0\r\n\r\n"), data)
            if b"Content-Length: 10" in data:
                self.assertLess(len(data.split(b"\r\n\r\n", 1)[1]), 10)

    def test_the_body_of_a_denied_request_is_no_request(self):
        self.begin()
        inner = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

        def run(name, target, framing, body):
            got = self.dialogue(post(framing, body, target) + get(b"/next", b"Connection: close\r\n"))
            self.assertGreaterEqual(got[0].status, 400, name)
            self.assertNotIn("/smuggled", self.targets(), name)
            self.assertLessEqual(len(got), 2, name)
        length = b"Content-Length: %d\r\n" % len(inner)
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
        self.cases([(str((t, f)), t, f, b) for t in (b"/denied/", b"/static/none") for f, b in (
            (length, inner), (b"Transfer-Encoding: chunked\r\n", chunks), (length + b"Expect: 100-continue\r\n", inner),
            (b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", chunks))], run)

    def test_a_denied_path_has_no_other_spelling(self):
        self.begin()

        def run(target):
            before = len(self.targets())
            got = self.dialogue(get(target, b"Connection: close\r\n"))
            self.assertTrue(not got or got[0].status in (400, 403), (target, got))
            self.assertEqual(self.targets()[before:], [], target)
        self.cases([(t,) for t in (
            b"/denied/", b"//denied/", b"/./denied/", b"/x/../denied/", b"/%64enied/", b"/denied%2fa", b"/x/%2e%2e/denied/",
            b"http://a/denied/", b"/x//..//denied/", b"/denied/#", b"/denied/../denied/x", b"/%2e/denied/", b"///denied///",
            b"/x/..%2fdenied/y")], run)

    def test_a_denied_host_has_no_other_spelling(self):
        o = self.origin()
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d default_server; location / { proxy_pass http://127.0.0.1:%(o)d; } }
            server { listen 127.0.0.1:%(port)d; server_name secret.example; return 403; }""", o=o)
        for host, target in (("secret.example", "/"), ("SECRET.example", "/"), ("secret.example:80", "/"), ("secret.example.", "/"),
                             ("a", "http://secret.example/"), ("a", "http://SECRET.example:99/")):
            self.assertIn(s.get(target, {"Host": host}).status, (403, 400), (host, target))
        self.assertEqual(o.requests, [])

    def test_no_configuration_turns_a_path_into_a_field(self):
        self.begin("""
            server { listen 127.0.0.1:%(port)d; location = /clean { return 200; }
                     location ~ ^/capture/(.*)$ { proxy_pass http://127.0.0.1:%(o)d/$1; }
                     location ~ ^/field/(.*)$ { proxy_pass http://127.0.0.1:%(o)d; proxy_set_header X-Path $1; }
                     location ~ ^/redirect/(.*)$ { return 302 http://a/$1; }
                     location ~ ^/text/(.*)$ { add_header X-Path $1; return 200; }
                     location /uri/ { proxy_pass http://127.0.0.1:%(o)d$uri; } }""")

        def run(place, path):
            got = self.dialogue(get(b"/" + place + b"/" + path, b"Connection: close\r\n"))
            self.assertEqual(len(got), 1)
            self.assertNotIn("X-Evil", got[0].headers)
            for q in self.o.requests:
                self.assertNotIn("X-Evil", q.headers)
                self.assertEqual(q.version, "HTTP/1.1")
        self.cases([(p, b) for p in (b"capture", b"field", b"redirect", b"text", b"uri") for b in (
            b"a%0d%0aX-Evil:%201", b"a%0aX-Evil:%201", b"a%0dX-Evil:%201", b"a%20HTTP/1.1%0d%0aX-Evil:%201%0d%0a%0d%0aGET%20/b")], run)

    def test_upgrades(self):
        def origin(q):
            if q.target == "/ws" and q.headers.get("Upgrade") == "websocket":
                q.conn.send("HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nhello")
                q.conn.send(q.conn.read_exact(3))
                return CLOSE
            return Response(200, body=b"no")
        self.begin(handler=origin)
        ask = b"Connection: upgrade\r\nUpgrade: %s\r\n"
        with self.s.connect() as c:
            c.send(get(b"/ws", ask % b"websocket"))
            self.assertEqual(c.read_response().status, 101)
            self.assertEqual(c.read_exact(5), b"hello")
            c.send(b"abc")
            self.assertEqual(c.read_until_close(), b"abc")
        for token in (b"h2c", b"foo", b"h2c, websocket", b"TLS/1.0"):
            got = self.dialogue(get(b"/ws", ask % token) + get(b"/next", b"Connection: close\r\n"))
            self.assertEqual([g.status for g in got], [200, 200], token)
            self.assertNotIn("Upgrade", self.o.requests[-2].headers)
        # Refused by the origin: what follows is the next request.
        got = self.dialogue(get(b"/no", ask % b"websocket") + get(b"/next", b"Connection: close\r\n"))
        self.assertEqual([g.status for g in got], [200, 200])
        self.still_serves()


if __name__ == "__main__":
    main()
