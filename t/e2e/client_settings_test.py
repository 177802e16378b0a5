#!/usr/bin/env python3
"""Settings of the client's side that have no topic of their own: each makes the difference it says."""
from harness import *


class ClientSettings(SluiceTest):
    def test_chunked_transfer_encoding(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; }
                     location /plain { chunked_transfer_encoding off; proxy_pass http://127.0.0.1:%(o)d; } }""",
                        o=self.origin(lambda req: Response(200, body=iter([b"one ", b"two"]))))
        for path, coding, connection in (("/", "chunked", "keep-alive"), ("/plain", None, "close")):
            with s.connect() as c:
                c.request("GET", path)
                got = c.read_response()
                self.assertEqual((got.headers.get("Transfer-Encoding"), got.headers["Connection"], got.body),
                                 (coding, connection, b"one two"))

    def test_lingering_close(self):
        """Bytes that follow a refusal: read away while it lingers, answered by a reset when not."""
        s = self.sluice("""
            lingering_timeout 2s;
            server { listen 127.0.0.1:%(port)d; location / { return 403; } location /off { lingering_close off; return 403; }
                     location /always { lingering_close always; return 403; } }""")

        def was_reset(path, length):
            with s.connect() as c:
                c.send("POST %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % (path, length))
                self.assertEqual(c.read_response().status, 403)
                self.assertTrue(c.closed_within(1))
                try:
                    for _ in range(3):
                        c.send(b"x" * 10)
                        time.sleep(0.1)
                except OSError:
                    return True
                return False
        self.assertEqual([was_reset("/", 100), was_reset("/off", 100), was_reset("/always", 100)], [False, True, False])
        self.assertEqual([was_reset("/", 0), was_reset("/off", 0), was_reset("/always", 0)], [True, True, False])

    def test_ignore_invalid_headers(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } }
            server { listen 127.0.0.1:%(port2)d; ignore_invalid_headers off; location / { proxy_pass http://127.0.0.1:%(o)d; } }""",
                        o=self.origin(lambda req: Response(200, body=" ".join(n for n, _ in req.headers).encode())))
        for port, status in ((s.port, 200), (s.names["port2"], 400)):
            with s.connect(port=port) as c:
                c.send("GET / HTTP/1.1\r\nHost: a\r\nX.y: 1\r\nX{y: 1\r\n\r\n")
                got = c.read_response()
                self.assertEqual(got.status, status)
                self.assertNotIn(b"X{y", got.body)

    def test_limit_rate_after(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; limit_rate 20k; root %(prefix)s/html; location /after/ { alias %(prefix)s/html/; limit_rate_after 50k; } }""")
        s.write_file("html/f", "x" * 40_000)

        def took(path):
            begin = time.monotonic()
            self.assertEqual(len(s.get(path).body), 40_000)
            return time.monotonic() - begin
        self.assertGreater(took("/f"), 0.9)
        self.assertLess(took("/after/f"), 0.7 * SLOW)

    def test_server_name_in_redirect(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; server_name first.test *.test; port_in_redirect off;
                     location / { return 301 /x; } location /name { server_name_in_redirect on; return 301 /x; } }""")
        self.assertEqual([s.get(path, host="other.test").headers["Location"] for path in ("/", "/name")],
                         ["http://other.test/x", "http://first.test/x"])

    def test_heads_larger_than_the_first_buffer(self):
        s = self.sluice("""
            client_header_buffer_size 128; server { listen 127.0.0.1:%(port)d; return 200 "$http_x"; }""")
        self.assertEqual(s.get("/", [("X", "y" * 7000)]).body, b"y" * 7000)

    def test_a_body_in_a_variable(self):
        s = self.sluice("""
            client_body_in_single_buffer on;
            server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; proxy_set_body "<$request_body>"; } }""",
                        o=self.origin(lambda req: Response(200, body=req.body)))
        with s.connect() as c:
            c.send("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9000\r\n\r\n")
            for part in (b"a", b"b", b"c"):
                c.send(part * 3000)
                time.sleep(0.05)
            self.assertEqual(c.read_response().body, b"<" + b"a" * 3000 + b"b" * 3000 + b"c" * 3000 + b">")


class Browsers(SluiceTest):
    """keepalive_disable: browsers of old times get one answer on a connection."""
    OLD = "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"
    MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.0 Safari/605.1.15"

    def test_all(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; location / { return 200 x; } location /none { keepalive_disable none; return 200 x; }
            location /safari { keepalive_disable safari; return 200 x; } location /both { keepalive_disable msie6 safari; return 200 x; } }""")
        chrome = self.MAC.replace("Version/15.0", "Chrome/100.0")
        for method, path, agent, kept in (
                ("GET", "/", self.OLD, True), ("POST", "/", self.OLD, False), ("POST", "/", self.OLD.replace("6.0", "7.0"), True),
                ("POST", "/", self.OLD + " Opera 8", True), ("POST", "/", "MSIE 6", True), ("POST", "/none", self.OLD, True),
                ("POST", "/safari", self.OLD, True), ("GET", "/safari", self.MAC, False), ("GET", "/", self.MAC, True),
                ("GET", "/safari", chrome, True), ("GET", "/both", self.MAC, False), ("POST", "/both", self.OLD, False)):
            with s.connect() as c:
                c.request(method, path, [("User-Agent", agent), ("Content-Length", "0")])
                self.assertEqual(c.read_response().headers["connection"], "keep-alive" if kept else "close", (method, path, agent))


if __name__ == "__main__":
    main()
