#!/usr/bin/env python3
"""if: its conditions, what its block changes, and all that people have come to depend on.

Everything here was seen to hold for nginx, too: SLUICE_BINARY=/usr/sbin/nginx."""
from harness import *


class Conditions(SluiceTest):
    def serve(self, conditions, prepare=None):
        """A server that answers with the numbers of the conditions that hold."""
        lines = "".join('if (%s) { set $out "${out} %d"; }\n' % (text, i) for i, text in enumerate(conditions))
        s = self.sluice('server { listen 127.0.0.1:%(port)d; root html; location / { set $out ""; ' + lines + ' return 200 "$out"; } }', start=False)
        if prepare:
            prepare(s)
        return s.start()

    def held(self, s, target, headers=()):
        return [int(n) for n in s.get(target, dict(headers)).text.split()]

    def test_variables(self):
        s = self.serve(["$arg_a", "$arg_a = b", "$arg_a != b", '$arg_a = ""', '$arg_a = "$arg_c"', "$arg_a = $arg_c", " $arg_a ", "$http_x"])
        for target, expected in (
                ("/", [2, 3, 4, 5]), ("/?a=0", [2]), ("/?a=b", [0, 1, 6]), ("/?a=00", [0, 2, 6]), ("/?a=c&c=c", [0, 2, 4, 5, 6]), ("/?a=", [2, 3, 4, 5])):
            self.assertEqual(self.held(s, target), expected, target)
        self.assertIn(7, self.held(s, "/", {"X": "1"}))

    def test_regular_expressions(self):
        s = self.serve(["$arg_a ~ ^b", "$arg_a ~* ^b", "$arg_a !~ ^b", "$arg_a !~* ^b", '$arg_a ~ "^b{2};c$"'])
        for target, expected in (("/?a=bx", [0, 1]), ("/?a=Bx", [1, 2]), ("/?a=x", [2, 3]), ("/", [2, 3]), ("/?a=bb;c", [0, 1, 4])):
            self.assertEqual(self.held(s, target), expected, target)

    def test_captures(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; location / {
            set $a -; if ($arg_a ~ "^(.)(?<second>.)?") { set $a "$1$2 $second"; }
            if ($arg_b !~ "(x)(y)") { set $a "$a no"; }
            if ($arg_b ~ "(x)(y)") { set $a "$a|$1$2"; } return 200 "$a"; } }""")
        self.assertEqual([s.get(t).text for t in ("/?a=pq", "/?a=p", "/", "/?a=pq&b=xy")], ["pq q no", "p  no", "- no", "pq q|xy"])

    @unittest.skipIf("nginx" in BINARY, "nginx empties them")
    def test_a_match_that_fails_leaves_the_captures(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; location ~ ^/p/(.*)$ { if ($arg_a ~ (x)) { set $b $1; } return 200 "$1"; } }""")
        self.assertEqual([s.get(t).text for t in ("/p/c", "/p/c?a=x")], ["c", "x"])

    def test_files(self):
        def prepare(s):
            s.write_file("html/file", "x")
            s.write_file("html/run", "x")
            s.write_file("html/folder/x", "x")
            os.chmod(s.path("html", "run"), 0o755)
            os.symlink("nowhere", s.path("html", "broken"))
        s = self.serve([kind + " $request_filename" for kind in ("-f", "!-f", "-d", "!-d", "-e", "!-e", "-x", "!-x")], prepare)
        for target, expected in (
                ("/file", [0, 3, 4, 7]), ("/run", [0, 3, 4, 6]), ("/folder", [1, 2, 4, 6]), ("/none", [1, 3, 5, 7]), ("/broken", [1, 3, 5, 7]),
                ("/file/below", [1, 3, 5, 7])):
            self.assertEqual(self.held(s, target), expected, target)


