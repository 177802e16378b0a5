#!/usr/bin/env python3
"""route: locations that are chosen by what a request says."""
from harness import *


class Conditions(SluiceTest):
    def held(self, condition, requests, **names):
        """Whether the route takes each of the requests."""
        s = self.sluice("server { listen 127.0.0.1:%(port)d; listen unix:%(prefix)s/sock; location / { route " + condition + " { return 200 yes; } return 200 no; } }", **names)
        found = []
        for target, method, headers in requests:
            with s.connect(unix=s.path("sock") if target == "unix:" else None) as c:
                head = "".join("%s: %s\r\n" % pair for pair in ({"Host": "h"} | headers).items())
                c.send("%s %s HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n%s\r\n" % (method, "/" if target == "unix:" else target, head))
                found.append(c.read_response(method=method).text == "yes")
        return found

    def test_values(self):
        asked = [("/", "GET", {}), ("/?a=1", "GET", {"X-A": "1", "Cookie": "a=1"}), ("/?a=0", "GET", {"X-A": "0", "Cookie": "a=0"}),
                 ("/?a=", "GET", {"X-A": "", "Cookie": "a="}), ("/?a=Bc", "GET", {"X-A": "Bc", "Cookie": "b=2; a=Bc"})]
        for test in ("$arg_a", "argument a", "argument A", "cookie a", "header X-A", "header x-a", "header x_a"):
            for rest, expected in (("", [False, True, False, False, True]), ("= 1", [False, True, False, False, False]), ("!= 1", [True, False, True, True, True]),
                                   ("~ ^B", [False, False, False, False, True]), ("~* ^(b|1)", [False, True, False, False, True]),
                                   ("!~ ^B", [True, True, True, True, False]), ("!~* ^b", [True, True, True, True, False]),
                                   ("= $arg_a", [True] * 5), ('= ""', [True, False, False, True, False])):
                self.assertEqual(self.held(test + " " + rest, asked), expected, test + " " + rest)

    def test_lists(self):
        asked = [("/", "GET", {}), ("/", "POST", {}), ("/", "PUT", {}), ("/", "post", {})]
        self.assertEqual(self.held("method POST", asked), [False, True, False, False])
        self.assertEqual(self.held("method POST PUT or $arg_x", asked), [False, True, True, False])
        asked = [("/", "GET", {"Host": host}) for host in ("a.test", "A.TEST:80", "b.a.test", "www.x", "x.test", "y.test", "a.b.test")]
        self.assertEqual(self.held("host a.test", asked), [True, True, False, False, False, False, False])
        self.assertEqual(self.held("host *.a.test www.*", asked), [False, False, True, True, False, False, False])
        self.assertEqual(self.held("host .a.test x.test", asked), [True, True, True, False, True, False, False])
        asked = [("/", "GET", {}), ("unix:", "GET", {})]
        self.assertEqual(self.held("client 127.0.0.0/8 ::1", asked), [True, False])
        self.assertEqual(self.held("client 192.0.2.1 unix:", asked), [False, True])

    def test_joining(self):
        asked = [("/?" + "&".join(name + "=1" for i, name in enumerate("abc") if n >> i & 1), "GET", {}) for n in range(8)]
        for condition, holds in (
                ("$arg_a and $arg_b", lambda a, b, c: a and b), ("$arg_a or $arg_b", lambda a, b, c: a or b),
                ("$arg_a or $arg_b and $arg_c", lambda a, b, c: a or b and c), ("$arg_a and $arg_b or $arg_c", lambda a, b, c: a and b or c),
                ("($arg_a or $arg_b) and $arg_c", lambda a, b, c: (a or b) and c), ("( $arg_a or $arg_b ) and ($arg_c)", lambda a, b, c: (a or b) and c),
                ("not $arg_a and $arg_b", lambda a, b, c: not a and b), ("not ($arg_a and $arg_b)", lambda a, b, c: not (a and b)),
                ("not not $arg_a", lambda a, b, c: a), ("((($arg_a)) or (not $arg_b and not $arg_c))", lambda a, b, c: a or not b and not c),
                ("($args ~ ^(a=1)) or ($args ~ (c=1))", lambda a, b, c: a or c), ("(header X or $args ~ (b=1)$)", lambda a, b, c: b and not c)):
            self.assertEqual(self.held(condition, asked), [bool(holds(*(n >> i & 1 for i in range(3)))) for n in range(8)], condition)

    def test_quoted_words_are_not_the_language_s(self):
        self.assertEqual(self.held('$arg_a = "and"', [("/?a=and", "GET", {})]), [True])
        self.assertEqual(self.held('$arg_a = and and $arg_b = "not"', [("/?a=and&b=not", "GET", {})]), [True])
        self.assertEqual(self.held('$arg_a ~ "^(x y);$" or method GET', [("/?a=1", "GET", {})]), [True])


