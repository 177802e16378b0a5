#!/usr/bin/env python3
"""add_header, add_trailer and expires: to which answers they are added, and how blocks inherit them."""
import email.utils

from harness import *

EPOCH, MAX = "Thu, 01 Jan 1970 00:00:01 GMT", "Thu, 31 Dec 2037 23:55:55 GMT"


def seconds(text):
    return email.utils.parsedate_to_datetime(text).timestamp()


class AddHeader(SluiceTest):
    def test_to_which_answers(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                     add_header X-Usual "a b"; add_header X-Always $uri always; add_header X-Empty $arg_none;
                     add_header Link one; add_header Link two; }""")
        s.write_file("html/a.txt", "hello")
        for fields, status in (({}, 200), ({"Range": "bytes=0-1"}, 206), ({"If-None-Match": "*"}, 304)):
            got = s.get("/a.txt", fields)
            self.assertEqual((got.status, got.headers.get("X-Usual"), got.headers.get("X-Always")), (status, "a b", "/a.txt"))
            self.assertNotIn("X-Empty", got.headers)
            self.assertEqual(got.headers.all("Link"), ["one", "two"])
        for path, fields, status in (("/none", {}, 404), ("/a.txt", {"If-Match": '"x"'}, 412),
                                     ("/a.txt", {"Range": "bytes=99-"}, 416)):
            got = s.get(path, fields)
            if status != 416 or not STAND_IN:
                self.assertEqual((got.status, got.headers.get("X-Usual"), got.headers.get("X-Always")), (status, None, path))

    def test_a_value_cannot_end_its_field(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; add_header X-Path $uri always; }")
        if STAND_IN:
            return
        for c in ("%0d%0aX-Evil:1", "%0aX-Evil:1", "%0d"):
            self.assertNotIn("X-Evil", s.get("/" + c).headers)

    def test_validators_are_replaced(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                     location /own/ { add_header Last-Modified "Sun, 06 Nov 1994 08:49:37 GMT"; add_header ETag '"own"'; }
                     location /none/ { add_header Last-Modified ""; add_header ETag ""; } }""")
        for folder, wanted in (("own", ["Sun, 06 Nov 1994 08:49:37 GMT", '"own"']), ("none", [None, None])):
            s.write_file("html/%s/a" % folder, "x")
            got = s.get("/%s/a" % folder).headers
            self.assertEqual([got.get("Last-Modified"), got.get("ETag")], wanted)

    def test_inheritance(self):
        s = self.sluice("""
            add_header X-Http 1;
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                     location /none/ { expires 1h; }
                     location /own/ { add_header X-Own 1; location /own/deep/ { etag off; } } }""")
        for path, names in (("none/a", ["X-Http"]), ("own/a", ["X-Own"]), ("own/deep/a", ["X-Own"])):
            s.write_file("html/" + path, "x")
            got = s.get("/" + path).headers
            self.assertEqual([n for n in ("X-Http", "X-Own") if n in got], names, path)

    @unittest.skipIf(STAND_IN, "nginx knows it since 1.29.3")
    def test_add_header_inherit(self):
        s = self.sluice("""
            add_header X-Http 1; add_header_inherit merge;
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                     location /merged/ { add_header X-Own 1; }
                     location /off/ { add_header_inherit off; }
                     location /offown/ { add_header X-Own 1; add_header_inherit off; }
                     location /usual/ { add_header_inherit on; add_header X-Own 1; } }""")
        for path, names in (("a", ["X-Http"]), ("merged/a", ["X-Http", "X-Own"]), ("off/a", []), ("offown/a", ["X-Own"]),
                            ("usual/a", ["X-Own"])):
            s.write_file("html/" + path, "x")
            got = s.get("/" + path).headers
            self.assertEqual([n for n in ("X-Http", "X-Own") if n in got], names, path)

    @unittest.skipIf(STAND_IN, "nginx knows it since 1.29.3")
    def test_the_rule_of_inheritance_is_inherited(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; add_header X-Server 1; add_header_inherit off;
                     location /bare/ { }
                     location /own/ { add_header X-Own 1; location /own/deep/ { } }
                     location /again/ { add_header_inherit on; location /again/deep/ { etag off; } }
                     location /merged/ { add_header_inherit merge; location /merged/deep/ { add_header X-Own 1; } } }""")
        both = ["X-Server", "X-Own"]
        for path, names in (("a", ["X-Server"]), ("bare/a", []), ("own/a", ["X-Own"]), ("own/deep/a", []),
                            ("again/a", ["X-Server"]), ("again/deep/a", ["X-Server"]), ("merged/a", ["X-Server"]),
                            ("merged/deep/a", both)):
            s.write_file("html/" + path, "x")
            got = s.get("/" + path).headers
            self.assertEqual([n for n in both if n in got], names, path)

    def test_trailers(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; add_trailer X-End $uri; }""")
        s.write_file("html/a", "hello")
        got = s.get("/a", {"TE": "trailers"})
        self.assertEqual((got.body, got.trailers.get("X-End")), (b"hello", "/a"))
        self.assertEqual(got.headers["Transfer-Encoding"], "chunked")
        c = s.connect()
        c.send(b"GET /a HTTP/1.0\r\n\r\n")
        self.assertTrue(c.read_until_close().endswith(b"\r\n\r\nhello"))


