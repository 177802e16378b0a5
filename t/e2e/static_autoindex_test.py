#!/usr/bin/env python3
"""autoindex: lists of folders in every form."""
import json
import xml.etree.ElementTree

from harness import *

CONF = """server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; autoindex on;
                   location /off/ { autoindex off; }
                   location /short/ { alias %(prefix)s/html/d/; autoindex_exact_size off; }
                   location /json/ { alias %(prefix)s/html/d/; autoindex_format json; }
                   location /jsonp/ { alias %(prefix)s/html/d/; autoindex_format jsonp; }
                   location /xml/ { alias %(prefix)s/html/d/; autoindex_format xml; } }"""
LONG = "x" * 60


class Autoindex(SluiceTest):
    def site(self):
        s = self.sluice(CONF)
        for name in ("a&b<c>\".txt", LONG, "s p%3a?.txt", ".hidden"):
            s.write_file("html/d/" + name, "12345")
        s.write_file("html/d/big", b"x" * 1_600_000)
        s.write_file("html/d/folder/.keep", "")
        s.write_file("html/off/a", "x")
        s.write_file("html/index/index.html", "index")
        os.symlink("nowhere", s.path("html/d/dangling"))
        for name in ("a&b<c>\".txt", LONG, "s p%3a?.txt", "big", "folder"):
            os.utime(s.path("html/d", name), (981173106, 981173106))
        return s

    def test_html(self):
        s = self.site()
        got = s.get("/d/")
        self.assertEqual((got.status, got.headers["Content-Type"]), (200, "text/html"))
        lines = got.text.split("\r\n")
        self.assertEqual(lines[:5], ["<html>", "<head><title>Index of /d/</title></head>", "<body>",
                                     '<h1>Index of /d/</h1><hr><pre><a href="../">../</a>',
                                     '<a href="folder/">folder/</a>' + 44 * " " + "03-Feb-2001 04:05" + 19 * " " + "-"])
        self.assertIn('<a href="a%26b%3Cc%3E%22.txt">a&amp;b&lt;c&gt;&quot;.txt</a>' + 40 * " "
                      + "03-Feb-2001 04:05" + 19 * " " + "5", lines)
        self.assertIn('<a href="s%20p%253a%3F.txt">s p%3a?.txt</a>' + 40 * " " + "03-Feb-2001 04:05" + 19 * " " + "5", lines)
        self.assertIn('<a href="%s">%s..&gt;</a> 03-Feb-2001 04:05%s5' % (LONG, LONG[:47], 19 * " "), lines)
        self.assertNotIn(".hidden", got.text)
        self.assertEqual(s.get("/d/s%20p%253a%3F.txt").body, b"12345")
        self.assertEqual(s.request("HEAD", "/d/").headers["Content-Type"], "text/html")
        self.assertIn("03-Feb-2001 04:05      2M\r\n", s.get("/short/").text)

    def test_for_programs(self):
        s = self.site()
        listed = s.get("/json/").json()
        self.assertEqual([e["name"] for e in listed], ["folder", "a&b<c>\".txt", "big", "dangling", "s p%3a?.txt", LONG])
        self.assertEqual(listed[0], {"name": "folder", "type": "directory", "mtime": "Sat, 03 Feb 2001 04:05:06 GMT"})
        self.assertEqual((listed[2]["type"], listed[2]["size"]), ("file", 1_600_000))
        self.assertEqual(listed[3]["type"], "other")
        self.assertEqual(s.get("/json/folder/").json(), [])
        s.write_file("html/d/folder/a\tb\nc\x01\\", "x")
        os.utime(s.path("html/d/folder"), (981173106, 981173106))
        got = s.get("/json/folder/")
        self.assertIn(r'"a\tb\nc\u0001\\"', got.text)
        self.assertEqual(got.json()[0]["name"], "a\tb\nc\x01\\")
        tree = xml.etree.ElementTree.fromstring(s.get("/xml/").body)
        self.assertEqual([(e.tag, e.text) for e in tree][:2], [("directory", "folder"), ("file", "a&b<c>\".txt")])
        self.assertEqual(tree[0].get("mtime"), "2001-02-03T04:05:06Z")
        got = s.get("/jsonp/?x=1&callback=my.f_1")
        self.assertEqual(got.headers["Content-Type"], "application/javascript")
        self.assertEqual(json.loads(got.text[len("/* callback */\r\nmy.f_1("):-2]), listed)
        self.assertEqual(s.get("/jsonp/").json(), listed)
        self.assertEqual(s.get("/jsonp/?callback=alert(1)").status, 400)

    def test_what_is_not_listed(self):
        s = self.site()
        self.assertEqual(s.get("/off/").status, 403)
        self.assertEqual(s.get("/none/").status, 404)
        self.assertEqual(s.get("/index/").body, b"index")
        self.assertEqual(s.get("/d").status, 301)


if __name__ == "__main__":
    main()
