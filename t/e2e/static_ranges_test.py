#!/usr/bin/env python3
"""Ranges of files: one, several, none that can be had; from memory and from the file."""
import re

from harness import *

CONF = """server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; default_type text/plain;
                   location /two/ { max_ranges 2; } location /none/ { max_ranges 0; } }"""


class Ranges(SluiceTest):
    def site(self):
        s = self.sluice(CONF)
        self.small, self.large = bytes(range(100)), os.urandom(300_000)
        for folder in ("", "two/", "none/"):
            s.write_file("html/%ssmall" % folder, self.small)
        s.write_file("html/large", self.large)
        s.write_file("html/empty", b"")
        return s

    def test_one_range(self):
        s = self.site()
        for name, body in (("/small", self.small), ("/large", self.large)):
            size = len(body)
            for asked, first, last in (("0-0", 0, 0), ("0-9", 0, 9), ("50-", 50, size - 1), ("-10", size - 10, size - 1),
                                       ("0-999999999", 0, size - 1), ("-" + 30 * "9", 0, size - 1),
                                       ("5-5, 999999999-", 5, 5)):
                got = s.get(name, {"Range": "bytes=" + asked})
                if STAND_IN and asked.startswith("-999"):
                    continue  # an overflow is an error there
                self.assertEqual(got.status, 206, asked)
                self.assertEqual(got.headers["Content-Range"], "bytes %d-%d/%d" % (first, last, size))
                self.assertEqual(got.headers["Content-Length"], str(last - first + 1))
                self.assertTrue(got.body == body[first:last + 1], asked)
                self.assertIn("ETag", got.headers)

    def test_several_ranges(self):
        s = self.site()
        for name, body in (("/small", self.small), ("/large", self.large)):
            got = s.get(name, {"Range": "bytes=0-4,10-10,-3"})
            self.assertEqual(got.status, 206)
            boundary = re.fullmatch(r"multipart/byteranges; boundary=(\d{20})", got.headers["Content-Type"])[1]
            parts = b""
            size = len(body)
            for first, last in ((0, 4), (10, 10), (size - 3, size - 1)):
                parts += b"\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes %d-%d/%d\r\n\r\n" % (
                    boundary.encode(), first, last, size) + body[first:last + 1]
            self.assertEqual(got.body, parts + b"\r\n--%s--\r\n" % boundary.encode())

    def test_what_cannot_be_had(self):
        s = self.site()
        for name, size, values in (("/small", 100, ("100-", "-0", "100-,200-", "x", "5-4", "-", "0-1,x", "+1-2", "0-1;x")),
                                   ("/large", 300_000, ("300000-",)), ("/empty", 0, ("x", "5-2"))):
            for value in values:
                got = s.get(name, {"Range": "bytes=" + value})
                self.assertEqual((got.status, got.headers.get("Content-Range")), (416, "bytes */%d" % size), value)
                self.assertIn(b"416", got.body)
                self.assertNotIn("ETag", got.headers)

    def test_what_counts_as_no_range(self):
        s = self.site()
        for value in ("bytes=", "lines=0-1", "bytes 0-1"):
            got = s.get("/small", {"Range": value})
            self.assertEqual((got.status, got.body), (200, self.small), value)
        for value in ("bytes=0-", "bytes=-5"):
            self.assertEqual(s.get("/empty", {"Range": value}).status, 200)
        self.assertEqual(s.request("HEAD", "/small", headers={"Range": "bytes=0-1"}).status, 206 if STAND_IN else 200)

    def test_many_ranges_do_not_make_many_bytes(self):
        s = self.site()
        got = s.get("/large", {"Range": "bytes=" + ",".join(["0-"] * 500)})
        self.assertEqual((got.status, len(got.body)), (200, 300_000))

    def test_max_ranges(self):
        s = self.site()
        self.assertEqual(s.get("/two/small", {"Range": "bytes=0-1,4-5"}).status, 206)
        self.assertEqual(s.get("/two/small", {"Range": "bytes=0-1,4-5,8-9"}).status, 200)
        self.assertEqual(s.get("/two/small", {"Range": "bytes=0-1,4-5,1000-"}).status, 206)
        got = s.get("/none/small", {"Range": "bytes=0-1"})
        self.assertEqual(got.status, 200)
        self.assertNotIn("Accept-Ranges", got.headers)

    def test_if_range(self):
        s = self.site()
        whole = s.get("/small")
        tag, changed = whole.headers["ETag"], whole.headers["Last-Modified"]
        for value, status in ((tag, 206), ('"x"', 200), ("W/" + tag, 200), (changed, 206),
                              ("Sun, 06 Nov 1994 08:49:37 GMT", 200)):
            got = s.get("/small", {"Range": "bytes=0-1", "If-Range": value})
            self.assertEqual(got.status, status, value)

    def test_a_precondition_counts_before_the_range(self):
        s = self.site()
        self.assertEqual(s.get("/small", {"Range": "bytes=0-1", "If-None-Match": "*"}).status, 304)
        self.assertEqual(s.get("/small", {"Range": "bytes=999-", "If-Match": '"x"'}).status, 412)


if __name__ == "__main__":
    main()
