#!/usr/bin/env python3
"""Upgrade: WebSockets pass through a plain proxy_pass as through the classic configuration, and nothing else does unasked."""
import random
import threading

import websockets as ws
from harness import *

SERVER = "server { listen 127.0.0.1:%(port)d; "
PLAIN = SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; %(more)s } }"
CLASSIC = """map $http_upgrade $connection_upgrade { default upgrade; '' close; }
    """ + SERVER + """location / { proxy_pass http://127.0.0.1:%(o)d; proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_set_header Host $host; %(more)s } }"""


class WebSocket(SluiceTest):
    def echo(self):
        self.seen = []

        def handle(conn):
            request = conn.read_request()
            self.seen.append(request)
            if request.headers.get("upgrade", "").lower() == "websocket":
                ws.serve_echo(conn, request)
            else:
                conn.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        return self.raw_origin(handle)

    def serve(self, conf=PLAIN, more="", origin=None):
        if conf is CLASSIC:
            conf = conf.partition("\n")[2]  # map is another feature's
        return self.sluice(conf, o=origin or self.echo(), more=more)

    def test_both_ways(self):
        for conf in (PLAIN, CLASSIC):
            s = self.serve(conf)
            with s.connect() as c:
                response = ws.open_client(c, "/chat?x")
                self.assertEqual((response.status, response.headers["upgrade"].lower(), response.headers["connection"].lower()),
                                 (101, "websocket", "upgrade"))
                for size in (0, 1, 125, 126, 70_000):
                    data = random.Random(size).randbytes(size)
                    c.send(ws.frame(data, ws.BINARY, mask=True))
                    self.assertEqual(ws.read_frame(c), (ws.BINARY, data))
                c.send(ws.frame("p", ws.PING, mask=True))
                self.assertEqual(ws.read_frame(c), (ws.PONG, b"p"))
                c.send(ws.frame(b"\x03\xe8", ws.CLOSE, mask=True))
                self.assertEqual(ws.read_frame(c), (ws.CLOSE, b"\x03\xe8"))
                self.assertEqual(c.read_until_close(), b"")
            self.assertEqual(self.seen[0].target, "/chat?x")
            self.assertEqual(self.seen[0].headers["connection"].lower(), "upgrade")
            self.assertEqual(self.seen[0].headers.all("upgrade"), ["websocket"])
            s.wait_access(r'"GET /chat\?x HTTP/1.1" 101 ')

    def test_large_and_at_once(self):
        s = self.serve()
        data = random.Random(1).randbytes(4_000_000)
        with s.connect() as c:
            ws.open_client(c)
            sender = threading.Thread(target=lambda: [c.sock.sendall(ws.frame(data, ws.BINARY, mask=True)) for _ in range(3)])
            sender.start()
            for _ in range(3):
                self.assertTrue(ws.read_frame(c) == (ws.BINARY, data))
            sender.join()

    def test_frames_right_behind_the_handshake(self):
        """Nothing is lost when both sides speak before the tunnel stands."""
        def eager(conn):
            request = conn.read_request()
            conn.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n",
                      ws.frame("first"))
            conn.send(ws.frame(ws.read_frame(conn)[1]))
            conn.hang = None
        s = self.serve(origin=self.raw_origin(eager))
        with s.connect() as c:
            c.send("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n\r\n", ws.frame("mine", mask=True))
            c.read_until("\r\n\r\n")
            self.assertEqual(ws.read_frame(c), (ws.TEXT, b"first"))
            self.assertEqual(ws.read_frame(c), (ws.TEXT, b"mine"))

    def test_other_tokens_are_not_tunnelled(self):
        for token in ("h2c", "foo/1", "websocket, h2c", "h2c, websocket"):
            s = self.serve()
            r = s.get("/", [("Upgrade", token), ("Connection", "Upgrade, HTTP2-Settings, close"), ("HTTP2-Settings", "AAMAAABk")])
            self.assertEqual((r.status, r.text), (200, "no"), token)
            self.assertNotIn("upgrade", self.seen[0].headers)
            self.assertNotIn("http2-settings", self.seen[0].headers)

    def test_h2c_is_not_passed_even_by_the_classic_configuration(self):
        s = self.serve(CLASSIC)
        self.assertEqual(s.get("/", [("Upgrade", "h2c"), ("Connection", "Upgrade, close")]).status, 200)
        self.assertNotIn("upgrade", self.seen[0].headers)

    def test_allow_upgrade(self):
        def switch(conn):
            request = conn.read_request()
            assert request.headers["upgrade"] == "my-protocol"
            conn.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: my-protocol\r\nConnection: upgrade\r\n\r\nhello")
            conn.send(conn.read_exact(5)[::-1])
        s = self.serve(more="proxy_allow_upgrade my-protocol;", origin=self.raw_origin(switch))
        with s.connect() as c:
            c.send("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: my-protocol\r\nConnection: upgrade\r\n\r\n")
            c.read_until("\r\n\r\nhello")
            c.send("abcde")
            self.assertEqual(c.read_exact(5), b"edcba")
        s = self.serve(more="proxy_allow_upgrade off;")
        with s.connect() as c:
            self.assertEqual(ws.open_client(c).status, 200)

    def test_refusals_pass(self):
        o = self.origin(lambda req: Response(403, body=b"no sockets"))
        s = self.serve(origin=o)
        with s.connect() as c:
            r = ws.open_client(c)
            self.assertEqual((r.status, r.body), (403, b"no sockets"))
            self.assertEqual(ws.open_client(c).status, 403)  # the connection goes on

    def test_101_unasked(self):
        s = self.serve(origin=self.origin(lambda req: b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"))
        self.assertEqual(s.get("/").status, 502)
        s.wait_log("upstream switched protocols unasked while reading response header from upstream")

    def test_without_connection_or_by_http_1_0_it_is_no_upgrade(self):
        s = self.serve()
        self.assertEqual(s.get("/", [("Upgrade", "websocket")]).status, 200)
        with s.connect() as c:
            c.send("GET / HTTP/1.0\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
            self.assertIn(b" 200 ", c.read_until_close())
        self.assertNotIn("upgrade", self.seen[0].headers)

    def test_read_timeout(self):
        s = self.serve(more="proxy_read_timeout 500ms;")
        with s.connect() as c:
            ws.open_client(c)
            for _ in range(4):  # what moves in either direction keeps it
                time.sleep(0.25)
                c.send(ws.frame("x", mask=True))
                ws.read_frame(c)
            begin = time.monotonic()
            self.assertEqual(c.read_until_close(), b"")
            self.assertTrue(0.4 < time.monotonic() - begin < 2 * SLOW)
        s.wait_log(r"upstream timed out \(110: Connection timed out\) while proxying upgraded connection")

    def test_either_end_ends_it(self):
        o = self.echo()
        s = self.serve(origin=o)
        c = s.connect()
        ws.open_client(c)
        c.close()
        wait_for(lambda: o.open == 0)
        with s.connect() as c:
            ws.open_client(c)
            o.drop()
            self.assertEqual(c.read_until_close(), b"")

    def test_bytes_are_counted(self):
        s = self.sluice('log_format n "$status $bytes_sent $upstream_bytes_sent $upstream_bytes_received $upstream_status"; ' + SERVER +
                        "access_log logs/access.log n; location / { proxy_pass http://127.0.0.1:%(o)d; } }", o=self.echo())
        with s.connect() as c:
            ws.open_client(c)
            c.send(ws.frame("x" * 100, mask=True))
            ws.read_frame(c)
            c.send(ws.frame("", ws.CLOSE, mask=True))
            c.read_until_close()
        match = s.wait_access(r"101 (\d+) (\d+) (\d+) 101")
        self.assertTrue(all(int(n) > 220 for n in match.groups()), match[0])


if __name__ == "__main__":
    main()
