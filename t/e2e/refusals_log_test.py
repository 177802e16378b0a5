#!/usr/bin/env python3
"""What the error log tells of each request that failed: client, server, request, upstream and the reason."""
from harness import *

CONF = """
    upstream resting { server 127.0.0.1:%(hang)d down; }
    upstream full { server 127.0.0.1:%(hang)d max_conns=1; }
    client_header_timeout 300ms; client_body_timeout 300ms; client_max_body_size 1k; large_client_header_buffers 2 1k; max_headers 5;
    server {
        listen 127.0.0.1:%(port)d; server_name www.test;
        location / { return 200 "read $request_body"; }
        location /hang { proxy_pass http://127.0.0.1:%(hang)d; proxy_ignore_client_abort off; }
        location /late { proxy_pass http://127.0.0.1:%(hang)d; proxy_read_timeout 200ms; }
        location /resting { proxy_pass http://resting; }
        location /full { proxy_pass http://full; }
        location /read { proxy_pass http://127.0.0.1:%(hang)d; }
    }"""
HEAD = " HTTP/1.1\r\nHost: www.test\r\n"


class RefusalsLog(SluiceTest):
    def begin(self):
        self.origin_port = self.raw_origin(HANG)
        self.s = self.sluice(CONF, hang=self.origin_port)

    def refused(self, status, request, level, reason, upstream=""):
        """Sends the request, wants that answer and one line with all there is to say."""
        line = request.partition(" HTTP/1.1")[0]
        with self.s.connect() as c:
            c.send(request)
            self.assertEqual(c.read_response().status, status, reason)
        self.logged(line, level, reason, upstream)

    def logged(self, line, level, reason, upstream=""):
        if upstream:
            upstream = ', upstream: "http://%s"' % upstream
        self.s.wait_log(r'\[%s\] \d+#\d+: \*\d+ %s, client: 127\.0\.0\.1, server: www\.test, request: "%s HTTP/1\.1"%s, host: "www\.test"'
                        % (level, reason, line, upstream))

    def test_what_the_client_did(self):
        self.begin()
        self.refused(408, "GET /a" + HEAD, "info", r"client timed out while reading client request headers \(110: Connection timed out\)")
        self.refused(408, "POST /read" + HEAD + "Content-Length: 9\r\n\r\nabc", "info",
                     r"client timed out \(110: Connection timed out\) while reading client request body")
        self.refused(413, "POST /c" + HEAD + "Content-Length: 2000\r\n\r\n", "error", "client intended to send too large body: 2000 bytes")
        self.refused(413, "POST /read" + HEAD + "Transfer-Encoding: chunked\r\n\r\n800\r\n" + "x" * 2048 + "\r\n0\r\n\r\n", "error",
                     "client intended to send too large chunked body")
        self.refused(400, "GET /e" + HEAD + "X: " + "x" * 2000 + "\r\n\r\n", "info",
                     "request header or cookie too large while reading client request")
        self.refused(400, "GET /f" + HEAD + "X: x\r\n" * 9 + "\r\n", "info", "too many header lines while reading client request")
        self.refused(400, "GET /g" + HEAD + "X : x\r\n\r\n", "info",
                     "white space before the colon of a header line while reading client request")
        with self.s.connect() as c:
            c.send("GET /" + "h" * 2000 + HEAD + "\r\n")
            self.assertEqual(c.read_response().status, 414)
        self.s.wait_log(r'\[info\] .*request line too long while reading client request, client: 127\.0\.0\.1, server: www\.test, request: "GET /hhh')

    def test_what_the_origin_did(self):
        self.begin()
        at = r"127\.0\.0\.1:%d" % self.origin_port.port
        self.refused(504, "GET /late" + HEAD + "\r\n", "error",
                     r"upstream timed out \(110: Connection timed out\) while reading response header from upstream", at + "/late")
        self.refused(502, "GET /resting" + HEAD + "\r\n", "error", "no live upstreams while connecting to upstream", "resting/resting")
        with self.s.connect() as c:
            c.send("GET /full" + HEAD + "\r\n")
            wait_for(lambda: self.origin_port.connections == 2, 5, "the origin's connection")
            self.refused(502, "GET /full" + HEAD + "\r\n", "error", "no live upstreams while connecting to upstream", "full/full")

    def test_a_client_that_left(self):
        self.begin()
        for number, leave in enumerate(("close", "reset"), 1):
            with self.s.connect() as c:
                c.send("GET /hang/%s" % leave + HEAD + "\r\n")
                wait_for(lambda: self.origin_port.connections == number, 5, "the origin's connection")
                getattr(c, leave)()
            self.s.wait_access(r'"GET /hang/%s HTTP/1\.1" 499 0 ' % leave)
            self.logged("GET /hang/" + leave, "info",
                        "client prematurely closed connection, so upstream connection is closed too.* "
                        "while reading response header from upstream", r"127\.0\.0\.1:%d/hang/%s" % (self.origin_port.port, leave))

    def test_a_head_too_large_has_an_error_page_of_its_own(self):
        """494 is nginx's name for it in error_page; 400 otherwise."""
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; large_client_header_buffers 2 1k; error_page 494 =431 /large; error_page 400 /bad;
                     location / { return 200 "$uri"; } }""")
        for field, status, body in (("X: " + "x" * 2000, 431, b"/large"), ("X : x", 400, b"/bad")):
            with s.connect() as c:
                c.send("GET /" + HEAD + field + "\r\n\r\n")
                got = c.read_response()
                self.assertEqual((got.status, got.body), (status, body))


if __name__ == "__main__":
    main()
