#!/usr/bin/env python3
"""Who may ask for what: allow and deny, limit_except, satisfy.

Everything here was seen to hold for nginx, too: SLUICE_BINARY=/usr/sbin/nginx."""
import socket

from harness import *


class Access(SluiceTest):
    def from_address(self, s, target, source, method="GET"):
        with s.connect(source=source) as c:
            c.send("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % (method, target))
            return c.read_response().status

    def serve(self, rest, **names):
        return self.sluice("server { listen 127.0.0.1:%(port)d; error_page 404 =200 @ok; location @ok { return 200 ok; } " + rest + " }", **names)

    def test_the_first_that_covers_counts(self):
        s = self.serve("""
            location /none { }
            location /allow { allow 127.0.0.1; }
            location /order { deny 127.0.0.1; allow 127.0.0.0/29; deny all; allow 127.0.0.9; }
            location /network { allow 127.0.0.8/30; deny 127.0.0.0/8; }
            location /other { deny ::1; deny unix:; deny 192.0.2.0/24; }
            location /all { allow all; deny all; }""")
        for target, first, second, ninth in (
                ("/none", 200, 200, 200), ("/allow", 200, 200, 200), ("/order", 403, 200, 403), ("/network", 403, 403, 200), ("/other", 200, 200, 200),
                ("/all", 200, 200, 200)):
            got = [self.from_address(s, target, "127.0.0.%d" % n) for n in (1, 2, 9)]
            self.assertEqual(got, [first, second, ninth], target)
        s.wait_log("access forbidden by rule")

    def test_other_families(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; listen [::1]:%(port)d; listen unix:%(prefix)s/sock;
            error_page 404 =200 @ok; location @ok { return 200 ok; }
            location /six { deny ::/127; } location /unix { deny unix:; } location /four { deny 0.0.0.0/0; } location /all { deny all; } }""")

        def ask(target, six=False, **how):
            with Conn(socket.create_connection(("::1", s.port), 10), 10) if six else s.connect(**how) as c:
                c.send("GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % target)
                return c.read_response().status
        for target, expected in (("/six", [200, 403, 200]), ("/unix", [200, 200, 403]), ("/four", [403, 200, 200]), ("/all", [403, 403, 403])):
            self.assertEqual([ask(target), ask(target, six=True), ask(target, unix=s.path("sock"))], expected, target)

    def test_inheritance(self):
        s = self.serve("""deny all; location /inner { allow 192.0.2.1; } location /kept { location /kept/open { allow all; } }""")
        self.assertEqual([s.get(t).status for t in ("/", "/inner", "/kept", "/kept/open")], [403, 200, 403, 200])

    def test_error_page_of_a_refusal(self):
        s = self.serve("""location /x { deny all; error_page 403 =200 /page; } location = /page { return 200 page; }""")
        self.assertEqual(s.get("/x").text, "page")


class LimitExcept(SluiceTest):
    def ask(self, s, target, method):
        with s.connect() as c:
            c.send("%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % (method, target))
            return c.read_response(method=method).status

    def test_methods(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d;
            location / { limit_except GET { deny all; } return 200; location /nested { return 200; } }
            location /post { limit_except post PUT { deny all; } return 200; }
            location /head { limit_except HEAD { deny all; } return 200; }
            location /else { deny all; limit_except GET { allow all; } } }""")
        for target, expected in (("/", [200, 200, 403, 403, 403]), ("/nested", [200] * 5), ("/post", [403, 403, 200, 200, 403]), ("/head", [403, 200, 403, 403, 403]),
                                 ("/else", [403, 403, 404, 405, 405])):
            self.assertEqual([self.ask(s, target, m) for m in ("GET", "HEAD", "POST", "PUT", "FOO")], expected, target)

    def test_other_content(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; location / { root html; limit_except GET { proxy_pass http://127.0.0.1:%(o)d; } }
            location /same { proxy_pass http://127.0.0.1:%(o)d; limit_except GET { allow 127.0.0.1; deny all; } } }""",
            o=self.origin(lambda req: Response(200, body="origin " + req.method)), start=False)
        s.write_file("html/f", "file")
        s.start()
        self.assertEqual((s.get("/f").text, s.post("/f", b"").text, s.post("/same", b"").text), ("file", "origin POST", "origin POST"))

    def test_error_page_and_rewriting(self):
        """The page is fetched with GET. The rewriting of the location is not for the other methods."""
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; error_page 403 /page;
            location / { limit_except GET { deny all; } rewrite ^/x$ /page; } location = /page { return 200 "page $request_method"; } }""")
        r = s.post("/x", b"")
        self.assertEqual((r.status, r.text, s.get("/x").text), (403, "page GET", "page GET"))


class Satisfy(SluiceTest):
    def serve(self, settings):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; location / { """ + settings + """ auth_request /auth; error_page 404 =200 @ok; }
            location @ok { return 200 ok; }
            location = /auth { proxy_pass http://127.0.0.1:%(o)d; } }""",
            o=self.origin(lambda req: Response(int(req.headers.get("x-say")), [("WWW-Authenticate", "Basic realm=r")])))
        return s

    def say(self, s, status):
        return s.get("/x", {"X-Say": str(status)})

    def test_any(self):
        s = self.serve("satisfy any; deny all;")
        self.assertEqual([self.say(s, n).status for n in (204, 401, 503)], [200, 401, 500])
        self.assertEqual(self.say(s, 401).headers["www-authenticate"], "Basic realm=r")
        self.assertNotIn("forbidden by rule", s.error_log)
        self.assertEqual(self.say(s, 403).status, 403)
        s.wait_log("access forbidden by rule")
        s = self.serve("satisfy any; allow all;")
        self.assertEqual([self.say(s, n).status for n in (204, 401, 403, 503)], [200] * 4)
        self.assertNotIn("www-authenticate", self.say(s, 401).headers)
        s = self.serve("satisfy any; allow 192.0.2.1;")  # no opinion
        self.assertEqual([self.say(s, n).status for n in (204, 401, 403)], [200, 401, 403])

    def test_all(self):
        for settings in ("", "satisfy all;"):
            s = self.serve(settings + " deny all;")
            self.assertEqual([self.say(s, n).status for n in (204, 401)], [403, 403])
            s = self.serve(settings + " allow all;")
            self.assertEqual([self.say(s, n).status for n in (204, 401, 403)], [200, 401, 403])


if __name__ == "__main__":
    main()
