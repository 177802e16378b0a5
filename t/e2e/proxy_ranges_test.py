#!/usr/bin/env python3
"""proxy_force_ranges: pieces of what an origin can only send whole."""

import re

from harness import *

BODY = bytes(i % 251 for i in range(300_000))
CONF = """server { listen 127.0.0.1:%(port)d; proxy_pass_request_headers on;
    location / { proxy_pass http://127.0.0.1:%(o)d; proxy_force_ranges on; }
    location /plain { proxy_pass http://127.0.0.1:%(o)d; } location /few { proxy_pass http://127.0.0.1:%(o)d; proxy_force_ranges on; max_ranges 1; } }"""


class ForcedRanges(SluiceTest):
    def serve(self, headers=(), body=BODY, **options):
        self.headers = dict({"Content-Type": "text/plain", "ETag": '"v1"', "Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"}, **dict(headers))
        return self.sluice(CONF, o=self.origin(lambda req: Response(200, self.headers, body=body, **options)))

    def test_one_piece(self):
        s = self.serve()
        for asked, first, last in (("0-0", 0, 0), ("5-9", 5, 9), ("299990-", 299990, 299999), ("-7", 299993, 299999), ("70000-200000", 70000, 200000)):
            got = s.get("/x", {"Range": "bytes=" + asked})
            self.assertEqual((got.status, got.reason), (206, "Partial Content"), asked)
            self.assertEqual(got.headers["content-range"], "bytes %d-%d/300000" % (first, last))
            self.assertTrue(got.body == BODY[first:last + 1], asked)
            self.assertEqual(got.headers["content-length"], str(last - first + 1))

    def test_several_pieces(self):
        s = self.serve()
        got = s.get("/x", {"Range": "bytes=0-4,1000-1009,-3"})
        self.assertEqual(got.status, 206)
        boundary = re.fullmatch("multipart/byteranges; boundary=([0-9]{20})", got.headers["content-type"])[1]
        wanted = b"".join(b"\r\n--%s\r\nContent-Type: text/plain\r\nContent-Range: bytes %d-%d/300000\r\n\r\n%s" % (
            boundary.encode(), a, b, BODY[a:b + 1]) for a, b in ((0, 4), (1000, 1009), (299997, 299999)))
        self.assertTrue(got.body == wanted + b"\r\n--%s--\r\n" % boundary.encode())

    def test_what_cannot_be_cut_as_it_comes_is_whole(self):
        s = self.serve()
        for asked in ("100-200,5-9", "0-10,5-20"):
            got = s.get("/x", {"Range": "bytes=" + asked})
            self.assertEqual((got.status, len(got.body), got.headers["accept-ranges"]), (200, 300_000, "bytes"), asked)
        self.assertEqual(s.get("/few", {"Range": "bytes=0-1,3-4"}).status, 200)

    def test_conditions_and_the_rest(self):
        s = self.serve()
        self.assertEqual(s.get("/x", {"Range": "bytes=0-1", "If-Range": '"v1"'}).status, 206)
        self.assertEqual(s.get("/x", {"Range": "bytes=0-1", "If-Range": '"v2"'}).status, 200)
        self.assertEqual(s.get("/x", {"Range": "bytes=0-1", "If-Range": "Tue, 14 Nov 2023 22:13:20 GMT"}).status, 206)
        got = s.get("/x", {"Range": "bytes=300000-"})
        self.assertEqual((got.status, got.headers["content-range"]), (416, "bytes */300000"))
        self.assertEqual(s.get("/plain", {"Range": "bytes=0-1"}).status, 200)

    def test_an_answer_of_unknown_length_is_whole(self):
        s = self.serve(body=[b"abc", b"def"])
        got = s.get("/x", {"Range": "bytes=0-1"})
        self.assertEqual((got.status, got.body), (200, b"abcdef"))

    def test_an_origin_that_knows_ranges_itself(self):
        self.headers = {}
        s = self.sluice(CONF, o=self.origin(lambda req: Response(206, {"Content-Range": "bytes 0-1/9"}, body=b"ab")))
        got = s.get("/x", {"Range": "bytes=0-1"})
        self.assertEqual((got.status, got.headers["content-range"], got.body), (206, "bytes 0-1/9", b"ab"))

    def test_a_body_that_ends_early_is_broken_off(self):
        def origin(conn):
            conn.read_request()
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100)
            conn.close()
        self.allow_log("upstream prematurely closed|while reading upstream")
        s = self.sluice(CONF, o=self.raw_origin(origin))
        with s.connect() as c:
            c.request("GET", "/x", [("Range", "bytes=50-149")])
            with self.assertRaises(Closed):
                c.read_response()


if __name__ == "__main__":
    main()
