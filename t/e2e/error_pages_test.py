#!/usr/bin/env python3
"""error_page over proxied answers and failures, and what error pages keep to themselves."""
from harness import *


class ErrorPages(SluiceTest):
    def serve(self, rest, handler=None, **names):
        self.o = self.origin(handler or (lambda req: Response(int(req.target[1:4]), [("X-From", "origin")], b"origin's own")))
        s = self.sluice("server { listen 127.0.0.1:%(port)d; root html; " + rest + " }", o=self.o, start=False, **names)
        s.write_file("html/page.html", "our page")
        s.write_file("html/other.html", "other page")
        return s.start()

    def test_without_intercept_the_origin_speaks(self):
        s = self.serve("error_page 404 /page.html; location / { proxy_pass http://127.0.0.1:%(o)d; } location = /page.html { }")
        self.assertEqual((s.get("/404").status, s.get("/404").text), (404, "origin's own"))

    def test_intercept(self):
        s = self.serve("""error_page 404 500 /page.html; error_page 403 =200 /page.html; error_page 401 = /page.html;
            location / { proxy_pass http://127.0.0.1:%(o)d; proxy_intercept_errors on; } location = /page.html { }""")
        for status, shown in ((404, 404), (500, 500), (403, 200), (401, 200)):
            r = s.get("/%d" % status)
            self.assertEqual((r.status, r.text), (shown, "our page"), status)
            self.assertNotIn("x-from", r.headers)
        self.assertEqual(s.get("/410").text, "origin's own")  # no page for it
        self.assertEqual(s.request("HEAD", "/404").status, 404)
        self.assertEqual(s.post("/404", b"body").text, "our page")

    def test_challenges_survive(self):
        s = self.serve("""error_page 401 /page.html; location / { proxy_pass http://127.0.0.1:%(o)d; proxy_intercept_errors on; }
            location = /page.html { }""", lambda req: Response(401, [("WWW-Authenticate", "Basic realm=x")], b"no"))
        r = s.get("/")
        self.assertEqual((r.status, r.headers["www-authenticate"], r.text), (401, "Basic realm=x", "our page"))

    def test_redirects_and_named_locations(self):
        s = self.serve("""error_page 502 = @fallback; error_page 404 http://elsewhere.test/; error_page 410 =301 /page.html;
            location / { proxy_pass http://127.0.0.1:%(o)d; proxy_intercept_errors on; }
            location /dead { proxy_pass http://127.0.0.1:%(dead)d; }
            location = /page.html { }
            location @fallback { proxy_pass http://127.0.0.1:%(second)d; }""",
            second=self.origin(lambda req: Response(200, body="second " + req.method + " " + req.target)), dead=free_port())
        self.assertEqual(s.get("/dead/a?b").text, "second GET /dead/a?b")
        self.assertEqual(s.post("/502", b"x").text, "second POST /502")
        r = s.get("/404")
        self.assertEqual((r.status, r.headers["location"]), (302, "http://elsewhere.test/"))

    def test_error_pages_from_a_proxy(self):
        pages = self.origin(lambda req: Response(200, body="page " + req.target + " " + req.method))
        s = self.serve("""error_page 404 502 /errors/; location / { proxy_pass http://127.0.0.1:%(o)d; proxy_intercept_errors on; }
            location /errors/ { proxy_pass http://127.0.0.1:%(pages)d; }""", pages=pages)
        r = s.post("/404", b"x")
        self.assertEqual((r.status, r.text), (404, "page /errors/ GET"))
        self.assertEqual(pages.requests[0].body, b"")

    def test_recursion(self):
        rest = """error_page 404 /500; error_page 500 /page.html; %s
            location / { proxy_pass http://127.0.0.1:%%(o)d; proxy_intercept_errors on; } location = /page.html { }"""
        r = self.serve(rest % "").get("/404")
        self.assertEqual(r.status, 404)
        self.assertNotEqual(r.text, "our page")
        r = self.serve(rest % "recursive_error_pages on;").get("/404")
        self.assertEqual(r.text, "our page")
        s = self.serve("""recursive_error_pages on; error_page 404 /404; location / { proxy_pass http://127.0.0.1:%(o)d; proxy_intercept_errors on; }""")
        self.assertIn(s.get("/404").status, (404, 500))  # a circle ends
        self.assertLess(len(self.o.requests), 20)

    def test_a_page_that_is_missing(self):
        s = self.serve("error_page 502 /nothing.html; location / { proxy_pass http://127.0.0.1:%(dead)d; } location = /nothing.html { }", dead=free_port())
        self.assertIn(s.get("/").status, (404, 502))

    def test_our_pages_say_nothing_about_backends(self):
        dead = free_port()
        s = self.serve("""location /dead { proxy_pass http://127.0.0.1:%(dead)d/secret-path; }
            location /slow { proxy_pass http://127.0.0.1:%(slow)d; proxy_read_timeout 200ms; }
            location /group { proxy_pass http://secret-group; }
            location /bad { proxy_pass http://127.0.0.1:%(o)d; } }
            upstream secret-group { server 127.0.0.1:%(dead)d down; } server { listen 127.0.0.1:%(port2)d;""",
            lambda req: b"secret nonsense\r\n\r\n", dead=dead, slow=self.origin(lambda req: HANG))
        for target, status in (("/dead", 502), ("/slow", 504), ("/group", 502), ("/bad", 502)):
            r = s.get(target)
            self.assertEqual(r.status, status, target)
            for word in (b"127.0.0.1", b"secret", str(dead).encode(), b"upstream"):
                self.assertNotIn(word, r.raw)
            self.assertIn(str(status), r.text)


if __name__ == "__main__":
    main()
