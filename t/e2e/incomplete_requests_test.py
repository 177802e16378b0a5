#!/usr/bin/env python3
"""Requests that never become whole, and bodies nobody wanted: what the access log says of them."""

from harness import *

FORMAT = """log_format mine '[$request] $status sent=$bytes_sent length=$request_length requests=$connection_requests method=$request_method';
            access_log logs/access.log mine;"""


class IncompleteRequests(SluiceTest):
    def lines(self, s, count):
        wait_for(lambda: len(s.access_log.splitlines()) >= count, 5, "%d lines in the access log" % count)
        return s.access_log.splitlines()

    def test_a_client_that_leaves_within_the_head(self):
        s = self.sluice(FORMAT + "server { listen 127.0.0.1:%(port)d; return 204; }")
        for i, (sent, logged) in enumerate((
                ("GET / HT", r"[GET / HT] 400 sent=0 length=0 requests=1 method=-"),
                ("GET /x HTTP/1.1\r\nHost: a\r\nUser", r"[GET /x HTTP/1.1] 400 sent=0 length=0 requests=1 method=GET"),
                ("\r\n\r\n", r"[] 400 sent=0 length=0 requests=1 method=-"))):
            with s.connect() as c:
                c.send(sent)
                c.shutdown_write()
                self.assertEqual(c.read_until_close(), b"")
            self.assertEqual(self.lines(s, i + 1)[i], logged)
        s.wait_log(r"\[info\] .*client prematurely closed connection while reading client request headers, client: .*GET /x HTTP/1.1")

    def test_between_requests_nothing_is_logged(self):
        s = self.sluice(FORMAT + "server { listen 127.0.0.1:%(port)d; return 204; }")
        with s.connect():
            pass
        with s.connect() as c:
            c.request("GET", "/")
            c.read_response()
        with s.connect() as c:
            c.request("GET", "/")
            c.read_response()
            c.send("GET /b")
        lines = self.lines(s, 3)
        self.assertTrue(lines[2].startswith("[GET /b] 400 sent=0 length=0 requests=2"), lines)
        s.stop()
        self.assertEqual(len(s.access_log.splitlines()), 3)

    def test_a_head_that_takes_too_long(self):
        s = self.sluice(FORMAT + """client_header_timeout 200ms;
            server { listen 127.0.0.1:%(port)d; access_log logs/other.log; }
            server { listen 127.0.0.1:%(port)d; server_name mine; }""")
        with s.connect() as c:
            self.assertTrue(c.closed_within(5))  # without a byte it was no request
        with s.connect() as c:
            c.send("GET /slow HTTP/1.1\r\nHost: mine\r\nX-")
            self.assertEqual(c.read_response().status, 408)
        self.assertRegex(self.lines(s, 1)[0], r"\[GET /slow HTTP/1.1\] 408 sent=\d+ length=\d+ requests=1 method=GET")
        self.assertFalse(os.path.getsize(s.path("logs/other.log")))

    def test_bad_heads(self):
        s = self.sluice(FORMAT + "server { listen 127.0.0.1:%(port)d; return 204; }")
        for i, (sent, logged) in enumerate((
                ("FOO\r\n\r\n", r"\[FOO\] 400 sent=\d+ "), ("\x16\x03\x01\r\n", r"\[\\x16\\x03\\x01\] 400 "),
                ("GET / HTTP/1.1\r\n\r\n", r"\[GET / HTTP/1.1\] 400 "),
                ("GET /" + "a" * 9000 + " HTTP/1.1\r\nHost: x\r\n\r\n", r"\[GET /a{8000,9000}[^]]*\] 414 "),
                ("GET / HTTP/1.1\r\nHost: x\r\nX: " + "a" * 9000 + "\r\n\r\n", r"\[GET / HTTP/1.1\] 400 "))):
            with s.connect() as c:
                c.send(sent)
                c.read_response()
            self.assertRegex(self.lines(s, i + 1)[i], logged)

    def test_length_counts_every_body(self):
        origin = self.origin(lambda req: Response(204))
        s = self.sluice(FORMAT + """server { listen 127.0.0.1:%(port)d;
            location /discarded { return 204; } location /buffered { proxy_pass http://127.0.0.1:%(o)d; }
            location /streamed { proxy_request_buffering off; proxy_pass http://127.0.0.1:%(o)d; } }""", o=origin)
        count = 0
        for target in ("/discarded", "/buffered", "/streamed"):
            for framing, body in (("Content-Length: 5", b"hello"), ("Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n")):
                head = "POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (target, framing)
                with s.connect() as c:
                    c.send(head)
                    time.sleep(0.05)  # the body is not there when the head is
                    c.send(body)
                    c.methods.append("POST")
                    self.assertEqual(c.read_response().status, 204)
                    count += 1
                    self.assertIn("length=%d " % (len(head) + len(body)), self.lines(s, count)[-1], target)


if __name__ == "__main__":
    main()
