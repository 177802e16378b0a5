#!/usr/bin/env python3
"""set_header, append_header, remove_header and their like towards origins: fields of messages in both directions."""
from harness import *

FIELDS = [("Server", "Origin/1"), ("X-Powered-By", "php"), ("X-One", "1"), ("X-Two", "2"), ("Vary", "Accept"), ("Vary", "Cookie"),
          ("Content-Type", "text/html"), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("ETag", '"e"'), ("Set-Cookie", "a=1"),
          ("Set-Cookie", "b=2"), ("Cache-Control", "private")]


@unittest.skipIf(STAND_IN, "it has no such directives")
class Answers(SluiceTest):
    def start(self, directives, more=""):
        self.o = self.origin(lambda req: Response(int(req.target.rsplit("/", 1)[-1] or 200), FIELDS, body=b"body"))
        s = self.sluice("""server { listen 127.0.0.1:%%(port)d; root %%(prefix)s/html; %s %s
                           location / { proxy_pass http://127.0.0.1:%%(o)d; proxy_pass_header Server; } }""" % (directives, more), o=self.o)
        s.write_file("html/a.txt", "hello")
        return s

    def test_set(self):
        s = self.start("""set_header Vary Origin; set_header X-New "$request_uri"; set_header content-type text/plain;
                          set_header ETag '"mine"'; set_header X-One $arg_none; set_header Server mine;""")
        got = s.get("/x/200")
        self.assertEqual(got.headers.all("Vary"), ["Origin"])
        self.assertEqual(got.headers.all("Content-Type"), ["text/plain"])
        self.assertEqual([got.headers.all(n) for n in ("X-New", "ETag", "Server", "X-One")], [["/x/200"], ['"mine"'], ["mine"], ["1"]])

    def test_append(self):
        s = self.start("append_header Vary Origin; append_header X-New a; append_header X-New b; append_header X-One $arg_none;")
        got = s.get("/")
        self.assertEqual([got.headers.all(n) for n in ("Vary", "X-New", "X-One")], [["Accept, Cookie, Origin"], ["a, b"], ["1"]])

    def test_remove(self):
        s = self.start("remove_header Server x-powered-by Content-T* Last-Modified ETag Set-Cookie X-T*; add_header X-Two 3;")
        for path in ("/200", "/404"):
            got = s.get(path).headers
            for name in ("Server", "X-Powered-By", "Content-Type", "Last-Modified", "ETag", "Set-Cookie", "X-Two"):
                self.assertNotIn(name, got)
            self.assertEqual((got["X-One"], got["Content-Length"]), ("1", "4"))
            self.assertIn("Date", got)

    def test_remove_everything_that_begins_so(self):
        got = self.start("remove_header C* D* T*;").get("/").headers
        self.assertEqual((got["Content-Length"], got["Connection"]), ("4", "close"))
        self.assertNotIn("Cache-Control", got)

    def test_to_which_answers(self):
        s = self.start("""set_header X-Usual u; set_header X-Always a always; set_header X-Some s status=404,5xx;
                          append_header X-Gone g status=410; remove_header X-One status=503;""")
        for status, names in ((200, "Usual Always One"), (206, "Usual Always One"), (404, "Always Some One"), (410, "Always Gone One"),
                              (503, "Always Some"), (500, "Always Some One"), (403, "Always One")):
            got = s.get("/%d" % status).headers
            self.assertEqual([n for n in ("Usual", "Always", "Some", "Gone", "One") if "X-" + n in got], names.split(), status)

    def test_answers_of_our_own(self):
        s = self.start("set_header X-A 1 always; remove_header Server;", """location = /a.txt { } location /said { return 418 "x"; }
                       location /gone { set_header X-A 2 always; return 301 /; }""")
        for path, status, value in (("/a.txt", 200, "1"), ("/said", 418, "1"), ("/gone", 301, "2")):
            got = s.get(path)
            self.assertEqual((got.status, got.headers.all("X-A")), (status, [value]))
            self.assertNotIn("Server", got.headers)

    def test_a_blocks_rules_follow_those_around_it(self):
        s = self.start("set_header X-A outer; append_header X-B outer;", """location /in/ { append_header X-A inner; remove_header X-B;
                       proxy_pass http://127.0.0.1:%(o)d; location /in/deep/ { append_header X-A deep; proxy_pass http://127.0.0.1:%(o)d; } }""")
        for path, a, b in (("/", "outer", "outer"), ("/in/", "outer, inner", None), ("/in/deep/", "outer, inner, deep", None)):
            got = s.get(path).headers
            self.assertEqual((got.get("X-A"), got.get("X-B")), (a, b), path)

    def test_a_value_cannot_end_its_field(self):
        s = self.start("set_header X-A $arg_v$uri; append_header X-B $uri;")
        for c in ("%0d%0aX-Evil:1/", "%0aX-Evil:1/", "%0d/"):
            got = s.get("/" + c).headers
            self.assertNotIn("X-Evil", got)
            self.assertIn("%0", got["X-A"] + got["X-B"])
        self.assertEqual(s.get("/%01%7f%09%c3%a9/").headers["X-A"].encode("latin-1"), b"/%01%7F\t\xc3\xa9/")

    def test_a_value_over_several_lines(self):
        s = self.start('add_header X-Policy "a;\n    b;\r\n\tc" always; set_header X-Set "d\n e";')
        got = s.get("/").headers
        self.assertEqual((got["X-Policy"], got["X-Set"]), ("a; b; c", "d e"))

    def test_the_range_of_a_file_whose_fields_were_changed(self):
        s = self.start("", "location = /a.txt { set_header ETag '\"x\"'; remove_header Last-Modified; }")
        self.assertEqual(s.get("/a.txt", {"Range": "bytes=0-1", "If-Range": '"x"'}).status, 206)
        self.assertEqual(s.get("/a.txt", {"Range": "bytes=0-1", "If-Range": '"y"'}).status, 200)


