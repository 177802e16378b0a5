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
        self.assertEqual(r.status, 500)  # of two errors the last one is told
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


class Forms(SluiceTest):
    """Everything here was seen to hold for nginx, too."""

    def serve(self, rest, **names):
        codes = "".join("location = /%d { return %d; } " % (code, code) for code in (401, 402, 403, 404, 405, 406, 409, 410, 411, 502))
        return self.sluice("""server { listen 127.0.0.1:%(port)d; uninitialized_variable_warn off; set $seen "${seen}s";
            location = /page { return 200 "page $request_method $args"; }
            location @named { return 200 "named $request_method $uri"; } """ + codes + rest + " }", **names)

    def check(self, s, rows):
        for target, status, text in rows:
            r = s.get(target)
            shown = r.headers.get("location", r.text)
            self.assertEqual((r.status, shown if "<html>" not in shown else ""), (status, text), target)

    def test_status(self):
        s = self.serve("""error_page 401 /page; error_page 402 =200 /page; error_page 403 =204 /page; error_page 404 405 = /teapot;
            error_page 406 =202 @named; error_page 409 = @named; error_page 410 @named; error_page 411 = @none; location = /teapot { return 418 short; }""")
        self.check(s, (("/401", 401, "page GET "), ("/402", 200, "page GET "), ("/403", 204, ""), ("/404", 418, "short"), ("/405", 418, "short"),
                       ("/406", 202, "named GET /406"), ("/409", 200, "named GET /409"), ("/410", 410, "named GET /410"), ("/411", 500, "")))
        s.wait_log('could not find named location "@none"')
        self.assertEqual((s.post("/401", b"").text, s.post("/409", b"").text), ("page GET ", "named POST /409"))
        self.assertEqual(s.request("HEAD", "/402").status, 200)

    def test_urls(self):
        s = self.serve("""error_page 401 http://x.test/; error_page 402 =301 https://x.test$uri; error_page 403 =404 http://x.test/; error_page 404 =308 other;""")
        self.check(s, (("/401", 302, "http://x.test/"), ("/402", 301, "https://x.test/402"), ("/403", 302, "http://x.test/"), ("/404", 308, "other")))

    def test_variables(self):
        s = self.serve("error_page 404 = $arg_to; error_page 403 /page?from=$uri; error_page 405 =200 $arg_to;")
        self.check(s, (("/404?to=/page", 200, "page GET "), ("/404?to=/page?z=1", 200, "page GET z=1"), ("/404?to=@named", 200, "named GET /404"),
                       ("/404?to=http://x.test/", 302, "http://x.test/"), ("/404?to=@none", 500, ""), ("/403", 403, "page GET from=/403"),
                       ("/405?to=@named", 200, "named GET /405")))

    def test_the_way_of_a_page(self):
        """A page goes through the server's own directives again, a named location does not."""
        s = self.serve("""error_page 404 /seen; error_page 403 @seen; error_page 402 /blocked; if ($uri = /blocked) { return 405; }
            location = /seen { return 200 $seen; } location @seen { return 200 $seen; }""")
        self.check(s, (("/404", 404, "ss"), ("/403", 403, "s"), ("/402", 405, "")))

    def test_a_page_that_fails(self):
        s = self.serve("error_page 502 =200 /404; error_page 404 /page;")
        self.check(s, (("/502", 404, ""), ("/404", 404, "page GET ")))
        s = self.serve("error_page 502 =200 /404; error_page 404 /page; recursive_error_pages on;")
        self.check(s, (("/502", 404, "page GET "),))

    def test_inheritance(self):
        s = self.serve("""error_page 404 /page; location /a/ { return 404; } location /b/ { error_page 403 /page; return 404; }
            location /if { error_page 404 /page; if ($arg_a) { error_page 404 @named; } return 404; }""")
        self.check(s, (("/a/", 404, "page GET "), ("/b/", 404, ""), ("/if", 404, "page GET "), ("/if?a=1", 404, "named GET /if")))

    def test_circles(self):
        s = self.serve("""recursive_error_pages on; error_page 404 /404; error_page 403 @circle; error_page 500 /page;
            location @circle { return 403; }""")
        self.check(s, (("/404", 500, ""), ("/403", 500, "")))
        s.wait_log('rewrite or internal redirection cycle while internally redirecting to "/404"')
        s.wait_log('rewrite or internal redirection cycle while redirect to named location "@circle"')

    def test_internal(self):
        s = self.serve("""error_page 404 /hidden/page; location /hidden/ { internal; return 200 hidden; } location /try { try_files /none /hidden/x; }""")
        self.check(s, (("/404", 404, "hidden"), ("/try", 200, "hidden"), ("/hidden/page", 404, "hidden")))


class Redirects(SluiceTest):
    """Where redirects made here lead."""

    def location(self, settings, host="a.test:99"):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; server_name first.test second.test; " + settings +
                        " location /folder { root %(prefix)s/html; } location / { return 301 /to; } }", start=False)
        s.write_file("html/folder/index.html", "")
        s.start()
        found = [s.get(target, {"Host": host}).headers["location"].replace(":%d" % s.port, ":PORT") for target in ("/", "/folder")]
        self.assertEqual(found[0].replace("/to", "/folder/"), found[1])
        return found[0]

    def test_all(self):
        for settings, expected in (
                ("", "http://a.test:PORT/to"), ("port_in_redirect off;", "http://a.test/to"), ("absolute_redirect off;", "/to"),
                ("server_name_in_redirect on;", "http://first.test:PORT/to"), ("server_name_in_redirect on; port_in_redirect off;", "http://first.test/to")):
            self.assertEqual(self.location(settings), expected, settings)

    def test_what_a_page_tells_is_about_the_error(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; error_page 404 /page.html; error_page 403 @told;
            location = /no { return 403; } location @told { return 200 "$status"; } location = /page { alias %(prefix)s/html/page.html; } }""")
        s.write_file("html/page.html", "page")
        self.assertEqual((s.get("/no").status, s.get("/no").body), (403, b"403"))
        page = s.get("/none")
        self.assertEqual((page.status, page.body), (404, b"page"))
        self.assertNotIn("last-modified", page.headers)
        self.assertIn("last-modified", s.get("/page").headers)


if __name__ == "__main__":
    main()
