#!/usr/bin/env python3
"""auth_request: a subrequest says whether a request is served, and auth_request_set keeps what it said."""
from harness import *

CONF = """
    server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; error_log %(prefix)s/logs/error.log info;
        add_header X-User $user always;
        location / { auth_request /auth; auth_request_set $user $upstream_http_x_user; }
        location = /auth { internal; proxy_pass http://127.0.0.1:%(judge)d/judge; proxy_set_header X-URI $request_uri;
                           proxy_set_header X-Method $request_method; }
        location /page/ { auth_request /auth; auth_request_set $user $upstream_http_x_user; error_page 401 = @login; }
        location @login { return 200 "login $user"; }
        location /short/ { auth_request /bare; proxy_pass http://127.0.0.1:%(origin)d; }
        location = /bare { internal; proxy_pass http://127.0.0.1:%(judge)d/judge; proxy_pass_request_body off;
                           proxy_set_header Content-Length ""; proxy_set_header X-URI $request_uri;
                           proxy_set_header X-Method $request_method; }
        location /off/ { auth_request off; try_files /a.txt =404; }
        location /proxied/ { auth_request /auth; proxy_pass http://127.0.0.1:%(origin)d; }
        location /none/ { auth_request /missing; }
        location = /missing { internal; auth_request off; }
        location /local/ { auth_request /yes; try_files /a.txt =404; }
        location = /yes { return 204; }
        location /no/ { auth_request /forbidden; }
        location = /forbidden { return 403; }
        location /gone/ { auth_request /dropped; }
        location = /dropped { return 444; }
    }"""


def judge(req):
    """Says what the X-Want field asks for."""
    want = req.headers.get("X-Want", "200")
    if req.headers.get("X-Size") == "chunks":
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n"
    fields = [("X-User", "bob")]
    if want == "401":
        fields += [("WWW-Authenticate", 'Basic realm="a"'), ("WWW-Authenticate", "Bearer")]
    return Response(int(want), fields, body=b"x" * int(req.headers.get("X-Size", "0")))


