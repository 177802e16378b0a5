#!/usr/bin/env python3
"""add_before_body and add_after_body: what subrequests answer stands around the answer."""
import re

from harness import *

CONF = """
    server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; add_header X-Uri $uri always;
        location /both/ { add_before_body /before.html; add_after_body /after.html; alias %(prefix)s/html/; }
        location /both/none/ { add_before_body ""; add_after_body ""; alias %(prefix)s/html/; }
        location /types/ { add_after_body /after.html; addition_types text/plain; alias %(prefix)s/html/; }
        location /any/ { add_after_body /after.html; addition_types *; alias %(prefix)s/html/; }
        location /said { default_type text/html; add_before_body /before.html; add_after_body /missing; return 200 "said\\n"; }
        location /wrong { default_type text/html; add_before_body /before.html; return 201 "said\\n"; }
        location /proxied/ { add_before_body /from/before; add_after_body /from/after; proxy_pass http://127.0.0.1:%(o)d; }
        location /from/ { proxy_pass http://127.0.0.1:%(o)d; }
        location /page { error_page 404 =200 /a.html; add_before_body /before.html; }
        location /words/ { sub_filter_once off; sub_filter o 0; add_before_body /before.html; add_after_body /theirs/after.html;
                           alias %(prefix)s/html/; }
        location /theirs/ { sub_filter_once off; sub_filter A 4; alias %(prefix)s/html/; }
    }"""
HTML = [("Content-Type", "text/html")]
ENDLESS = 4_000_000


class Addition(SluiceTest):
    def start(self, answer=lambda req: Response(200, HTML, body=req.target.encode() + b"\n"), conf=CONF):
        self.o = self.origin(answer)
        s = self.sluice(conf, o=self.o)
        for name, text in (("a.html", "own o\n"), ("a.txt", "text\n"), ("before.html", "BEFORE o\n"), ("after.html", "AFTER\n"),
                           ("a.bin", "binary\n")):
            s.write_file("html/" + name, text)
        return s

    def test_files(self):
        s = self.start()
        got = s.get("/both/a.html")
        self.assertEqual((got.status, got.text), (200, "BEFORE o\nown o\nAFTER\n"))
        self.assertEqual(got.headers["Transfer-Encoding"], "chunked")
        self.assertTrue(got.headers["ETag"].startswith('W/"'))
        self.assertEqual(got.headers.all("X-Uri"), ["/both/a.html"])
        self.assertNotIn("Accept-Ranges", got.headers)
        part = s.get("/both/a.html", {"Range": "bytes=0-1"})
        self.assertEqual((part.status, part.text), (200, got.text))
        head = s.request("HEAD", "/both/a.html")
        self.assertEqual((head.status, head.headers["ETag"], head.body), (200, got.headers["ETag"], b""))
        self.assertNotIn("Content-Length", head.headers)
        self.assertEqual(s.get("/both/a.html", {"If-None-Match": got.headers["ETag"]}).status, 304)

    def test_to_which_answers(self):
        s = self.start()
        for path, text in (("/both/a.txt", "text\n"), ("/both/none/a.html", "own o\n"), ("/types/a.html", "own o\nAFTER\n"),
                           ("/types/a.txt", "text\nAFTER\n"), ("/any/a.bin", "binary\nAFTER\n"), ("/wrong", "said\n")):
            self.assertEqual(s.get(path).text, text, path)
        got = s.get("/said").text
        self.assertTrue(got.startswith("BEFORE o\nsaid\n<html>"), got)  # and the page of a 404
        s.wait_log('missing" failed.*subrequest: "/missing"')

    def test_proxied(self):
        s = self.start()
        got = s.get("/proxied/x?a=1")
        self.assertEqual(got.text, "/from/before\n/proxied/x?a=1\n/from/after\n")
        self.assertEqual([r.method for r in self.o.requests], ["GET"] * 3)

    def test_an_encoded_answer_is_left_alone(self):
        s = self.start(lambda req: Response(200, HTML + [("Content-Encoding", "gzip")], body=b"zipped"))
        if not STAND_IN:
            self.assertEqual(s.get("/proxied/x").body, b"zipped")

    def test_each_part_has_filters_of_its_own(self):
        s = self.start()
        self.assertEqual(s.get("/words/a.html").text, "BEFORE o\n0wn 0\n4FTER\n")

    def test_large_parts_for_a_slow_client(self):
        def large(req):
            letter = {"/from/before": b"b", "/from/after": b"a"}.get(req.target, b"m")
            return Response(200, HTML, body=(letter * 100_000 for _ in range(40)))
        s = self.start(large)
        c = s.connect()
        c.request("GET", "/proxied/x")
        time.sleep(0.2)
        self.assertEqual(c.read_response().body, b"b" * ENDLESS + b"m" * ENDLESS + b"a" * ENDLESS)

    def test_files_larger_than_a_buffer(self):
        s = self.start()
        for name, letter in (("before", "b"), ("a", "m"), ("after", "a")):
            s.write_file("html/%s.html" % name, letter * ENDLESS)
        c = s.connect()
        for _ in range(2):
            c.request("GET", "/both/a.html")
            self.assertEqual(c.read_response().text, "b" * ENDLESS + "m" * ENDLESS + "a" * ENDLESS)

    @unittest.skipIf(STAND_IN, "it ends such an answer as if it were whole")
    def test_a_part_that_breaks_off(self):
        def broken(req):
            if req.target == "/from/before":
                req.conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
                return CLOSE
            return Response(200, HTML, body=b"whole")
        s = self.start(broken)
        c = s.connect()
        c.request("GET", "/proxied/x")
        got = c.read_until_close()
        self.assertIn(b"half", got)
        self.assertFalse(got.endswith(b"0\r\n\r\n"))

    @unittest.skipIf(STAND_IN, "it says less")
    def test_a_client_that_leaves(self):
        for at in ("/from/before", "/proxied/x", "/from/after"):
            def hang(req):
                return HANG if req.target == at else Response(200, HTML, body=b"x")
            s = self.start(hang, CONF.replace("root", "error_log %(prefix)s/logs/error.log info; root", 1))
            c = s.connect()
            c.request("GET", "/proxied/x")
            wait_for(lambda: any(r.target == at for r in self.o.requests), 5, at)
            c.reset()
            s.wait_log("while reading response header from upstream.*%s" % re.escape(at))
            s.wait_access('" (200|499) ')

    def test_the_worker_stops_meanwhile(self):
        s = self.start(lambda req: HANG if req.target == "/from/after" else Response(200, HTML, body=b"x"))
        c = s.connect()
        c.request("GET", "/proxied/x")
        wait_for(lambda: any(r.target == "/from/after" for r in self.o.requests), 5, "the last part")
        s.stop("TERM")

    def test_log_subrequest(self):
        s = self.start(conf="log_subrequest on; log_format l '$uri $status $body_bytes_sent'; " + CONF.replace(
            "root", "access_log %(prefix)s/logs/access.log l; root", 1))
        s.get("/both/a.html")
        s.wait_access("(?m)^/before.html 200 ")
        s.wait_access("(?m)^/after.html 200 ")
        s.wait_access("(?m)^/both/a.html 200 %s$" % (r"\d+" if STAND_IN else 21))


if __name__ == "__main__":
    main()