class Blocks(SluiceTest):
    def serve(self, rest, **names):
        self.o = self.origin(lambda req: Response(200, [("X-Auth", req.headers.get("x-auth", ""))], req.target))
        return self.sluice("server { listen 127.0.0.1:%(port)d; root html; " + rest + " }", o=self.o, **names)

    def test_the_last_that_holds_wins(self):
        s = self.serve("""location / { add_header X-Outer 1;
            if ($arg_a) { add_header X-First 1; } if ($arg_b) { add_header X-Second 2; } return 204; }""")
        def fields(target):
            return [name for name in ("x-outer", "x-first", "x-second") if name in s.get(target).headers]
        self.assertEqual([fields(t) for t in ("/", "/?a=1", "/?b=1", "/?a=1&b=1")], [["x-outer"], ["x-first"], ["x-second"], ["x-second"]])

    def test_the_content_is_inherited(self):
        s = self.serve("""location / { proxy_set_header X-Auth outer; proxy_pass http://127.0.0.1:%(o)d; if ($arg_a) { add_header X-If 1; } }
            location /base/ { proxy_pass http://127.0.0.1:%(o)d/replaced/; if ($arg_a) { add_header X-If 1; } }""")
        r = s.get("/x?a=1")
        self.assertEqual((r.text, r.headers["x-if"], r.headers["x-auth"]), ("/x?a=1", "1", "outer"))
        r = s.get("/base/x?a=1")
        self.assertEqual((r.text, r.headers["x-if"]), ("/replaced/x?a=1", "1"))

    def test_another_content(self):
        s = self.serve("""location / { proxy_pass http://127.0.0.1:%(o)d; if ($request_method = POST) { proxy_pass http://127.0.0.1:%(p)d; } }""",
                       p=self.origin(lambda req: Response(200, body=b"other " + req.body)))
        self.assertEqual((s.get("/x").text, s.post("/x", b"body").text), ("/x", "other body"))

    def test_directives_in_it(self):
        s = self.serve("""location / { error_page 404 /404;
                if ($arg_root) { root %(prefix)s/other; } if ($arg_type) { expires 1h; } if ($arg_page) { error_page 404 =200 @page; }
                if ($arg_no) { return 403; } if ($arg_rate) { limit_rate 1k; limit_rate_after 1; sendfile off; } }
            location @page { return 200 "page"; } location = /404 { return 200 outer; }""", start=False)
        s.write_file("html/f", "html")
        s.write_file("other/f", "other")
        s.start()
        self.assertEqual([s.get(t).text for t in ("/f", "/f?root=1", "/none?page=1", "/none")], ["html", "other", "page", "outer"])
        self.assertIn("cache-control", s.get("/f?type=1").headers)
        self.assertEqual(s.get("/f?no=1").status, 403)

    def test_try_files_is_not_inherited(self):
        s = self.serve("""location / { try_files /nothing =418; if ($arg_a) { add_header X-If 1; } }""", start=False)
        s.write_file("html/f", "html")
        s.start()
        self.assertEqual([(s.get(t).status) for t in ("/f", "/f?a=1")], [418, 200])

    def test_the_order_is_that_of_the_file(self):
        s = self.serve("""location / { set $v 1; if ($v = 1) { set $v "$v 2"; } set $v "$v 3"; if ($v = "1 2 3") { return 200 "$v"; } return 200 never; }
            location /rewrite { if ($arg_a) { rewrite ^ /to?; } rewrite ^ /else? last; }
            location /last { if ($arg_a) { rewrite ^ /to? last; } rewrite ^ /else? last; }
            location /break { if ($arg_a) { break; } return 200 "not broken"; }
            location /to { return 200 to; } location /else { return 200 else; }""", start=False)
        s.write_file("html/break", "broken off")
        s.start()
        self.assertEqual([s.get(t).text for t in ("/", "/rewrite?a=1", "/rewrite", "/last?a=1", "/break?a=1", "/break")],
                         ["1 2 3", "else", "else", "to", "broken off", "not broken"])

    def test_inheritance_does_not_ask_for_order(self):
        s = self.serve("location / { if ($arg_a) { set $x 1; } add_header X-Late 1; proxy_pass http://127.0.0.1:%(o)d; }")
        self.assertEqual(s.get("/?a=1").headers["x-late"], "1")

    def test_in_a_server(self):
        s = self.serve("""if ($host = old.test) { return 301 http://new.test$request_uri; } if ($arg_r) { rewrite ^/(.*)$ /moved/$1?; } set $s server;
            if ($arg_s) { set $s if; }
            location / { return 200 "$s"; } location /moved/ { return 200 "moved $uri $s"; }""")
        self.assertEqual(s.get("/p?q", {"Host": "old.test"}).headers["location"], "http://new.test/p?q")
        self.assertEqual([s.get(t).text for t in ("/", "/?s=1", "/x?r=1")], ["server", "if", "moved /moved/x server"])

    def test_its_own_log(self):
        s = self.serve("""location / { if ($arg_a) { access_log %(prefix)s/logs/if.log; } return 200; }""")
        s.get("/x?a=1")
        wait_for(lambda: os.path.getsize(s.path("logs", "if.log")), 5, "the line")

    def test_a_rewritten_path_leaves_the_block(self):
        s = self.serve("""location / { if ($arg_a) { add_header X-If 1; rewrite ^ /to; } } location /to { return 200 to; }""")
        r = s.get("/?a=1")
        self.assertEqual((r.text, "x-if" in r.headers), ("to", False))


if __name__ == "__main__":
    main()
