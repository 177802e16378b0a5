#!/usr/bin/env python3
"""map: sources and results of every kind, in nginx's order, found once per request and only when asked for."""
from harness import *
from server import read_text


class Map(SluiceTest):
    def shown(self, maps, text, *targets):
        """What `text` is for each target."""
        s = self.sluice(maps + """
            server { listen 127.0.0.1:%(port)d; location / { return 200 '""" + text + "'; } }")
        return [s.get(target).text for target in targets]

    def test_texts_in_any_case(self):
        self.assertEqual(
            self.shown("map $arg_x $m { a 1; B 'two words'; '' nothing; default d; }", "[$m]",
                       "/?x=a", "/?x=A", "/?x=b", "/?x=", "/", "/?x=c"),
            ["[1]", "[1]", "[two words]", "[nothing]", "[nothing]", "[d]"])

    def test_no_default_is_empty(self):
        self.assertEqual(self.shown("map $arg_x $m { a 1; }", "[$m]", "/?x=b"), ["[]"])

    def test_backslash_before_a_word_with_a_meaning(self):
        self.assertEqual(
            self.shown(r"map $arg_x $m { \default 1; default 2; \~x 3; \hostnames 4; \\y 5; }", "$m",
                       "/?x=default", "/?x=other", "/?x=~x", "/?x=hostnames", "/?x=y"),
            ["1", "2", "3", "4", "5"])

    def test_regular_expressions(self):
        self.assertEqual(
            self.shown(r"map $uri $m { ~^/old/(.*)$ /new/$1; ~*\.JPE?G$ picture; "
                       r"'~^/(?<who>\w{2})/(?<what>\w+)$' $what-of-$who; default none; }", "$m $1$who",
                       "/old/a/b", "/x.jpeg", "/ab/cd", "/abc/cd"),
            ["/new/a/b a/b", "picture ", "cd-of-ab abab", "none "])

    def test_first_regex_wins_after_all_texts(self):
        self.assertEqual(self.shown("map $arg_x $m { ~a first; ~ab second; ab text; }", "$m", "/?x=abc", "/?x=ab"),
                         ["first", "text"])

    def test_hostnames(self):
        s = self.sluice(r"""
            map $http_host $m {
                hostnames; default d;
                .a.com 1; b.com 2; *.c.com 3; www.* 4; *.x.a.com 5; ~^(.*)\.re$ r$1;
            }
            server { listen 127.0.0.1:%(port)d; location / { return 200 $m; } }""")
        for host, expected in [("a.com", "1"), ("A.COM", "1"), ("x.a.com", "1"), ("y.x.a.com", "5"), ("b.com", "2"),
                               ("b.com:80", "d"), ("b.com.", "2"), ("c.com", "d"), ("q.c.com", "3"),
                               ("www.foo.bar", "4"), ("zz.re", "rzz"), ("www.zz.re", "4"), ("www.a.com", "1")]:
            self.assertEqual((host, s.get("/", host=host).text), (host, expected))

    def test_masks_are_texts_without_hostnames(self):
        self.assertEqual(self.shown("map $arg_x $m { *.a 1; default d; }", "$m", "/?x=*.a", "/?x=b.a"), ["1", "d"])

    def test_several_variables_and_text(self):
        self.assertEqual(
            self.shown("map $arg_x:$arg_y $m { a:b 1; default <$arg_y-${arg_x}>; }", "$m", "/?x=a&y=b", "/?x=a&y=c"),
            ["1", "<c-a>"])

    def test_maps_of_maps(self):
        self.assertEqual(
            self.shown("map $b $c { 2 two; 3 three; } map $arg_x $a { x 1; y 2; } map $a $b { 1 2; 2 3; default $a; }",
                       "$c", "/?x=x", "/?x=y", "/?x=z"), ["two", "three", ""])

    def test_include(self):
        s = self.sluice("""
            map $arg_x $m { a 1; include %(prefix)s/more*.map; default d; }
            server { listen 127.0.0.1:%(port)d; location / { return 200 $m; } }""", start=False)
        s.write_file("more1.map", "b 2;\nc 3;\n")
        s.write_file("more2.map", "'d e' 4;\n")
        s.start()
        self.assertEqual([s.get("/?x=" + x).text for x in "abcz"], ["1", "2", "3", "d"])

    def test_found_once_unless_volatile(self):
        # $connection_requests of the first look would be 1 for both when it were kept over requests.
        s = self.sluice("""
            map $uri $kept { ~^/(.*)$ $1; }
            map $uri $fresh { volatile; ~^/(.*)$ $1; }
            server {
                listen 127.0.0.1:%(port)d;
                location / { error_page 404 /page; try_files $kept$fresh =404; }
                location = /page { return 200 "$kept $fresh"; }
            }""")
        self.assertEqual(s.get("/first").text, "first page")
        self.assertEqual(s.get("/second").text, "second page")

    def test_built_in_names_that_may_be_changed(self):
        self.assertEqual(self.shown("map $arg_x $args { a 1; default other; } map $uri $arg_y { / root; }",
                                    "$arg_y", "/?x=a"), ["root"])

    def test_a_circle_has_no_value(self):
        s = self.sluice("""
            map $arg_x $a { default "[$b]"; x $a; } map $arg_y $b { default "($a)"; x end; }
            map $self $self { default $self; }
            server { listen 127.0.0.1:%(port)d; location / { return 200 "$a$self"; } }""")
        self.assertEqual(s.get("/?y=x").text, "[end]")
        self.assertEqual(s.get("/").text, "[()]")
        s.wait_log('cycle while evaluating variable "a", client: 127.0.0.1')

    def test_where_maps_are_used(self):
        origin = self.origin(lambda req: Response(200, body=req.headers["connection"].encode() + b" " +
                                                  req.target.encode()))
        s = self.sluice("""
            map $http_upgrade $connection_upgrade { default upgrade; '' close; }
            map $http_x_to $to { a 127.0.0.1:%(origin)d; }
            map $status $loggable { ~^[23] 0; default 1; }
            log_format short "$request $loggable";
            server {
                listen 127.0.0.1:%(port)d; access_log %(prefix)s/logs/errors.log short if=$loggable;
                location / {
                    proxy_set_header Connection $connection_upgrade;
                    proxy_pass http://$to;
                }
                location /none { return 404; }
            }""", origin=origin)
        self.assertEqual(s.get("/x", [("X-To", "a")]).text, "close /x")
        self.assertEqual(s.get("/none").status, 404)
        wait_for(lambda: read_text(s.path("logs/errors.log")) == "GET /none HTTP/1.1 1\n")


if __name__ == "__main__":
    main()
