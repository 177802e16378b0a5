#!/usr/bin/env python3
"""The charset of a text is told in Content-Type, and changed by a table where it is another."""
from harness import *
from server import TOP

MAPS = """
    charset_map koi8-r windows-1251 { C0 FE; C1 E0; }
    charset_map koi8-r utf-8 { C0 D18E; C1 D0B0; 41 C384; }
    types { text/html html; text/plain txt; application/json json; application/javascript js; text/css css; }
"""
KOI = b"A\xc0\xc1\xc5z"
WIN = b"A\xfe\xe0?z"
UTF = b"\xc3\x84\xd1\x8e\xd0\xb0?z"


class Charset(SluiceTest):
    def site(self, server, **names):
        s = self.sluice(MAPS + "server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; " + server + "}", **names)
        for name in ("k.html", "k.txt", "k.json", "k.js", "k.css"):
            s.write_file("html/" + name, KOI)
        return s

    def expect(self, s, path, content_type, body=None, **arguments):
        got = s.get(path, **arguments)
        self.assertEqual(got.headers.get("Content-Type"), content_type, path)
        if body is not None:
            self.assertEqual(got.body, body, path)
        return got

    def test_which_answers_say_it(self):
        s = self.site("""
            charset utf-8;
            location /off/ { alias %(prefix)s/html/; charset off; }
            location /types/ { alias %(prefix)s/html/; charset_types application/json; }
            location /all/ { alias %(prefix)s/html/; charset_types *; }
            location /301 { return 301 /x; }
            location /303 { return 303 /x; }
            location /404 { return 404; }
            location /text { default_type text/plain; return 200 x; }""")
        utf = "; charset=utf-8"
        for path, wanted in (("/k.html", "text/html" + utf), ("/k.txt", "text/plain" + utf), ("/k.css", "text/css"),
                             ("/k.js", "application/javascript" + utf), ("/k.json", "application/json"),
                             ("/off/k.html", "text/html"), ("/types/k.json", "application/json" + utf),
                             ("/types/k.txt", "text/plain"), ("/types/k.html", "text/html" + utf),
                             ("/all/k.css", "text/css" + utf), ("/301", "text/html"), ("/303", "text/html" + utf),
                             ("/404", "text/html" + utf), ("/text", "text/plain" + utf)):
            self.expect(s, path, wanted)
        got = self.expect(s, "/k.html", "text/html" + utf, KOI)
        self.assertEqual((got.headers["Content-Length"], got.headers["Accept-Ranges"]), ("5", "bytes"))

    def test_another_charset(self):
        s = self.site("""
            source_charset koi8-r;
            location /win/ { alias %(prefix)s/html/; charset windows-1251; }
            location /utf/ { alias %(prefix)s/html/; charset utf-8; }
            location /same/ { alias %(prefix)s/html/; charset koi8-r; }
            location /back/ { alias %(prefix)s/html/; charset koi8-r; source_charset utf-8; }
            location /none/ { alias %(prefix)s/html/; }""")
        got = self.expect(s, "/win/k.html", "text/html; charset=windows-1251", WIN)
        self.assertEqual(got.headers["Content-Length"], "5")
        plain = self.expect(s, "/same/k.html", "text/html; charset=koi8-r", KOI)
        got = self.expect(s, "/utf/k.html", "text/html; charset=utf-8", UTF, headers={"Range": "bytes=0-1"})
        self.assertEqual((got.status, got.headers["ETag"]), (200, plain.headers["ETag"]))
        self.assertNotIn("Content-Length", got.headers)
        self.assertNotIn("Accept-Ranges", got.headers)
        self.expect(s, "/utf/k.json", "application/json", KOI)
        self.expect(s, "/none/k.html", "text/html", KOI)
        s.write_file("html/u.html", b"A\xd1\x8e\xd0\xb0\xd0\xb1\xc3\x84\xe2\x82\xac\xf0\x9f\x98\x80z")
        self.expect(s, "/back/u.html", "text/html; charset=koi8-r", b"A\xc0\xc1&#1073;A&#8364;&#128512;z")
        s.write_file("html/large.html", KOI * 100_000)
        self.expect(s, "/win/large.html", "text/html; charset=windows-1251", WIN * 100_000)
        self.expect(s, "/utf/large.html", "text/html; charset=utf-8", UTF * 100_000)

    def test_variables(self):
        s = self.site("charset $arg_to; source_charset $arg_from;")
        self.expect(s, "/k.html?to=utf-8&from=koi8-r", "text/html; charset=utf-8", UTF)
        self.expect(s, "/k.html?to=utf-8&from=UTF-8", "text/html; charset=utf-8", KOI)
        self.expect(s, "/k.html?to=xyz&from=koi8-r", "text/html", KOI)
        s.wait_log(r'\[error\].* no "charset_map" between the charsets "koi8-r" and "xyz"')
        if not STAND_IN:
            self.expect(s, "/k.html?from=koi8-r", "text/html", KOI)

    def test_the_tables_that_come_with_it(self):
        s = self.sluice("".join("include %s;\n" % os.path.join(TOP, "conf", name) for name in ("koi-win", "koi-utf", "win-utf")) +
                        """server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; default_type text/plain;
                                    charset $arg_to; source_charset $arg_from; }""")
        for path, charset in (("koi8-r", "koi8-r"), ("windows-1251", "cp1251"), ("utf-8", "utf-8")):
            s.write_file("html/" + path, "Съешь ещё этих мягких французских булок, да выпей чаю".encode(charset))
        for source in ("koi8-r", "windows-1251", "utf-8"):
            for to in ("koi8-r", "windows-1251", "utf-8"):
                self.assertEqual(s.get("/%s?from=%s&to=%s" % (source, source, to)).body, s.get("/%s?to=%s&from=%s" % (to, to, to)).body)

    def test_what_an_upstream_says(self):
        said = {}
        origin = self.origin(lambda req: Response(200, said, body=KOI))
        s = self.site("""
            charset utf-8; source_charset koi8-r;
            location /keep/ { proxy_pass http://127.0.0.1:%(origin)d; }
            location /over/ { proxy_pass http://127.0.0.1:%(origin)d; override_charset on; }
            location /plain/ { proxy_pass http://127.0.0.1:%(origin)d; charset off; }
            location /deaf/ { proxy_pass http://127.0.0.1:%(origin)d; charset off; proxy_ignore_headers X-Accel-Charset; }
            """, origin=origin)

        def expect(path, content_type, body, **fields):
            said.clear()
            said.update({name.replace("_", "-"): value for name, value in fields.items()})
            got = self.expect(s, path, content_type, body)
            self.assertNotIn("X-Accel-Charset", got.headers)
        expect("/keep/", "text/html; charset=utf-8", UTF, Content_Type="text/html")
        expect("/keep/", "text/html; charset=windows-1251", KOI, Content_Type="text/html; charset=windows-1251")
        expect("/over/", "text/html; x=y; charset=utf-8", UTF, Content_Type='text/html; x=y; charset="KOI8-R"')
        expect("/over/", "text/html; charset=utf-8", KOI, Content_Type="text/html; charset=utf-8")
        expect("/over/", "text/html; charset=windows-1251", KOI, Content_Type="text/html; charset=windows-1251")
        s.wait_log('no "charset_map" between the charsets "windows-1251" and "utf-8"')
        expect("/keep/", "text/html; charset=windows-1251", WIN, Content_Type="text/html", X_Accel_Charset="windows-1251")
        expect("/plain/", "text/html; charset=koi8-r", KOI, Content_Type="text/html", X_Accel_Charset="koi8-r")
        expect("/deaf/", "text/html", KOI, Content_Type="text/html", X_Accel_Charset="koi8-r")


class Picture(SluiceTest):
    def test_empty_gif(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d;
            location = /_.gif { empty_gif; expires 1h; default_type text/plain; charset utf-8; } }""")
        got = s.get("/_.gif")
        self.assertEqual((got.headers["Content-Type"], got.headers["Last-Modified"], got.headers["Cache-Control"]),
                         ("image/gif", "Mon, 28 Sep 1970 06:00:00 GMT", "max-age=3600"))
        self.assertEqual(got.body.hex(), "47494638396101000100800100" "000000ffffff21f90401000001002c00000000010001"
                                         "000002024c01003b")
        self.assertEqual(s.get("/_.gif", headers={"If-Modified-Since": got.headers["Last-Modified"]}).status, 304)
        self.assertEqual(s.request("HEAD", "/_.gif").headers["Content-Length"], "43")
        self.assertEqual([s.request(m, "/_.gif", body=b"x").status for m in ("POST", "PUT")], [405, 405])


if __name__ == "__main__":
    main()
