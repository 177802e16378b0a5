#!/usr/bin/env python3
"""Messages of both sides with random damage: whatever becomes of them, what the other side gets is well-formed, nobody gets
what belongs to another, and no worker dies. MUTATIONS=100000 SEED=7 for more of it."""

import random

from hostile import *

COUNT, SEED = int(os.environ.get("MUTATIONS", "1000")), int(os.environ.get("SEED", "1"))
CONF = SIMPLE.replace("lingering_timeout 1s", "lingering_timeout 100ms; proxy_read_timeout 100ms").replace("5s", "500ms")
REQUESTS = (
    b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /stream/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: keep-alive, x-y\r\nX-Y: 1\r\n\r\nhelloGET /z HTTP/1.1\r\nHost: b\r\n\r\n",
    b"GET http://a.b:80/q?x HTTP/1.1\r\nHost: c\r\nX: y\r\n\r\n",
    b"GET /a/../b/%2e%2e/c HTTP/1.1\r\nHost: [::1]:80\r\nCookie: a=b; c=d\r\nRange: bytes=0-1\r\nIf-None-Match: \"x\"\r\n\r\n",
    b"PUT /stream/u HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"GET /static/f HTTP/1.0\r\nConnection: keep-alive\r\nRange: bytes=1-2,3-4,-1\r\n\r\n",
)
RESPONSES = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n5\r\nhello\r\n3;x=y\r\nabc\r\n0\r\nX-T: 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive, x-y\r\nX-Y: 1\r\nKeep-Alive: a\r\n\r\nhello",
    b"HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\nHTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.0 404 No\r\nServer: x\r\n\r\nbody to the end",
    b"HTTP/1.1 304 Not\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 204 No\r\nX-Accel-Redirect: /static/f\r\nX-Accel-Limit-Rate: 100000\r\nX-Accel-Buffering: no\r\n\r\n",
)
BITS = (b"\r", b"\n", b"\r\n", b"\0", b" ", b"\t", b":", b",", b";", b"=", b"\"", b"%", b"%00", b"0", b"9", b"ffffffff", b"\x80", b"/", b"..", b"#",
        b"101", b"Host: z\r\n", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"Connection: close, content-length\r\n",
        b"Upgrade: h2c\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 100 C\r\n\r\n")


class Mutations(HostileTest):
    def messages(self, seeds):
        self.random = random.Random(SEED)
        for _ in range(COUNT):
            data = self.random.choice(seeds)
            for _ in range(self.random.choice((1, 1, 1, 2, 3))):
                at, kind = self.random.randrange(len(data) + 1), self.random.random()
                if kind < 0.6:
                    data = data[:at] + self.random.choice(BITS) + data[at:]
                elif kind < 0.8:
                    data = data[:at] + data[at + self.random.randrange(1, 4):]
                else:
                    data = data[:at] + bytes([self.random.randrange(256)]) + data[at + 1:]
            yield data

    def test_requests(self):
        """The origin of the harness reads strictly."""
        self.begin(CONF)
        self.s.write_file("html/static/f", b"0123456789")
        for data in self.messages(REQUESTS):
            with self.s.connect() as c:
                c.send(data)
                c.shutdown_write()
                try:
                    while True:
                        c.read_response(interim=True)
                except (ConnectionError, BadMessage) as e:
                    self.assertIsInstance(e, ConnectionError, data)
            self.assertEqual(self.o.errors, [], data)
        self.still_serves()

    def test_responses(self):
        answer = []

        def origin(conn):
            for q in iter(conn.read_request, None):
                if q.target in ("/clean", "/second"):
                    conn.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond")
                    continue
                data, closes = answer[-1]
                conn.send(data)
                if closes:
                    return
        self.begin(CONF, raw=origin)
        for data in self.messages(RESPONSES):
            answer.append((data, self.random.random() < 0.9))
            method, target = self.random.choice(("GET", "GET", "HEAD")), self.random.choice(("/x", "/stream/x"))
            with self.s.connect() as c:
                try:
                    c.request(method, target)
                    c.read_response()
                    c.request("GET", "/second")
                    self.assertEqual(c.read_response().body, b"second", (method, data))
                except (ConnectionError, BadMessage) as e:
                    self.assertIsInstance(e, ConnectionError, (method, data))
        self.still_serves()


if __name__ == "__main__":
    main()