class Expires(SluiceTest):
    def test_every_form(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; expires 1h;
                     location /epoch/ { expires epoch; } location /max/ { expires max; } location /off/ { expires off; }
                     location /past/ { expires -1; } location /zero/ { expires 0; } location /plus/ { expires +1d; }
                     location /modified/ { expires modified 1h; } location /var/ { expires $arg_e; }
                     location /day/ { expires @23h59m59s; } }""")
        for folder in ("epoch", "max", "off", "past", "zero", "plus", "modified", "var", "day", "here"):
            s.write_file("html/%s/a" % folder, "x")
        changed = int(time.time()) - 600
        os.utime(s.path("html/modified/a"), (changed, changed))

        def look(path):
            got = s.get(path).headers
            expires = got.get("Expires")
            return expires, got.get("Cache-Control"), expires and round(seconds(expires) - seconds(got["Date"]))

        self.assertEqual(look("/epoch/a")[:2], (EPOCH, "no-cache"))
        self.assertEqual(look("/max/a")[:2], (MAX, "max-age=315360000"))
        self.assertEqual(look("/off/a")[:2], (None, None))
        self.assertEqual(look("/past/a")[1:], ("no-cache", -1))
        self.assertEqual(look("/zero/a")[1:], ("max-age=0", 0))
        self.assertEqual(look("/plus/a")[1:], ("max-age=86400", 86400))
        self.assertEqual(look("/here/a")[1:], ("max-age=3600", 3600))
        self.assertEqual(look("/none")[:2], (None, None))
        expires, control, _ = look("/modified/a")
        self.assertEqual(seconds(expires), changed + 3600)
        self.assertAlmostEqual(int(control[8:]), 3000, delta=5)
        expires, control, ahead = look("/day/a")
        self.assertEqual(time.strftime("%H:%M:%S", time.localtime(seconds(expires))), "23:59:59")
        self.assertTrue(0 <= ahead <= 25 * 3600)
        self.assertEqual(look("/var/a?e=epoch")[1], "no-cache")
        self.assertEqual(look("/var/a?e=2m")[1], "max-age=120")
        self.assertEqual(look("/var/a?e=off")[1], None)
        self.assertEqual(look("/var/a?e=nonsense")[1], None)

    def test_add_header_adds_to_what_expires_set(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; expires 1h;
                                    add_header Cache-Control public; }""")
        s.write_file("html/a", "x")
        self.assertEqual(s.get("/a").headers.all("Cache-Control"), ["max-age=3600", "public"])


if __name__ == "__main__":
    main()
