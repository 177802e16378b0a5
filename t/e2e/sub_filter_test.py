#!/usr/bin/env python3
"""Words in answers are replaced by others, wherever they come from and however they are cut into pieces."""
import threading

from harness import *

TEXT = "xabcdx ABC aab end"


class SubFilter(SluiceTest):
    def site(self, locations, **names):
        s = self.sluice("""
            types { text/html html; text/plain txt; application/json json; }
            server { listen 127.0.0.1:%%(port)d; root %%(prefix)s/html; sub_filter_once off;
                     %s }""" % locations, **names)
        for name in ("a.html", "a.txt", "a.json"):
            s.write_file("html/" + name, TEXT)
        return s

    def test_which_word_is_taken(self):
        s = self.site("""
            location /1/ { alias %(prefix)s/html/; sub_filter ab X; sub_filter abc YY; }
            location /2/ { alias %(prefix)s/html/; sub_filter abc YY; sub_filter ab X; }
            location /3/ { alias %(prefix)s/html/; sub_filter bc B; sub_filter abc A; }
            location /4/ { alias %(prefix)s/html/; sub_filter a A; sub_filter a C; sub_filter b ""; sub_filter_once on; }
            location /5/ { alias %(prefix)s/html/; sub_filter $arg_q "<$arg_r>"; }""")
        for path, wanted in (("/1/a.html", "xXcdx XC aX end"), ("/2/a.html", "xYYdx YY aX end"), ("/3/a.html", "xAdx A aab end"),
                             ("/4/a.html", "xAcdx CBC aab end"), ("/5/a.html?q=Ab&r=1", "x<1>cdx <1>C a<1> end"),
                             ("/5/a.html?q=zz", TEXT), ("/5/a.html", TEXT)):
            self.assertEqual(s.get(path).text, wanted, path)

    def test_what_becomes_of_the_head(self):
        s = self.site("""
            location /1/ { alias %(prefix)s/html/; sub_filter ab X; }
            location /2/ { alias %(prefix)s/html/; sub_filter ab X; sub_filter_last_modified on; }
            location /3/ { alias %(prefix)s/html/; sub_filter $arg_q X; }""")
        plain = s.get("/3/a.html")
        self.assertEqual((plain.headers["Content-Length"], plain.headers["Accept-Ranges"]), (str(len(TEXT)), "bytes"))
        got = s.get("/1/a.html", headers={"Range": "bytes=0-3"})
        self.assertEqual((got.status, got.text), (200, "xXcdx XC aX end"))
        for name in ("Content-Length", "Accept-Ranges", "Last-Modified", "ETag"):
            self.assertNotIn(name, got.headers)
        got = s.get("/2/a.html")
        self.assertEqual(got.headers["ETag"], "W/" + plain.headers["ETag"])
        self.assertEqual(got.headers["Last-Modified"], plain.headers["Last-Modified"])
        self.assertNotIn("Accept-Ranges", got.headers)
        self.assertEqual(s.get("/2/a.html", headers={"If-None-Match": got.headers["ETag"]}).status, 304)
        head = s.request("HEAD", "/1/a.html")
        self.assertEqual((head.body, "Content-Length" in head.headers), (b"", False))

    def test_types(self):
        s = self.site("""
            sub_filter ab X;
            location /more/ { alias %(prefix)s/html/; sub_filter_types Text/Plain; }
            location /all/ { alias %(prefix)s/html/; sub_filter_types *; }""")
        changed = "xXcdx XC aX end"
        for path, wanted in (("/a.html", changed), ("/a.txt", TEXT), ("/more/a.html", changed), ("/more/a.txt", changed),
                             ("/more/a.json", TEXT), ("/all/a.json", changed)):
            self.assertEqual(s.get(path).text, wanted, path)

    def test_inheritance(self):
        s = self.site("""
            sub_filter abc S;
            location /in/ { alias %(prefix)s/html/; }
            location /own/ { alias %(prefix)s/html/; sub_filter aab O; }
            location /twice/ { alias %(prefix)s/html/; sub_filter aab O; sub_filter abc P; }""")
        for path, wanted in (("/in/a.html", "xSdx S aab end"), ("/own/a.html", "xabcdx ABC O end"), ("/twice/a.html", "xPdx P O end")):
            self.assertEqual(s.get(path).text, wanted, path)

    def test_a_large_file(self):
        s = self.site("sub_filter needle pin; sub_filter <b> '';")
        text = "".join("%07d needle <b>" % i + "-" * (i % 41) for i in range(20_000))
        s.write_file("html/large.html", text)
        self.assertEqual(s.get("/large.html").text, text.replace("needle", "pin").replace("<b>", ""))

    def test_words_across_the_pieces_of_an_upstream(self):
        pieces = [b"one nee", b"dle two need", b"", b"le", b" three n", b"ot nee"]
        origin = self.origin(lambda req: Response(200, {"Content-Type": "text/html; charset=x"}, body=iter(pieces)))
        s = self.site("location /up/ { proxy_pass http://127.0.0.1:%(origin)d; sub_filter needle pin; }", origin=origin)
        self.assertEqual(s.get("/up/").text, "one pin two pin three not nee")

    def test_a_piece_is_not_kept_longer_than_needed(self):
        go = threading.Event()

        def pieces():
            yield b"first needl"
            go.wait(10)
            yield b"e last"
        origin = self.origin(lambda req: Response(200, {"Content-Type": "text/html"}, body=pieces()))
        s = self.site("location /up/ { proxy_pass http://127.0.0.1:%(origin)d; sub_filter needle pin; }", origin=origin)
        c = s.connect()
        c.request("GET", "/up/", headers={"Host": "h"})
        c.read_until(b"first ")
        self.assertNotIn(b"needl", c.received)
        go.set()
        c.read_until(b" last")
        self.assertIn(b"pin", c.received)

    def test_what_is_left_alone(self):
        origin = self.origin(lambda req: Response(200, {"Content-Type": "text/html", "Content-Encoding": "x"}, body=b"abab"))
        s = self.site("""sub_filter ab X;
                         location /up/ { proxy_pass http://127.0.0.1:%(origin)d; }
                         location /page { return 404 "ab"; default_type text/html; }
                         location /none { return 204; }""", origin=origin)
        if not STAND_IN:
            self.assertEqual(s.get("/up/").text, "abab")
        self.assertEqual(s.get("/page").text, "X")
        self.assertEqual(s.get("/none").status, 204)


if __name__ == "__main__":
    main()