@unittest.skipIf(STAND_IN, "it has no such directives")
class TowardsOrigins(SluiceTest):
    def ask(self, directives, *fields, inner="", **kwargs):
        origin = self.origin(lambda req: Response(200))
        s = self.sluice("""server { listen 127.0.0.1:%%(port)d; %s
                           location / { %s proxy_pass http://127.0.0.1:%%(o)d; } }""" % (directives, inner), o=origin)
        c = s.connect()
        c.send("POST /x HTTP/1.1\r\nHost: a\r\n", "".join("%s: %s\r\n" % f for f in fields), "Content-Length: 5\r\n\r\nhello")
        c.read_response()
        self.assertEqual(origin.requests[0].body, b"hello")
        return origin.requests[0].headers

    def test_add(self):
        got = self.ask("proxy_add_header X-A mine; proxy_add_header X-B $request_uri; proxy_add_header X-C $arg_none;", ("X-A", "theirs"))
        self.assertEqual([got.all(n) for n in ("X-A", "X-B", "X-C")], [["theirs", "mine"], ["/x"], []])

    def test_append(self):
        got = self.ask("""proxy_append_header X-Forwarded-For $remote_addr; proxy_append_header Cookie c=3; proxy_append_header Via mine;
                          proxy_append_header X-Set more; proxy_set_header X-Set first;""",
                       ("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "2.2.2.2"), ("Cookie", "a=1"), ("Cookie", "b=2"))
        self.assertEqual([got.all(n) for n in ("X-Forwarded-For", "Cookie", "Via", "X-Set")],
                         [["1.1.1.1, 2.2.2.2, 127.0.0.1"], ["a=1; b=2; c=3"], ["mine"], ["first, more"]])

    def test_remove(self):
        got = self.ask("proxy_remove_header X-A x-t* Ho* Con* Tr*; proxy_set_header X-Top 1; proxy_set_header Host named;"
                       'proxy_set_header Connection "close, x-mine";',
                       ("X-A", "1"), ("X-A", "2"), ("X-Two", "2"), ("X-One", "1"), ("Content-Type", "text/x"))
        self.assertEqual([got.all(n) for n in ("X-A", "X-Two", "X-Top", "X-One", "Host", "Content-Length", "Content-Type", "Connection")],
                         [[], [], [], ["1"], ["named"], ["5"], [], ["close, x-mine"]])

    def test_order_and_inheritance(self):
        got = self.ask("proxy_add_header X-A outer; proxy_add_header X-B outer;", ("X-A", "theirs"),
                       inner="proxy_append_header X-A inner; proxy_remove_header X-B; proxy_add_header X-B again; proxy_set_header X-C 1;")
        self.assertEqual([got.all(n) for n in ("X-A", "X-B", "X-C")], [["theirs, outer, inner"], ["again"], ["1"]])

    def test_a_value_cannot_end_its_field(self):
        got = self.ask("proxy_add_header X-A $http_x_v; proxy_append_header X-B $http_x_v;", ("X-V", "%0aX-Evil: 1"))
        self.assertNotIn("X-Evil", got)

    def test_without_the_clients_fields(self):
        got = self.ask("proxy_pass_request_headers off; proxy_add_header X-A mine;", ("X-A", "theirs"))
        self.assertEqual(got.all("X-A"), ["mine"])


if __name__ == "__main__":
    main()
