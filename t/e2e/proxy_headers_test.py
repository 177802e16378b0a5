#!/usr/bin/env python3
"""What a request looks like at the origin, and its answer at the client."""
from harness import *

SERVER = "server { listen 127.0.0.1:%(port)d; "


class RequestFields(SluiceTest):
    def seen(self, locations, target="/", headers=(), method="GET", body=None, http="", **names):
        """The request as the origin saw it."""
        origin = self.origin()
        s = self.sluice(http + SERVER + locations + " }", o=origin, **names)
        response = s.request(method, target, headers, body)
        self.assertEqual(response.status, 200, s.error_log)
        return origin.requests[0]

    def test_host_and_connection_by_default(self):
        r = self.seen("location / { proxy_pass http://127.0.0.1:%(o)d; }", headers=[("X-A", "1"), ("x-b", ""), ("User-Agent", "t")])
        self.assertRegex(r.headers["host"], r"^127.0.0.1:\d+$")
        self.assertEqual((r.version, r.headers["x-a"], r.headers["user-agent"]), ("HTTP/1.1", "1", "t"))
        self.assertNotEqual(r.headers.get("connection", "keep-alive").lower(), "close")
        self.assertNotIn("content-length", r.headers)

    def test_inheritance_is_all_or_nothing(self):
        conf = """proxy_set_header X-Http http; proxy_set_header Host $host;
            %s location /in { proxy_pass http://127.0.0.1:%%(o)d; }
            location /own { proxy_set_header X-Own $remote_addr-$scheme; proxy_pass http://127.0.0.1:%%(o)d; } """
        r = self.seen(conf % "", "/in")
        self.assertEqual((r.headers["x-http"], r.headers["host"]), ("http", "localhost"))
        r = self.seen(conf % "", "/own")
        self.assertEqual(r.headers["x-own"], "127.0.0.1-http")
        self.assertNotIn("x-http", r.headers)
        self.assertRegex(r.headers["host"], r"^127.0.0.1:")

    def test_set_header_replaces_and_removes(self):
        r = self.seen("""location / { proxy_pass http://127.0.0.1:%(o)d; proxy_set_header Accept-Encoding "";
            proxy_set_header X-Mine "a $arg_q b"; proxy_set_header Cookie $http_nothing; proxy_set_header Content-Length 7; }""",
            "/?q=v", [("Accept-Encoding", "gzip"), ("x-mine", "theirs"), ("X-Mine", "again"), ("Cookie", "c=d")])
        self.assertEqual(r.headers.all("x-mine"), ["a v b"])
        self.assertNotIn("accept-encoding", r.headers)
        self.assertNotIn("cookie", r.headers)
        self.assertNotIn("content-length", r.headers)

    def test_forwarded_for(self):
        conf = "location / { proxy_pass http://127.0.0.1:%(o)d; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }"
        self.assertEqual(self.seen(conf).headers["x-forwarded-for"], "127.0.0.1")
        r = self.seen(conf, headers=[("X-Forwarded-For", "10.1.1.1, 10.2.2.2")])
        self.assertEqual(r.headers.all("x-forwarded-for"), ["10.1.1.1, 10.2.2.2, 127.0.0.1"])

    def test_hop_by_hop_fields_stay_here(self):
        r = self.seen("location / { proxy_pass http://127.0.0.1:%(o)d; }", headers=[
            ("Connection", "close, X-Nominated"), ("X-Nominated", "1"), ("Keep-Alive", "5"), ("Proxy-Connection", "x"),
            ("TE", "gzip"), ("Upgrade", "h2c"), ("X-Stays", "1"), ("Authorization", "Basic eA==")])
        for name in ("x-nominated", "keep-alive", "proxy-connection", "te", "upgrade"):
            self.assertNotIn(name, r.headers)
        self.assertEqual((r.headers["x-stays"], r.headers["authorization"]), ("1", "Basic eA=="))

    def test_pass_request_headers_and_body_off(self):
        conf = "location / { proxy_pass http://127.0.0.1:%(o)d; proxy_pass_request_%(what)s off; }"
        r = self.seen(conf, headers=[("X-A", "1")], method="POST", body=b"abc", what="headers")
        self.assertNotIn("x-a", r.headers)
        self.assertEqual((r.body, r.headers["content-length"]), (b"abc", "3"))
        r = self.seen(conf, headers=[("X-A", "1")], method="POST", body=b"abc", what="body")
        self.assertEqual((r.body, r.headers["x-a"]), (b"", "1"))
        self.assertIn(r.headers.get("content-length", "0"), "0")

    def test_method_body_and_version(self):
        r = self.seen("""location / { proxy_pass http://127.0.0.1:%(o)d; proxy_method PUT; proxy_set_body "b=$arg_b";
            proxy_http_version 1.0; }""", "/?b=7", method="POST", body=b"original")
        self.assertEqual((r.method, r.body, r.headers["content-length"], r.version), ("PUT", b"b=7", "3", "HTTP/1.0"))
        self.assertEqual(r.headers["connection"], "close")

    def test_chunked_to_http_1_0_gets_a_length(self):
        origin = self.origin()
        s = self.sluice(SERVER + """location / { proxy_pass http://127.0.0.1:%(o)d; proxy_http_version 1.0;
            proxy_request_buffering off; } }""", o=origin)
        with s.connect() as c:
            c.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
            c.methods.append("POST")
            self.assertEqual(c.read_response().status, 200)
        self.assertEqual((origin.requests[0].body, origin.requests[0].headers["content-length"]), (b"abcde", "5"))

    def test_proxy_variables(self):
        r = self.seen("""location / { proxy_pass http://127.0.0.1:%(o)d; proxy_set_header X-V "$proxy_host|$proxy_port"; }
            location /u { proxy_pass http://group; proxy_set_header X-V "$proxy_host|$proxy_port"; }""",
            http="upstream group { server 127.0.0.1:%(o)d; }")
        port = r.headers["host"].split(":")[1]
        self.assertEqual(r.headers["x-v"], "127.0.0.1:%s|%s" % (port, port))

    def test_a_value_cannot_split_the_head(self):
        r = self.seen("location / { proxy_pass http://127.0.0.1:%(o)d; proxy_set_header X-U $uri; }", "/a%0d%0aInjected:%20x")
        self.assertNotIn("injected", r.headers)
        self.assertEqual(r.target, "/a%0d%0aInjected:%20x")


