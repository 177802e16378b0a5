#!/usr/bin/env python3
"""Bodies on their way: read ahead of a slow client or not, streams as they come, uploads, and every byte in its place."""
import hashlib
import random
import threading

from harness import *

SERVER = "server { listen 127.0.0.1:%(port)d; client_max_body_size 0; "
MB = 1 << 20


def noise(size):
    return random.Random(size).randbytes(size)


def digest(data):
    return hashlib.sha256(data).hexdigest()


class Answers(SluiceTest):
    def big(self, location, size=20 * MB, **options):
        body = noise(size)
        done = threading.Event()

        def answer(conn):
            conn.read_request()
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            conn.send(body)
            done.set()
            conn.read_request()
        origin = self.raw_origin(answer, **options)
        s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; " + location + " } }", o=origin)
        return s, origin, body, done

    def test_a_slow_client_does_not_hold_the_origin(self):
        s, origin, body, done = self.big("")
        with s.connect() as c:
            c.request("GET", "/", {}, None, "x")
            c.read_until("\r\n\r\n")
            self.assertTrue(done.wait(10 * SLOW))
            wait_for(lambda: os.listdir(s.path("proxy_temp")) == [])  # the file has no name
            self.assertEqual(digest(c.read_exact(len(body))), digest(body))

    def test_without_temp_file_the_origin_waits(self):
        for location in ("proxy_max_temp_file_size 0;", "proxy_buffering off;"):
            s, origin, body, done = self.big(location)
            with s.connect() as c:
                c.request("GET", "/", {}, None, "x")
                c.read_until("\r\n\r\n")
                self.assertFalse(done.wait(0.5))
                self.assertEqual(digest(c.read_exact(len(body))), digest(body))

    def test_a_temp_file_is_bounded(self):
        s, origin, body, done = self.big("proxy_max_temp_file_size 2m;", 30 * MB)
        with s.connect() as c:
            c.request("GET", "/", {}, None, "x")
            c.read_until("\r\n\r\n")
            self.assertFalse(done.wait(0.5))
            self.assertEqual(digest(c.read_exact(len(body))), digest(body))

    def test_accel_buffering(self):
        body = noise(20 * MB)
        sent = threading.Event()

        def answer(req):
            req.conn.send("HTTP/1.1 200 OK\r\nX-Accel-Buffering: no\r\nContent-Length: %d\r\n\r\n" % len(body))
            req.conn.send(body)
            sent.set()
            return b""
        s = self.sluice(SERVER + """location / { proxy_pass http://127.0.0.1:%(o)d; }
            location /ignored { proxy_pass http://127.0.0.1:%(o)d; proxy_ignore_headers X-Accel-Buffering; } }""", o=self.origin(answer))
        for target, early in (("/", False), ("/ignored", True)):
            sent.clear()
            with s.connect() as c:
                c.request("GET", target, {}, None, "x")
                c.read_until("\r\n\r\n")
                self.assertEqual(sent.wait(5 if early else 0.5), early)
                self.assertEqual(digest(c.read_exact(len(body))), digest(body))

    def test_every_framing(self):
        body = noise(3 * MB + 17)
        parts = [body[i:i + 70_001] for i in range(0, len(body), 70_001)]
        answers = {"/length": Response(200, body=body), "/chunked": Response(200, body=parts), "/close": Response(200, body=body, close=True)}
        s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; } }", o=self.origin(lambda req: answers[req.target]))
        for target in answers:
            self.assertEqual(digest(s.get(target).body), digest(body))
        with s.connect() as c:  # HTTP/1.0 knows no chunks
            c.send("GET /chunked HTTP/1.0\r\n\r\n")
            self.assertEqual(digest(c.read_until_close().partition(b"\r\n\r\n")[2]), digest(body))

    def test_events_arrive_one_by_one(self):
        """A stream of server-sent events is passed on event by event, with no settings for it."""
        step = threading.Semaphore(0)

        def events():
            for i in range(5):
                yield "data: %d\n\n" % i
                step.acquire()
        for close in (False, True):
            origin = self.origin(lambda req: Response(200, [("Content-Type", "text/event-stream")], events(), close=close))
            s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; } }", o=origin)
            with s.connect() as c:
                c.request("GET", "/", {"Accept": "text/event-stream"}, None, "x")
                for i in range(5):
                    begin = time.monotonic()
                    c.read_until("data: %d\n\n" % i)
                    self.assertLess(time.monotonic() - begin, 0.5 * SLOW)
                    step.release()
                c.read_until("0\r\n\r\n") if not close else None

    def test_limit_rate_bounds_reading(self):
        s, origin, body, done = self.big("proxy_limit_rate 400k;", MB)
        begin = time.monotonic()
        with s.connect() as c:
            c.request("GET", "/", {}, None, "x")
            self.assertEqual(digest(c.read_response().body), digest(body))
        self.assertGreater(time.monotonic() - begin, 1.0)

    def test_the_client_leaves(self):
        def endless(req):
            req.conn.send("HTTP/1.1 200 OK\r\n\r\n")
            while True:
                req.conn.send(b"x" * 10_000)
                time.sleep(0.005)
        origin = self.origin(endless)
        s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; } }", o=origin)
        with s.connect() as c:
            c.request("GET", "/", {}, None, "x")
            c.read_exact(1000)
        wait_for(lambda: origin.open == 0)

    def test_the_client_leaves_before_the_answer(self):
        for ignore, expected in (("off", 0), ("on", 1)):
            go = threading.Event()
            origin = self.origin(lambda req: (go.wait(10), Response(200, body="x"))[1])
            s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; proxy_ignore_client_abort " + ignore + "; } }", o=origin)
            with s.connect() as c:
                c.request("GET", "/", {}, None, "x")
                origin.wait_requests(1)
            if ignore == "off":
                wait_for(lambda: " 499 " in s.access_log)
            else:
                time.sleep(0.3)
                self.assertEqual(s.access_log, "")
            go.set()
            s.wait_access(" 499 " if ignore == "off" else " 200 ")


