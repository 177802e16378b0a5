#!/usr/bin/env python3
"""Files below root: bodies of every size, what describes them, preconditions, and what is refused."""
import email.utils

from harness import *

CONF = """server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; }"""


def date_of(seconds):
    return email.utils.formatdate(seconds, usegmt=True)


class Files(SluiceTest):
    def site(self, conf=CONF, **files):
        s = self.sluice(conf)
        for name, content in files.items():
            s.write_file("html/" + name.replace("__", "/").replace("_", "."), content)
        return s

    def test_files_of_every_size_arrive_whole(self):
        s = self.site()
        for size in (0, 1, 65535, 65536, 65537, 5 << 20):
            body = os.urandom(size)
            s.write_file("html/f%d.bin" % size, body)
            got = s.get("/f%d.bin" % size)
            self.assertEqual((got.status, got.headers["Content-Length"]), (200, str(size)))
            self.assertTrue(got.body == body, "the body of %d bytes differs" % size)
            self.assertEqual(s.request("HEAD", "/f%d.bin" % size).headers["Content-Length"], str(size))

    def test_the_fields_of_a_file(self):
        s = self.site(a_html="hello")
        os.utime(s.path("html/a.html"), (784111777, 784111777))
        for method in ("GET", "HEAD"):
            got = s.request(method, "/a.html?q=1")
            self.assertEqual(got.headers["Content-Type"], "text/html")
            self.assertEqual(got.headers["Last-Modified"], "Sun, 06 Nov 1994 08:49:37 GMT")
            self.assertEqual(got.headers["ETag"], '"2ebc98a1-5"')
            self.assertEqual(got.headers["Accept-Ranges"], "bytes")
            self.assertEqual(got.body, b"hello" if method == "GET" else b"")

    def test_types(self):
        s = self.sluice("""
            types { text/x-a a; text/x-b b; }
            default_type text/x-none;
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                     location /own/ { types { text/x-own A; } default_type ""; }
                     location /forced/ { types { } default_type text/x-forced; } }""")
        for path, wanted in (("x.a", "text/x-a"), ("x.y.B", "text/x-b"), ("x", "text/x-none"), ("x.c", "text/x-none"),
                             ("own/x.a", "text/x-own"), ("forced/x.a", "text/x-forced")):
            s.write_file("html/" + path, "x")
            self.assertEqual(s.get("/" + path).headers.get("Content-Type"), wanted, path)

    def test_many_requests_over_one_connection(self):
        s = self.site(a_txt="x" * 1000, b_txt="y" * 100_000)
        c = s.connect()
        for i in range(20):
            c.request("GET", "/a.txt" if i % 2 else "/b.txt", headers={"Host": "h"})
            self.assertEqual(len(c.read_response().body), 1000 if i % 2 else 100_000)

    def test_etag_off(self):
        s = self.site(CONF.replace("root", "etag off; root"), a_txt="x")
        self.assertNotIn("ETag", s.get("/a.txt").headers)

    def test_only_get_and_head(self):
        s = self.site(a_txt="x")
        for method, path, status in (("POST", "/a.txt", 405), ("PUT", "/a.txt", 405), ("DELETE", "/none", 405),
                                     ("POST", "/none", 404), ("PUT", "/", 405)):
            self.assertEqual(s.request(method, path, body=b"abc").status, status, (method, path))

    def test_missing_files_are_logged_unless_told_otherwise(self):
        s = self.site("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                                  location /quiet/ { log_not_found off; } }""")
        self.assertEqual(s.get("/none.html").status, 404)
        s.wait_log(r'\[error\].* open\(\) "%s" failed \(2: No such file or directory\), client: 127.0.0.1'
                   % s.path("html/none.html"))
        self.assertEqual(s.get("/quiet/none").status, 404)
        self.assertEqual(s.get("/" + "x" * 300).status, 404)
        s.wait_log("File name too long")
        self.assertNotIn("quiet/none\"", s.error_log.replace("GET /quiet/none", ""))

    @unittest.skipIf(os.geteuid() == 0 and STAND_IN, "needs a worker that is not root")
    def test_unreadable_files_are_forbidden(self):
        s = self.site(secret_txt="x")
        os.chmod(s.path("html/secret.txt"), 0)
        self.assertEqual(s.get("/secret.txt").status, 403)
        s.wait_log(r"open\(\) .*secret.txt\" failed \(13: Permission denied\)")

    def test_what_is_no_regular_file(self):
        s = self.site()
        self.allow_log("is not a regular file")
        os.mkfifo(s.path("html/pipe"))
        os.chmod(s.path("html/pipe"), 0o666)
        self.assertEqual(s.get("/pipe").status, 404)
        os.symlink("pipe", s.path("html/link"))
        self.assertEqual(s.get("/link").status, 404)

    def test_symbolic_links_are_followed(self):
        s = self.site(a_txt="x")
        os.symlink("a.txt", s.path("html/link.txt"))
        self.assertEqual(s.get("/link.txt").body, b"x")

    def test_a_file_that_shrinks_ends_the_connection_not_the_worker(self):
        s = self.site()
        s.write_file("html/big", b"x" * (8 << 20))
        c = s.connect()
        c.request("GET", "/big", headers={"Host": "h"})
        c.read_until(b"\r\n\r\n")
        os.truncate(s.path("html/big"), 1000)
        self.allow_log("big")
        c.read_until_close()
        self.assertLess(len(c.received), 8 << 20)
        self.assertEqual(s.get("/big").headers["Content-Length"], "1000")

    def test_relative_root_is_below_the_prefix_and_html_is_the_default(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; location /own/ { root other; } location /var/ { root $arg_d; }
                                    location /slash/ { root other/; add_header X-Root $document_root; } }""")
        s.write_file("html/a.txt", "default")
        s.write_file("other/own/a.txt", "own")
        s.write_file("other/slash/a.txt", "slash")
        s.write_file("other/var/a.txt", "var")
        if not STAND_IN:
            self.assertEqual(s.get("/a.txt").body, b"default")
            self.assertEqual(s.get("/own/a.txt").body, b"own")
            self.assertEqual(s.get("/slash/a.txt").body, b"slash")
            self.assertEqual(s.get("/slash/a.txt").headers["X-Root"], s.path("other"))
            self.assertEqual(s.get("/var/a.txt?d=other").body, b"var")
        self.assertEqual(s.get("/var/a.txt?d=" + s.path("other")).body, b"var")


class Preconditions(SluiceTest):
    def test_every_one(self):
        s = self.sluice(CONF)
        s.write_file("html/a.txt", "hello")
        changed = 1_000_000_000
        os.utime(s.path("html/a.txt"), (changed, changed))
        tag = s.get("/a.txt").headers["ETag"]
        now, before, after = date_of(changed), date_of(changed - 1), date_of(changed + 1)
        for fields, status in (
                ({"If-None-Match": tag}, 304), ({"If-None-Match": "W/" + tag}, 304), ({"If-None-Match": "*"}, 304),
                ({"If-None-Match": '"x", ' + tag}, 304), ({"If-None-Match": '"x"'}, 200),
                ({"If-Modified-Since": now}, 304), ({"If-Modified-Since": before}, 200),
                ({"If-Modified-Since": after}, 200), ({"If-Modified-Since": "yesterday"}, 200),
                ({"If-None-Match": '"x"', "If-Modified-Since": now}, 200),
                ({"If-Match": tag}, 200), ({"If-Match": "*"}, 200), ({"If-Match": '"x"'}, 412),
                ({"If-Unmodified-Since": now}, 200), ({"If-Unmodified-Since": before}, 412),
                ({"If-Unmodified-Since": after}, 200)):
            for method in ("GET", "HEAD"):
                got = s.request(method, "/a.txt", headers=fields)
                self.assertEqual(got.status, status, (method, fields))
                if status == 304:
                    self.assertEqual((got.headers["ETag"], got.headers["Last-Modified"]), (tag, now))
                    self.assertNotIn("Content-Type", got.headers)
                    self.assertNotIn("Content-Length", got.headers)
                    self.assertEqual(got.body, b"")
                elif status == 412:
                    self.assertNotIn("ETag", got.headers)
                    self.assertIn("text/html", got.headers["Content-Type"])

    def test_if_modified_since(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; if_modified_since before;
                                    location /off/ { if_modified_since off; } }""")
        later = {"If-Modified-Since": date_of(time.time() + 5)}
        for path, status in (("a.txt", 304), ("off/a.txt", 200)):
            s.write_file("html/" + path, "x")
            self.assertEqual(s.get("/" + path, later).status, status, path)

    def test_a_kept_connection_survives_a_304(self):
        s = self.sluice(CONF)
        s.write_file("html/a.txt", "hello")
        c = s.connect()
        c.request("GET", "/a.txt", headers={"Host": "h", "If-None-Match": "*"})
        self.assertEqual(c.read_response().status, 304)
        c.request("GET", "/a.txt", headers={"Host": "h"})
        self.assertEqual(c.read_response().body, b"hello")


if __name__ == "__main__":
    main()