class ResponseFields(SluiceTest):
    def answer(self, locations, response, target="/", headers=(), http="", server="absolute_redirect off; ", **names):
        origin = self.origin(lambda req: response)
        s = self.sluice(http + SERVER + server + locations + " }", o=origin, **names)
        return s.get(target, headers)

    def test_hidden_and_passed(self):
        fields = [("Date", "Thu, 01 Jan 1970 00:00:00 GMT"), ("Server", "origin"), ("X-Pad", "p"), ("X-Accel-Expires", "1"),
                  ("X-Secret", "s"), ("X-Open", "o"), ("Keep-Alive", "timeout=3"), ("Connection", "X-Gone"), ("X-Gone", "1")]
        r = self.answer("location / { proxy_pass http://127.0.0.1:%(o)d; proxy_hide_header X-Secret; }", Response(200, fields, b"x"))
        self.assertNotEqual(r.headers["date"], fields[0][1])
        self.assertIn("sluice", r.headers["server"])
        for name in ("x-pad", "x-accel-expires", "x-secret", "keep-alive", "x-gone"):
            self.assertNotIn(name, r.headers)
        self.assertEqual(r.headers["x-open"], "o")
        r = self.answer("""location / { proxy_pass http://127.0.0.1:%(o)d; proxy_pass_header Date; proxy_pass_header Server;
            proxy_pass_header X-Accel-Expires; }""", Response(200, fields, b"x"))
        self.assertEqual(r.headers.all("date"), [fields[0][1]])
        self.assertEqual(r.headers.all("server"), ["origin"])
        self.assertEqual(r.headers["x-accel-expires"], "1")

    def redirect(self, rules, value, field="Location", url="/two/", server="absolute_redirect off; "):
        origin = self.origin(lambda req: Response(302, [(field, value.replace("PORT", str(origin.port)))]))
        s = self.sluice(SERVER + server + "location /one/ { proxy_pass http://127.0.0.1:%(o)d" + url + "; " + rules + " } }", o=origin)
        got = s.get("/one/x").headers[field]
        return got.replace(str(origin.port), "PORT").replace(str(s.port), "OWN")

    def test_redirect_default(self):
        self.assertEqual(self.redirect("", "http://127.0.0.1:PORT/two/a/?b"), "/one/a/?b")
        self.assertEqual(self.redirect("", "http://127.0.0.1:PORT/three/"), "http://127.0.0.1:PORT/three/")
        self.assertEqual(self.redirect("", "/two/a"), "/two/a")
        self.assertEqual(self.redirect("", "http://127.0.0.1:PORT/a", url=""), "/a")
        self.assertEqual(self.redirect("", "5; url=http://127.0.0.1:PORT/two/r", "Refresh"), "5; url=/one/r")
        self.assertEqual(self.redirect("", "http://127.0.0.1:PORT/two/a", server=""), "http://localhost:OWN/one/a")

    def test_redirect_off_and_rules(self):
        self.assertEqual(self.redirect("proxy_redirect off;", "http://127.0.0.1:PORT/two/a"), "http://127.0.0.1:PORT/two/a")
        rules = "proxy_redirect http://a.test/ http://$host/b/; proxy_redirect / /top/; proxy_redirect ~*^http://(\\w+)\\.test/(.*)$ /$1/$2;"
        self.assertEqual(self.redirect(rules, "http://a.test/x"), "http://localhost/b/x")
        self.assertEqual(self.redirect(rules, "/x"), "/top/x")
        self.assertEqual(self.redirect(rules, "http://ZED.test/p?q"), "/ZED/p?q")
        self.assertEqual(self.redirect(rules, "http://127.0.0.1:PORT/two/a"), "http://127.0.0.1:PORT/two/a")
        both = "proxy_redirect default; proxy_redirect http://a.test/ /a/;"
        self.assertEqual(self.redirect(both, "http://127.0.0.1:PORT/two/a"), "/one/a")
        self.assertEqual(self.redirect(both, "http://a.test/x"), "/a/x")

    def cookies(self, rules, *values):
        r = self.answer("location / { proxy_pass http://127.0.0.1:%(o)d; " + rules + " }",
                        Response(200, [("Set-Cookie", v) for v in values], b"x"))
        return r.headers.all("set-cookie")

    def test_cookie_rules(self):
        self.assertEqual(self.cookies("proxy_cookie_domain a.test $host; proxy_cookie_domain ~\\.b\\.test$ c.test;",
                                      "n=v; Domain=a.test; Path=/", "n=v; Domain=x.b.test", "n=v; domain=other"),
                         ["n=v; Domain=localhost; Path=/", "n=v; Domain=c.test", "n=v; domain=other"])
        self.assertEqual(self.cookies("proxy_cookie_path /two/ /one/; proxy_cookie_path ~^/(\\d+) /n$1;",
                                      "n=v; Path=/two/x", "n=v; Path=/12", "n=v"),
                         ["n=v; Path=/one/x", "n=v; Path=/n12", "n=v"])
        got = self.cookies("proxy_cookie_flags one httponly secure samesite=strict; proxy_cookie_flags ~^s nosecure nosamesite;",
                           "one=v", "sid=v; Secure; SameSite=Lax; Path=/", "third=v")
        self.assertEqual(sorted(got[0].lower().split("; ")), ["httponly", "one=v", "samesite=strict", "secure"])
        self.assertEqual(got[1:], ["sid=v; Path=/", "third=v"])

    def test_cookie_rules_off(self):
        r = self.answer("""proxy_cookie_domain a.test b.test;
            location / { proxy_cookie_domain off; proxy_pass http://127.0.0.1:%(o)d; }""",
            Response(200, [("Set-Cookie", "n=v; domain=a.test")], b"x"))
        self.assertEqual(r.headers["set-cookie"], "n=v; domain=a.test")

    def test_accel_redirect(self):
        fields = [("X-Accel-Redirect", "/files/a%20b.txt?z"), ("Content-Type", "text/kept"), ("Set-Cookie", "c=1"), ("X-Lost", "1"),
                  ("Content-Disposition", "attachment")]
        origin = self.origin(lambda req: Response(200, fields, b"not this"))
        s = self.sluice(SERVER + """location / { proxy_pass http://127.0.0.1:%(o)d; }
            location /files/ { internal; root html; }
            location /ignored { proxy_pass http://127.0.0.1:%(o)d; proxy_ignore_headers X-Accel-Redirect; } }""", o=origin, start=False)
        s.write_file("html/files/a b.txt", "the file")
        s.start()
        r = s.get("/x")
        self.assertEqual((r.status, r.body, r.headers["content-type"], r.headers["set-cookie"]), (200, b"the file", "text/kept", "c=1"))
        self.assertEqual(r.headers["content-disposition"], "attachment")
        self.assertNotIn("x-lost", r.headers)
        self.assertEqual(s.get("/files/a%20b.txt").status, 404)
        self.assertEqual(s.get("/ignored").body, b"not this")
        # The connection to the origin was not lost by leaving its body unread … or it was: both must go on working.
        self.assertEqual([s.get("/x").status for _ in range(3)], [200] * 3)

    def test_accel_redirect_to_a_named_location_and_by_post(self):
        origin = self.origin(lambda req: Response(200, [("X-Accel-Redirect", "@n")]))
        second = self.origin(lambda req: Response(200, body=req.method))
        s = self.sluice(SERVER + """location / { proxy_pass http://127.0.0.1:%(o)d; }
            location @n { proxy_pass http://127.0.0.1:%(p)d; } }""", o=origin, p=second)
        self.assertEqual(s.get("/a/b").body, b"GET")
        self.assertEqual(second.requests[0].target, "/a/b")
        self.assertEqual(s.post("/a/b", b"body").status, 200)

    def test_accel_limit_rate(self):
        body = b"x" * 300_000
        origin = self.origin(lambda req: Response(200, [("X-Accel-Limit-Rate", "100000")], body))
        s = self.sluice(SERVER + """location / { proxy_pass http://127.0.0.1:%(o)d; }
            location /ignored { proxy_pass http://127.0.0.1:%(o)d; proxy_ignore_headers X-Accel-Limit-Rate; } }""", o=origin)
        begin = time.monotonic()
        self.assertEqual(len(s.get("/").body), len(body))
        self.assertGreater(time.monotonic() - begin, 1.0)
        begin = time.monotonic()
        s.get("/ignored")
        self.assertLess(time.monotonic() - begin, 1.0 * SLOW)

    def test_head_and_bodiless(self):
        origin = self.origin(lambda req: Response(int(req.target[1:]), [("Content-Type", "text/x")], b"" if req.target != "/200" else b"12345"))
        s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; } }", o=origin)
        r = s.request("HEAD", "/200")
        self.assertEqual((r.status, r.headers["content-length"], r.body), (200, "5", b""))
        for status in (204, 304, 404, 500):
            self.assertEqual(s.get("/%d" % status).status, status)
        self.assertEqual(origin.connections, 1)

    def test_trailers_go_on_when_asked_for(self):
        origin = self.origin(lambda req: Response(200, body=[b"abc"], trailers=[("X-Sum", "1"), ("Content-Length", "9")]))
        s = self.sluice(SERVER + """location / { proxy_pass http://127.0.0.1:%(o)d; }
            location /always { proxy_pass http://127.0.0.1:%(o)d; proxy_pass_trailers on; } }""", o=origin)
        r = s.get("/", [("TE", "trailers"), ("Connection", "TE, close")])
        self.assertEqual((r.body, list(r.trailers)), (b"abc", [("X-Sum", "1")]))
        self.assertEqual(list(s.get("/").trailers), [])
        self.assertEqual(list(s.get("/always").trailers), [("X-Sum", "1")])

    def test_interim_responses_pass(self):
        def answer(req):
            req.conn.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
            return Response(200, body=b"x")
        s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; } }", o=self.origin(answer))
        r = s.get("/")
        self.assertEqual([i.status for i in r.interim], [103])
        self.assertEqual(r.body, b"x")


if __name__ == "__main__":
    main()