class Blocks(SluiceTest):
    def serve(self, rest, **names):
        self.o = self.origin(lambda req: Response(200, [("X-Field", req.headers.get("x-field", "-")), ("X-Secret", "s")], req.method + " " + req.target))
        self.p = self.origin(lambda req: Response(200, body="canary " + req.target))
        return self.sluice("server { listen 127.0.0.1:%(port)d; root html; " + rest + " }", o=self.o, p=self.p, **names)

    def test_a_canary(self):
        s = self.serve("""location / { proxy_pass http://127.0.0.1:%(o)d;
            route $http_x_canary = 1 and method POST { proxy_pass http://127.0.0.1:%(p)d; } }""")
        self.assertEqual([s.get("/x").text, s.post("/x", b"").text, s.get("/x", {"X-Canary": "1"}).text, s.post("/x", b"", {"X-Canary": "1"}).text],
                         ["GET /x", "POST /x", "GET /x", "canary /x"])

    def test_the_first_that_holds(self):
        s = self.serve("""location / { route $arg_a { return 200 a; } route $arg_b { return 200 b; } return 200 none; }""")
        self.assertEqual([s.get(t).text for t in ("/", "/?a=1", "/?b=1", "/?b=1&a=1")], ["none", "a", "b", "a"])

    def test_it_changes_nothing_else(self):
        s = self.serve("""location /base/ { proxy_pass http://127.0.0.1:%(o)d/replaced/; proxy_set_header X-Field outer; add_header X-Added outer;
            route $arg_a { add_header X-Added inner; }
            route $arg_b { proxy_set_header X-Field inner; proxy_hide_header X-Secret; }
            route $arg_c { proxy_pass http://127.0.0.1:%(p)d/other/; } }""")
        r = s.get("/base/x")
        self.assertEqual((r.text, r.headers["x-added"], r.headers["x-field"], r.headers["x-secret"]), ("GET /replaced/x", "outer", "outer", "s"))
        r = s.get("/base/x?a=1")
        self.assertEqual((r.text, r.headers["x-added"], r.headers["x-field"], r.headers["x-secret"]), ("GET /replaced/x?a=1", "inner", "outer", "s"))
        r = s.get("/base/x?b=1")
        self.assertEqual((r.text, r.headers["x-added"], r.headers["x-field"], "x-secret" in r.headers), ("GET /replaced/x?b=1", "outer", "inner", False))
        self.assertEqual(s.get("/base/x?c=1").text, "canary /other/x?c=1")

    def test_before_the_rewriting_of_a_location(self):
        s = self.serve("""location / { set $v 1; rewrite ^ /moved; route $v { return 200 never; } route $arg_a { return 200 "a$v"; } }
            location /moved { return 200 "moved $v"; }""")
        self.assertEqual([s.get(t).text for t in ("/", "/?a=1")], ["moved 1", "a"])

    def test_of_a_server(self):
        s = self.serve("""set $v 1; rewrite ^/old$ /new;
            route $arg_a and $v = 1 { proxy_pass http://127.0.0.1:%(p)d/top/; location /inner/ { return 200 "inner $uri"; } location ~ ^/re(.) { return 200 "re $1"; } location = /hidden { internal; } }
            location / { return 200 "location $uri"; }""")
        self.assertEqual([s.get(t).text for t in ("/x", "/old", "/old?a=1", "/inner/x?a=1", "/inner/x", "/rex?a=1")],
                         ["location /x", "location /new", "canary /top/new?a=1", "inner /inner/x", "location /inner/x", "re x"])
        self.assertEqual(s.get("/hidden?a=1").status, 404)

    def test_inside_each_other(self):
        s = self.serve("""location /a/ { route $arg_x { location /a/b/ { route $arg_y { return 200 "x b y"; } return 200 "x b"; }
                route $arg_y { return 200 "x y"; } return 200 "x"; } return 200 "none"; }""")
        self.assertEqual([s.get(t).text for t in ("/a/", "/a/?x=1", "/a/?x=1&y=1", "/a/b/?x=1", "/a/b/?x=1&y=1", "/a/b/?y=1")],
                         ["none", "x", "x y", "x b", "x b y", "none"])

    def test_no_way_around_a_restriction(self):
        s = self.serve("""location /a { limit_except GET { deny all; } route $arg_r { return 200 route; } return 200 none; }
            location /b { internal; route $arg_r { return 200 route; } }
            location /c { deny all; route $arg_r { add_header X-A 1; } }""")
        self.assertEqual([s.get("/a?r=1").text, s.post("/a?r=1", b"").status, s.post("/a", b"").status, s.get("/b?r=1").status, s.get("/c?r=1").status],
                         ["route", 403, 403, 404, 403])

    def test_with_the_rest_of_the_language(self):
        s = self.serve("""error_page 404 = @page; location @page { route method POST { return 200 "post page"; } return 200 "page"; }
            location / { route $arg_if { if ($arg_if = 2) { return 403; } rewrite ^/(.*)$ /to/$1; } route $arg_deny { deny all; }
                route $arg_no { return 404; } route argument l ~ "^(?<one>.)" { limit_except GET { deny all; } return 200 "$one$1"; } }
            location /to/ { return 200 "to $uri"; }""")
        self.assertEqual([s.get("/x?if=1").text, s.get("/x?if=2").status, s.get("/x?deny=1").status, s.get("/x?no=1").text, s.post("/x?no=1", b"").text,
                          s.get("/x?l=q").text, s.post("/x?l=q", b"").status], ["to /to/x", 403, 403, "page", "post page", "qq", 403])


if __name__ == "__main__":
    main()
