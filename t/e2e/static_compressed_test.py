#!/usr/bin/env python3
"""Files that lie compressed beside others are sent to who accepts them."""
from harness import *


class Compressed(SluiceTest):
    def site(self, server):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; default_type text/plain; " + server + "}")
        for name in ("a.txt", "a.txt.gz", "only.txt.gz", "d.txt", "d.txt.gz/file"):
            s.write_file("html/" + name, name)
        return s

    def ask(self, s, path, accepted=None, **arguments):
        headers = dict(arguments.pop("headers", {}))
        if accepted is not None:
            headers["Accept-Encoding"] = accepted
        got = s.get(path, headers=headers, **arguments)
        return got.headers.get("Content-Encoding", ""), got.text if got.status == 200 else got.status

    def test_who_gets_it(self):
        s = self.site("gzip_static on; location /off/ { alias %(prefix)s/html/; gzip_static off; }")
        for accepted, wanted in ((None, ""), ("gzip", "gzip"), ("deflate, gzip;q=0.1", "gzip"), ("gzip;q=0", ""),
                                 ("identity", ""), ("GZIP", "gzip"), ("", "")):
            self.assertEqual(self.ask(s, "/a.txt", accepted), (wanted, "a.txt.gz" if wanted else "a.txt"), accepted)
        self.assertEqual(self.ask(s, "/off/a.txt", "gzip"), ("", "a.txt"))
        self.assertEqual(self.ask(s, "/only.txt", "gzip"), ("gzip", "only.txt.gz"))
        self.assertEqual(self.ask(s, "/only.txt"), ("", 404))
        self.assertEqual(self.ask(s, "/d.txt", "gzip"), ("", "d.txt"))
        self.assertEqual(self.ask(s, "/a.txt.gz", "gzip"), ("", "a.txt.gz"))
        self.assertEqual(s.request("POST", "/a.txt", headers={"Accept-Encoding": "gzip"}, body=b"x").status, 405)

    def test_the_head(self):
        s = self.site("gzip_static on;")
        os.utime(s.path("html/a.txt.gz"), (784111777, 784111777))
        got = s.get("/a.txt", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-0"})
        self.assertEqual((got.status, got.headers["Content-Type"], got.headers["Content-Length"], got.headers["ETag"],
                          got.headers["Last-Modified"]),
                         (200, "text/plain", "8", '"2ebc98a1-8"', "Sun, 06 Nov 1994 08:49:37 GMT"))
        self.assertNotIn("Accept-Ranges", got.headers)
        again = s.get("/a.txt", headers={"Accept-Encoding": "gzip", "If-None-Match": got.headers["ETag"]})
        self.assertEqual(again.status, 304)
        self.assertNotEqual(s.get("/a.txt").headers["ETag"], got.headers["ETag"])
        head = s.request("HEAD", "/a.txt", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((head.headers["Content-Encoding"], head.headers["Content-Length"], head.body), ("gzip", "8", b""))

    def test_always(self):
        s = self.site("gzip_static always;")
        for accepted in (None, "gzip;q=0", "gzip"):
            self.assertEqual(self.ask(s, "/only.txt", accepted), ("gzip", "only.txt.gz"))
        self.assertEqual(self.ask(s, "/d.txt"), ("", "d.txt"))

    def test_vary(self):
        s = self.site("""gzip_static on; gzip_vary on;
                         location /off/ { alias %(prefix)s/html/; gzip_vary off; }
                         location /always/ { alias %(prefix)s/html/; gzip_static always; }""")
        for path, accepted, vary in (("/a.txt", "gzip", True), ("/a.txt", None, True), ("/d.txt", "gzip", False),
                                     ("/off/a.txt", "gzip", False), ("/always/a.txt", "gzip", False)):
            got = s.get(path, headers={"Accept-Encoding": accepted} if accepted else {})
            if not STAND_IN or path != "/d.txt":
                self.assertEqual(got.headers.get("Vary"), "Accept-Encoding" if vary else None, (path, accepted))

    def test_whom_it_is_kept_from(self):
        s = self.site("""gzip_static on; gzip_disable "msie6" "robot";
            location /10/ { alias %(prefix)s/html/; gzip_http_version 1.0; }
            location /any/ { alias %(prefix)s/html/; gzip_proxied any; }
            location /auth/ { alias %(prefix)s/html/; gzip_proxied auth; }""")
        for fields, path, wanted in (
                ({"User-Agent": "Mozilla/4.0 (compatible; MSIE 6.0; Windows)"}, "/a.txt", ""),
                ({"User-Agent": "Mozilla/4.0 (compatible; MSIE 6.0; Windows; SV1)"}, "/a.txt", "gzip"),
                ({"User-Agent": "Mozilla/4.0 (compatible; MSIE 7.0)"}, "/a.txt", "gzip"),
                ({"User-Agent": "a Robot"}, "/a.txt", ""),
                ({"Via": "1.1 x"}, "/a.txt", ""),
                ({"Via": "1.1 x"}, "/any/a.txt", "gzip"),
                ({"Via": "1.1 x"}, "/auth/a.txt", "gzip" if STAND_IN else ""),  # it has no fields to judge by yet
                ({"Via": "1.1 x", "Authorization": "x"}, "/auth/a.txt", "gzip")):
            self.assertEqual(self.ask(s, path, "gzip", headers=fields)[0], wanted, (fields, path))
        for path, wanted in (("/a.txt", False), ("/10/a.txt", True)):
            with s.connect() as c:
                c.send("GET %s HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n" % path)
                self.assertEqual("Content-Encoding" in c.read_response().headers, wanted, path)

    @unittest.skipIf(STAND_IN, "of our own")
    def test_other_codings(self):
        s = self.site("gzip_static on; brotli_static on; zstd_static on; gzip_vary on;")
        for suffix in ("br", "zst"):
            s.write_file("html/a.txt." + suffix, suffix)
        for accepted, wanted in (("gzip, deflate, br, zstd", "br"), ("gzip, zstd", "zstd"), ("gzip", "gzip"),
                                 ("gzip, br;q=0.5, zstd;q=0.8", "gzip"), ("br;q=0.5, zstd;q=0.8", "zstd"), ("*;q=0.1", "br"),
                                 ("br;q=0, *", "zstd"), ("deflate", "")):
            self.assertEqual(self.ask(s, "/a.txt", accepted)[0], wanted, accepted)
        self.assertEqual(self.ask(s, "/only.txt", "br, gzip;q=0.1")[0], "gzip")


if __name__ == "__main__":
    main()