class Uploads(SluiceTest):
    def serve(self, location="", handler=None, server=""):
        self.o = self.origin(handler or (lambda req: Response(200, body=digest(req.body))))
        return self.sluice(SERVER + server + "location / { proxy_pass http://127.0.0.1:%(o)d; " + location + " } }", o=self.o)

    def test_large_bodies(self):
        body = noise(20 * MB)
        for location in ("", "proxy_request_buffering off;", "client_body_in_file_only clean;", "client_body_buffer_size 32m;"):
            s = self.serve(location)
            self.assertEqual(s.post("/", body).text, digest(body))
            self.assertEqual(self.o.requests[0].headers["content-length"], str(len(body)))

    def test_chunked(self):
        body = noise(5 * MB)
        wire = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in (body[i:i + 99_999] for i in range(0, len(body), 99_999))) + b"0\r\n\r\n"
        for location, framing in (("", "content-length"), ("proxy_request_buffering off;", "transfer-encoding")):
            s = self.serve(location)
            with s.connect() as c:
                c.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                c.send(wire)
                c.methods.append("POST")
                self.assertEqual(c.read_response().text, digest(body))
            self.assertIn(framing, self.o.requests[0].headers)

    def test_buffered_requests_reach_the_origin_whole(self):
        s = self.serve()
        with s.connect() as c:
            c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf.")
            time.sleep(0.3)
            self.assertEqual(self.o.connections, 0)
            c.send("whole")
            c.methods.append("POST")
            self.assertEqual(c.read_response().text, digest(b"half.whole"))

    def test_unbuffered_requests_pass_as_they_come(self):
        seen = []

        def handle(conn):
            conn.read_until("\r\n\r\n")
            for _ in range(3):
                seen.append(conn.read_exact(5))
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        o = self.raw_origin(handle)
        s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; proxy_request_buffering off; } }", o=o)
        with s.connect() as c:
            c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n")
            for i in range(3):
                c.send("part%d" % i)
                wait_for(lambda: len(seen) == i + 1)
            c.methods.append("POST")
            self.assertEqual(c.read_response().status, 200)

    def test_an_answer_before_the_end_of_the_upload(self):
        def early(conn):
            conn.read_until("\r\n\r\n")
            conn.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly")
            conn.shutdown_write()
            conn.read_until_close()
        for location in ("", "proxy_request_buffering off;"):
            o = self.raw_origin(early)
            s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; " + location + " } }", o=o)
            response = s.post("/", b"x" * MB)
            self.assertEqual((response.status, response.text), (403, "early"))

    def test_an_answer_to_an_upload_that_never_ends(self):
        def early(conn):
            conn.read_until("\r\n\r\n")
            conn.read_exact(5)
            conn.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nearly")
            conn.read_until_close()
        o = self.raw_origin(early)
        s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; proxy_request_buffering off; } }", o=o)
        with s.connect() as c:
            c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nbegin")
            c.methods.append("POST")
            response = c.read_response()
            self.assertEqual((response.status, response.text), (403, "early"))
        wait_for(lambda: o.open == 0)

    def test_expect_continue(self):
        for location in ("", "proxy_request_buffering off;"):
            s = self.serve(location)
            with s.connect() as c:
                c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
                c.read_until("HTTP/1.1 100 Continue\r\n\r\n")
                c.send("body")
                c.methods.append("POST")
                self.assertEqual(c.read_response().text, digest(b"body"))
            self.assertNotIn("expect", self.o.requests[0].headers)

    def test_in_file_only(self):
        s = self.serve("client_body_in_file_only on; proxy_set_header X-File $request_body_file; proxy_pass_request_body off;",
                       server="client_body_temp_path bodies; ")
        s.post("/", b"the body")
        path = self.o.requests[0].headers["x-file"]
        self.assertTrue(path.startswith(s.path("bodies")), path)
        with open(path, "rb") as f:
            self.assertEqual(f.read(), b"the body")

    def test_too_large(self):
        for body, headers in ((b"x" * 2000, ()), (None, ())):
            s = self.serve("client_max_body_size 1k;")
            if body is not None:
                self.assertEqual(s.post("/", body).status, 413)
                s.wait_log("client intended to send too large body: 2000 bytes")
            else:
                with s.connect() as c:
                    c.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + "x" * 2000 + "\r\n0\r\n\r\n")
                    c.methods.append("POST")
                    self.assertEqual(c.read_response().status, 413)
            self.assertEqual(self.o.requests, [])

    def test_both_ways_at_once(self):
        """An echo: the answer comes while the request is still going."""
        def echo(conn):
            conn.read_until("\r\n\r\n")
            conn.send("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (8 * MB))
            left = 8 * MB
            while left:
                if not conn.buffer:
                    conn.fill()
                data = conn.read_exact(min(len(conn.buffer), left))
                left -= len(data)
                conn.send(data)
        body = noise(8 * MB)
        s = self.sluice(SERVER + "location / { proxy_pass http://127.0.0.1:%(o)d; proxy_request_buffering off; } }", o=self.raw_origin(echo))
        with s.connect() as c:
            c.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body))
            sender = threading.Thread(target=lambda: c.sock.sendall(body))
            sender.start()
            c.methods.append("POST")
            self.assertEqual(digest(c.read_response().body), digest(body))
            sender.join()


if __name__ == "__main__":
    main()
