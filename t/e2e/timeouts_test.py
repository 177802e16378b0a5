#!/usr/bin/env python3
"""Origins that refuse, are silent or break off: the status, how long it takes, and the line in the error log."""
import socket

from harness import *

SERVER = "server { listen 127.0.0.1:%(port)d; server_name www.test; "
TAIL = (r', client: 127\.0\.0\.1, server: www\.test, request: "GET /x\?y HTTP/1\.1", upstream: "http://127\.0\.0\.1:%d/x\?y", '
        r'host: "www\.test", referrer: "http://ref/"')


class Timeouts(SluiceTest):
    def ask(self, origin, location="", method="GET", body=None):
        self.s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; " + location + " } }", o=origin)
        begin = time.monotonic()
        response = self.s.request(method, "/x?y", [("Referer", "http://ref/")], body, host="www.test")
        self.took = time.monotonic() - begin
        return response

    def logged(self, origin, text):
        self.s.wait_log(r"\[error\] \d+#\d+: \*\d+ " + text + TAIL % getattr(origin, "port", origin))

    def test_refused(self):
        o = self.origin()
        o.refuse()
        r = self.ask(o)
        self.assertEqual(r.status, 502)
        self.logged(o, r"connect\(\) failed \(111: Connection refused\) while connecting to upstream")

    def test_deaf(self):
        """A listener whose queue is full: connections are never made."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            port = listener.getsockname()[1]
            fill = [socket.socket() for _ in range(3)]
            for sock in fill:
                sock.setblocking(False)
                sock.connect_ex(("127.0.0.1", port))
            r = self.ask(port, "proxy_connect_timeout 300ms;")
            self.assertEqual(r.status, 504)
            self.assertTrue(0.25 < self.took < 1.5 * SLOW, self.took)
            self.logged(port, r"upstream timed out \(110: Connection timed out\) while connecting to upstream")
            for sock in fill:
                sock.close()

    def test_silent(self):
        o = self.origin(lambda req: HANG)
        r = self.ask(o, "proxy_read_timeout 300ms;")
        self.assertEqual(r.status, 504)
        self.assertTrue(0.25 < self.took < 1.5 * SLOW, self.took)
        self.logged(o, r"upstream timed out \(110: Connection timed out\) while reading response header from upstream")

    def test_does_not_read(self):
        o = self.raw_origin(HANG)
        r = self.ask(o, "proxy_send_timeout 300ms; client_max_body_size 0;", "POST", b"x" * 20_000_000)
        self.assertEqual(r.status, 504)
        self.s.wait_log(r"upstream timed out \(110: Connection timed out\) while sending request to upstream, client")

    def test_half_a_head(self):
        for end, text in ((b"HTTP/1.1 200 OK\r\nX: ", "upstream prematurely closed connection"), (b"", "upstream prematurely closed connection")):
            o = self.raw_origin(lambda conn: (conn.read_request(), conn.send(end))[1])
            self.assertEqual(self.ask(o).status, 502)
            self.logged(o, text + " while reading response header from upstream")

    def test_reset(self):
        o = self.origin(lambda req: RESET)
        self.assertEqual(self.ask(o).status, 502)
        self.logged(o, r"recv\(\) failed \(104: Connection reset by peer\) while reading response header from upstream")

    def test_nonsense(self):
        for data in (b"HTTP/1.1 2000 OK\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"):
            o = self.origin(lambda req: data)
            self.assertEqual(self.ask(o).status, 502)
            self.s.wait_log(r"\[error\].* while reading response header from upstream, client: ")

    def test_a_large_head(self):
        o = self.origin(lambda req: Response(200, [("X-Large", "x" * 5000)], b"y"))
        self.assertEqual(self.ask(o).status, 200)
        self.assertEqual(self.ask(o, "proxy_buffer_size 4k;").status, 502)
        self.logged(o, "upstream sent too big header while reading response header from upstream")

    def test_silence_in_the_middle(self):
        def half(req):
            req.conn.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            return HANG
        o = self.origin(half)
        s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; proxy_read_timeout 300ms; } }", o=o)
        with s.connect() as c:
            c.request("GET", "/", {}, None, "x")
            c.read_until("half")
            self.assertEqual(c.read_until_close(), b"")
        s.wait_log(r"upstream timed out \(110: Connection timed out\) while reading upstream, client: ")

    def test_time_is_counted_between_reads(self):
        def drip():
            for _ in range(6):
                time.sleep(0.15)
                yield b"x"
        o = self.origin(lambda req: Response(200, body=drip()))
        self.assertEqual(self.ask(o, "proxy_read_timeout 600ms;").body, b"xxxxxx")

    def test_a_client_that_does_not_read(self):
        o = self.origin(lambda req: Response(200, body=b"x" * 30_000_000))
        s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; send_timeout 300ms; } }", o=o)
        with s.connect() as c:
            c.request("GET", "/", {}, None, "x")
            s.wait_log(r"client timed out \(110: Connection timed out\) while sending")

    def test_proxy_bind(self):
        seen = []

        def peer(req):
            seen.append(req.conn.sock.getpeername()[0])
            return Response(200)
        self.assertEqual(self.ask(self.origin(peer), "proxy_bind 127.0.0.5; proxy_socket_keepalive on;").status, 200)
        self.assertEqual(self.ask(self.origin(peer), "proxy_bind $http_referer; proxy_http_version 1.0;").status, 200)  # no address: no binding
        self.assertEqual(seen, ["127.0.0.5", "127.0.0.1"])


if __name__ == "__main__":
    main()