class AuthRequest(SluiceTest):
    def start(self, conf=None, **names):
        self.judge = self.origin(judge)
        self.asked = self.origin(lambda req: Response(200, body=b"served " + req.body))
        s = self.sluice(CONF if conf is None else conf, judge=self.judge, origin=self.asked, **names)
        s.write_file("html/a.txt", "hello")
        return s

    def test_what_the_answer_means(self):
        s = self.start()
        for want, status in (("200", 200), ("204", 200), ("299", 200), ("401", 401), ("403", 403), ("302", 500), ("404", 500),
                             ("500", 500)):
            self.assertEqual(s.get("/a.txt", {"X-Want": want}).status, status, want)
        s.wait_log("auth request unexpected status: 302")
        got = s.get("/a.txt", {"X-Want": "401"})
        self.assertEqual(got.headers.all("WWW-Authenticate")[0], 'Basic realm="a"')
        if not STAND_IN:
            self.assertEqual(got.headers.all("WWW-Authenticate"), ['Basic realm="a"', "Bearer"])
        self.assertNotIn("WWW-Authenticate", s.get("/a.txt", {"X-Want": "403"}).headers)

    def test_what_is_asked(self):
        s = self.start()
        # nginx would announce the body that it does not send, were it not for the directives of /bare.
        for path in ("/short/x?a=1",) if STAND_IN else ("/short/x?a=1", "/proxied/x?a=1"):
            got = s.request("POST", path, {"X-Mine": "yes", "Content-Length": "5", "Content-Type": "text/x"}, b"hello")
            self.assertEqual((got.status, got.body), (200, b"served hello"))
            asked = self.judge.requests[-1]
            self.assertEqual((asked.method, asked.target, asked.body), ("GET", "/judge", b""))
            self.assertEqual([asked.headers.get(n) for n in ("X-URI", "X-Method", "X-Mine")], [path, "POST", "yes"])
            self.assertNotIn("Transfer-Encoding", asked.headers)
            self.assertNotIn("Content-Length", asked.headers)

    def test_variables_are_kept(self):
        s = self.start()
        self.assertEqual(s.get("/a.txt").headers.get("X-User"), "bob")
        self.assertEqual(s.get("/a.txt", {"X-Want": "403"}).headers.get("X-User"), "bob")

    def test_the_error_page_of_a_refusal(self):
        s = self.start()
        got = s.get("/page/x", {"X-Want": "401"})
        self.assertEqual((got.status, got.body), (200, b"login bob"))
        self.assertEqual(got.headers.all("WWW-Authenticate")[:1], ['Basic realm="a"'])

    def test_off_and_answers_of_our_own(self):
        s = self.start()
        self.assertEqual([s.get(p).status for p in ("/off/x", "/local/x", "/no/x", "/none/x")], [200, 200, 403, 500])
        self.assertEqual(len(self.judge.requests), 0)
        s.wait_log('html/missing" failed .*request: "GET /none/x HTTP/1.1", subrequest: "/missing"')
        if not STAND_IN:  # which closes the client's connection
            self.assertEqual(s.get("/gone/x").status, 500)

    def test_guards_do_not_guard_the_subrequest(self):
        s = self.start("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; auth_request /auth;
                          location = /auth { proxy_pass http://127.0.0.1:%(judge)d; } }""")
        self.assertEqual(s.get("/a.txt").status, 200)
        self.assertEqual(len(self.judge.requests), 1)

    def test_satisfy(self):
        s = self.start("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; auth_request /auth;
            location /denied/ { satisfy any; deny all; alias %(prefix)s/html/; }
            location /allowed/ { satisfy any; allow all; alias %(prefix)s/html/; }
            location /both/ { satisfy all; allow all; alias %(prefix)s/html/; }
            location = /auth { proxy_pass http://127.0.0.1:%(judge)d; } }""")
        for path, want, status in (("denied", "200", 200), ("denied", "401", 401), ("denied", "403", 403), ("denied", "500", 500),
                                   ("allowed", "401", 200), ("both", "200", 200), ("both", "401", 401)):
            got = s.get("/%s/a.txt" % path, {"X-Want": want})
            self.assertEqual((got.status, "WWW-Authenticate" in got.headers), (status, status == 401), (path, want))

    def test_the_judges_connection_is_kept(self):
        s = self.start("""upstream judge { server 127.0.0.1:%(judge)d; keepalive 4; }
                          server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; location / { auth_request /auth; }
                          location = /auth { proxy_pass http://judge; proxy_http_version 1.1; proxy_set_header Connection ""; } }""")
        for size in ("0", "1000", "chunks", "1000", "0"):
            self.assertEqual(s.get("/a.txt", {"X-Size": size}).status, 200)
        if not STAND_IN:
            self.assertEqual(self.judge.connections, 1)
        # Nobody reads away what is long.
        self.assertEqual(s.get("/a.txt", {"X-Size": "10000000"}).status, 200)

    def test_a_body_that_does_not_end_holds_nothing_up(self):
        def slow(req):
            req.conn.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            return HANG
        self.slow = self.origin(slow)
        s = self.start("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; limit_rate 10;
                          location / { limit_rate 0; auth_request /auth; }
                          location /short/ { limit_rate 0; auth_request /judge; alias %(prefix)s/html/; }
                          location = /judge { proxy_pass http://127.0.0.1:%(judge)d; }
                          location = /auth { proxy_pass http://127.0.0.1:%(slow)d; } }""", slow=self.slow)
        self.assertEqual(s.get("/a.txt").status, 200)
        self.assertEqual(s.get("/short/a.txt", {"X-Size": "5000"}).status, 200)  # nor does its rate

    def test_log_subrequest(self):
        s = self.start("""log_format l "$uri $request_uri $request_method $status $body_bytes_sent";
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; access_log %(prefix)s/logs/access.log l;
                     location / { auth_request /auth; }
                     location /logged/ { auth_request /auth2; alias %(prefix)s/html/; }
                     location = /auth2 { log_subrequest on; proxy_pass http://127.0.0.1:%(judge)d; }
                     location = /auth { proxy_pass http://127.0.0.1:%(judge)d; } }""")
        s.get("/a.txt", {"X-Size": "100"})
        s.request("HEAD", "/logged/a.txt")
        s.wait_access(r"/a.txt /a.txt GET 200 5\n/auth2 /logged/a.txt HEAD 200 0\n/logged/a.txt /logged/a.txt HEAD 200 0\n")

    def test_an_upgrade_is_not_the_subrequests(self):
        s = self.start()
        s.get("/a.txt", {"Connection": "upgrade", "Upgrade": "websocket"})
        self.assertNotIn("Upgrade", self.judge.requests[0].headers)

    def test_a_client_that_leaves(self):
        hanging = self.origin(lambda req: HANG)
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; error_log %(prefix)s/logs/error.log info;
                           location / { auth_request /auth; }
                           location = /auth { proxy_pass http://127.0.0.1:%(hanging)d; } }""", hanging=hanging)
        c = s.connect()
        c.request("GET", "/")
        hanging.wait_requests(1)
        c.reset()
        s.wait_log('client prematurely closed connection.*subrequest: "/auth", upstream: "http')
        s.wait_access('" 499 ')


if __name__ == "__main__":
    main()
