#!/usr/bin/env python3
"""rewrite, set, break and return: what becomes of a path, where it is looked for, and what the client is told.

Everything here was seen to hold for nginx, too: SLUICE_BINARY=/usr/sbin/nginx."""
from harness import *

SHOW = 'location /out { return 200 "$uri|$args"; } location / { return 200 "root $uri|$args"; }'


class Rewrite(SluiceTest):
    def serve(self, rest, show=SHOW, **names):
        self.o = self.origin(lambda req: Response(200, body=req.target))
        return self.sluice("server { listen 127.0.0.1:%(port)d; uninitialized_variable_warn off; " + rest + show + " }", o=self.o, **names)

    def check(self, s, rows):
        for target, expected in rows:
            r = s.get(target)
            self.assertEqual(r.headers["location"].replace(":%d" % s.port, "") if "location" in r.headers else r.text, expected, target)

    def test_paths_and_arguments(self):
        s = self.serve("""
            location /a/ { rewrite ^/a/(.*)$ /out?q=$1 last; }
            location /b/ { rewrite ^/b/(.*)$ /out/$1? last; }
            location /l/ { rewrite ^/l/(.*)$ "/out?a=1&b=$1?" last; }
            location /n/ { rewrite ^/n/ /out?$arg_none; }
            location /o/ { rewrite ^/o/ $arg_u; }
            location /k/ { rewrite (?i)^/K/(.)(.)?(.)?$ /out/$1-$2-$3; }
            location /f/ { rewrite ^/f/(?<id>\\d+)/(?<rest>.*)$ /out?id=$id&rest=$rest&u=$uri; }""")
        self.check(s, (
            ("/a/x", "/out|q=x"),
            ("/a/x?old=1", "/out|q=x&old=1"),
            # What was captured is escaped where the client had escaped something, and otherwise as it is.
            ("/a/x%20y&z+w", "/out|q=x%20y%26z%2Bw"),
            ("/a/x&y;z", "/out|q=x&y;z"),
            ("/a/%D0%BF%26%3D%3F%23%25%22%3C%7B", "/out|q=%D0%BF%26=%3F%23%25%22%3C%7B"),
            ("/b/x%20y?z=1", "/out/x y|"),
            ("/l/q?old", "/out|a=1&b=q"),
            ("/n/x?q=1", "/out|&q=1"),
            ("/o/?u=/out?z=1", "/out?z=1|u=/out?z=1"),  # a ? of a variable is one of the path
            ("/k/ab", "/out/a-b-|"),
            ("/f/12/ab%20c?z", "/out|id=12&rest=ab c&u=/f/12/ab c&z")))
        self.assertEqual(s.get("/f/none/").status, 404)

    def test_redirects(self):
        s = self.serve("""
            location /c/ { rewrite ^/c/(.*)$ http://x.test/$1?k=$1 ; }
            location /d/ { rewrite ^/d/(.*)$ https://x.test/$1? permanent; }
            location /e/ { rewrite ^/e/(.*)$ /loc/$1 redirect; }
            location /g/ { rewrite ^/g/(.*)$ $scheme://x.test/$1 permanent; }
            location /v/ { rewrite ^/v/(.*)$ /loc/$1?a=$arg_b redirect; }""")
        self.check(s, (
            ("/c/x", "http://x.test/x?k=x"),
            ("/c/x%20y%3Fz%26w?old=1", "http://x.test/x%20y?z%26w?k=x%20y%3Fz%26w&old=1"),
            ("/c/%2541%26%7E%22?o", "http://x.test/%2541&~%22?k=%2541%26~%22&o"),
            ("/d/a%26b%25%3Fc%26d", "https://x.test/a&b%25?c%26d"),
            ("/d/x?y=1", "https://x.test/x"),
            ("/e/x%20y?k=v", "http://localhost/loc/x%20y?k=v"),
            ("/v/x%20y?b=1%202", "http://localhost/loc/x%20y?a=1%202&b=1%202")))
        self.assertEqual([s.get(t).status for t in ("/c/x", "/d/x", "/e/x", "/g/x")], [302, 301, 302, 301])

    def test_flags(self):
        s = self.serve("""
            location /none/ { rewrite ^/none/(.*)$ /x/$1; rewrite ^/x/(.*) /out/$1; set $v "x$1"; return 200 "$uri $v"; }
            location /last/ { rewrite ^/last/(.*)$ /out/$1 last; return 500; }
            location /stay/ { rewrite ^/stay/(.*)$ /out/$1 break; proxy_pass http://127.0.0.1:%(o)d; return 500; }
            location /break/ { rewrite ^/break/(.*)$ /out/$1; break; proxy_pass http://127.0.0.1:%(o)d; }
            location /base/ { rewrite ^/base/(.*)$ /out/$1?x=y break; proxy_pass http://127.0.0.1:%(o)d/replaced/; }
            location /base2/ { rewrite ^/base2/(.*)$ /out/$1; break; proxy_pass http://127.0.0.1:%(o)d/replaced/; }
            location /kept/ { break; proxy_pass http://127.0.0.1:%(o)d/replaced/; }
            location /chain/ { rewrite ^/chain/a/(.*)$ /chain/b/$1 last; rewrite ^/chain/b/(.*)$ /chain/c/$1 last; return 200 "$uri"; }
            location /hidden/ { internal; return 200 "hidden $uri"; }
            location /to-hidden/ { rewrite ^/to-(.*)$ /$1; }""")
        self.check(s, (
            ("/none/z%20z", "/out/z z xz z"),
            ("/last/1?a", "/out/1|a"),
            ("/stay/a%20b?c", "/out/a%20b?c"),
            ("/break/x?c", "/out/x?c"),
            ("/base/a%20b?c", "/out/a%20b?x=y&c"),  # a path that was rewritten here has no part to replace
            ("/base/a?", "/out/a?x=y"),
            ("/base2/x", "/out/x"),
            ("/kept/x", "/replaced/x"),
            ("/chain/a/1", "/chain/c/1"),
            ("/to-hidden/x", "hidden /hidden/x")))
        self.assertEqual(s.get("/hidden/x").status, 404)

    def test_in_a_server(self):
        s = self.serve("""
            rewrite ^/one/(.*)$ /two/$1; rewrite ^/two/(.*)$ /out/$1;
            rewrite ^/last/(.*)$ /one/$1 last;
            rewrite ^/break/(.*)$ /base/$1 break;
            rewrite ^/plain/(.*)$ /base/$1;
            location /base/ { proxy_pass http://127.0.0.1:%(o)d/replaced/; }""")
        self.check(s, (("/one/x", "/out/x|"), ("/last/x", "root /one/x|"), ("/break/x?a", "/base/x?a"), ("/plain/x", "/replaced/x")))

    def test_in_a_server_that_serves_by_itself(self):
        s = self.serve("root html; rewrite ^/(a+)$ /a$1;", show="", start=False)
        s.write_file("html/aa", "once")
        s.write_file("html/aaa", "twice")
        self.assertEqual(s.start().get("/a").text, "once")

    def test_set(self):
        s = self.serve("""
            set $from_server "s$arg_a";
            location /args { set $args "n=1"; return 200 "$args $arg_n $query_string $is_args"; }
            location /passed { set $args "n=1"; proxy_pass http://127.0.0.1:%(o)d; }
            location /emptied { set $args ""; proxy_pass http://127.0.0.1:%(o)d; }
            location /field { set $before $http_foo; set $http_foo bar; return 200 "$before $http_foo"; }
            location /argument { set $arg_x y; return 200 "$arg_x"; }
            location /case { set $FooBar 1; return 200 "$foobar ${FOOBAR}2"; }
            location /unset { return 200 "[$only_elsewhere]"; }
            location /elsewhere { set $only_elsewhere 1; }
            location /server { return 200 "$from_server"; }""")
        self.check(s, (("/args?a=b", "n=1 1 n=1 ?"), ("/passed?a=b", "/passed?n=1"), ("/emptied?a=b", "/emptied"),
                       ("/argument?x=z", "y"), ("/case", "1 12"), ("/unset", "[]"), ("/server?a=1", "s1")))
        self.assertEqual(s.get("/field", {"Foo": "f"}).text, "f bar")

    def test_a_variable_without_a_value_is_told(self):
        conf = "server { listen 127.0.0.1:%%(port)d; %s location / { return 200 \"[$x]\"; } location /never { set $x 1; } }"
        s = self.sluice(conf % "")
        self.assertEqual(s.get("/").text, "[]")
        s.wait_log('\\[warn\\].*using uninitialized "x" variable')
        s = self.sluice(conf % "uninitialized_variable_warn off;")
        self.assertEqual(s.get("/").text, "[]")
        self.assertNotIn("uninitialized", s.error_log)

    def test_return(self):
        s = self.serve("""
            error_page 404 /page; location = /page { return 200 "page of $request_method"; }
            location = /404 { return 404; } location = /text { return 404 "own"; } location = /empty { return 404 ""; }
            location = /200 { return 200; } location = /300 { return 300; } location = /305 { return 305 /x; }
            location = /204 { return 204; } location = /599 { return 599; }
            location = /301 { return 301 /x; } location = /303 { return 303 $arg_to; } location = /308 { return 308 /x; }
            location = /307 { return 307 rel/x; }
            location = /url { return https://a.test/$arg_to; } location = /scheme { return $scheme://a.test/; }
            location = /typed { default_type text/x-y; return 200 "v"; } location = /page.html { return 200 "html"; }""")
        for target, status, body in (
                ("/404", 404, "page of GET"), ("/text", 404, "own"), ("/empty", 404, "page of GET"), ("/200", 200, ""), ("/300", 300, ""),
                ("/305", 305, "/x"), ("/204", 204, ""), ("/599", 599, "")):
            r = s.get(target)
            self.assertEqual((r.status, r.text), (status, body), target)
        self.check(s, (
            ("/301", "http://localhost/x"), ("/303?to=/a%20b", "http://localhost/a%20b"), ("/303?to=//other", "http://localhost//other"),
            ("/308", "http://localhost/x"), ("/307", "rel/x"), ("/url?to=q", "https://a.test/q"), ("/scheme", "http://a.test/")))
        self.assertEqual([s.get(t).status for t in ("/301", "/303", "/308", "/307", "/url", "/scheme")], [301, 303, 308, 307, 302, 302])
        self.assertEqual((s.get("/typed").headers["content-type"], s.get("/page.html").headers["content-type"]), ("text/x-y", "text/html"))

    def test_return_closes(self):
        s = self.serve("location = /444 { return 444; } location = /499 { return 499; }")
        for target in ("/444", "/499"):
            with s.connect() as c:
                c.send("GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % target)
                self.assertEqual(c.read_until_close(), b"")

    def test_rounds_are_counted(self):
        s = self.serve("error_page 500 /out; location /round { rewrite ^/round(.*)$ /roundx$1 last; }")
        r = s.get("/round")
        self.assertEqual(r.status, 500)
        self.assertIn("500 Internal Server Error", r.text)
        s.wait_log('rewrite or internal redirection cycle while processing "/roundxxxxxxxxxxx"')

    def test_ten_rounds_are_allowed(self):
        rest = " ".join("location = /r%d { rewrite ^ /r%d last; }" % (i, i + 1) for i in range(11))
        s = self.serve(rest)
        self.assertEqual((s.get("/r1").text, s.get("/r0").status), ("root /r11|", 500))

    def test_what_a_path_cannot_become(self):
        self.allow_log("where URI was rewritten")
        s = self.serve("""
            location /empty/ { rewrite ^/empty/(.*)$ $1; }
            location /query/ { rewrite ^ "?a=b"; }
            location /alias/ { alias %(prefix)s/html/; rewrite ^/alias/(.*)$ /alias/x$1 break; }""")
        self.assertEqual([s.get(t).status for t in ("/empty/", "/query/", "/alias/z")], [500, 500, 500])
        s.wait_log("the rewritten URI has a zero length")
        s.wait_log('"alias" cannot be used in location "/alias/" where URI was rewritten')

    @unittest.skipIf("nginx" in BINARY, "nginx lets it pass")
    def test_pieces_do_not_climb(self):
        """Pieces of a path that has no dot segments may make one when they are put together."""
        s = self.serve("location /a { root html; rewrite ^/a/(.)(.*)/(\\.)(.*)$ /$3$1/$4 break; }")
        s.write_file("secret", "secret")
        r = s.get("/a/.x/.secret")
        self.assertEqual(r.status, 400)
        s.wait_log('has "\\.\\." in it')

    @unittest.skipIf("nginx" in BINARY, "nginx serves the folder beside")
    def test_a_path_without_a_slash(self):
        s = self.serve("location /h/ { root html; rewrite ^/h/(.*)$ $1 break; } location /p/ { rewrite ^/p/(.*)$ $1 break; proxy_pass http://127.0.0.1:%(o)d; }")
        s.write_file("html-secret/x", "secret")
        self.assertEqual((s.get("/h/-secret/x").status, s.get("/p/x?y").text), (404, "/x?y"))
        s.wait_log("leaves its folder")

    def test_the_log(self):
        s = self.serve("""
            location /logged/ { rewrite_log on; rewrite ^/no /x; rewrite ^/logged/(.*)$ /out/$1?q; }
            location /gone { rewrite_log on; rewrite ^ http://x.test/; }
            location /if { rewrite_log on; if ($arg_a ~* ^b) { return 204; } if ($arg_a !~ ^c) { return 204; } }
            location /silent/ { rewrite ^/silent/ /out; }""", level="notice")
        s.get("/logged/1?a")
        s.wait_log('\\[notice\\].* "\\^/no" does not match "/logged/1"')
        s.wait_log('"\\^/logged/\\(\\.\\*\\)\\$" matches "/logged/1"')
        s.wait_log('rewritten data: "/out/1", args: "q&a"')
        s.get("/gone")
        s.wait_log('rewritten redirect: "http://x.test/"')
        s.get("/if?a=b")
        s.wait_log('"\\^b" matches "b"')
        s.get("/if?a=d")
        s.wait_log('"\\^b" does not match "d"')
        s.wait_log('"\\^c" does not match "d"')
        s.get("/silent/")
        self.assertNotIn("silent", s.error_log)


if __name__ == "__main__":
    main()
