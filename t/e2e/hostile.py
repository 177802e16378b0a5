"""What the tests of hostile input share: an instance before an origin that keeps every byte, and after each case a
clean request on a new connection, answered by workers that are still the same."""

from harness import *

SIMPLE = """
    server { listen 127.0.0.1:%(port)d; client_header_timeout 5s; client_body_timeout 5s; lingering_timeout 1s;
             location / { proxy_pass http://127.0.0.1:%(o)d; }
             location /stream/ { proxy_pass http://127.0.0.1:%(o)d; proxy_request_buffering off; proxy_buffering off; }
             location /denied/ { return 403; }
             location /static/ { root %(prefix)s/html; } }"""


class HostileTest(SluiceTest):
    def begin(self, conf=SIMPLE, handler=None, raw=None, **options):
        """Starts the origin and the instance that the cases of this test run against."""
        self.o = self.raw_origin(raw) if raw else self.origin(handler)
        self.s = self.sluice(conf, o=self.o, **options)
        self.workers = self.s.workers()
        return self.s

    def cases(self, table, run):
        """run(*row) for each row of the table; its name is the first column."""
        for row in table:
            with self.subTest(str(row[0])[:60]):
                run(*row)
                self.still_serves(str(row[0]))

    def still_serves(self, what="", target="/clean"):
        begin = time.monotonic()
        self.assertEqual(self.s.get(target).status, 200, "a clean request after " + what)
        self.assertLess(time.monotonic() - begin, 2 * SLOW, "a clean request after " + what)
        self.assertEqual(self.s.workers(), self.workers, "a worker died in " + what)

    def dialogue(self, data, half_close=False):
        """Sends bytes, and returns all responses until the end of the connection, which must come."""
        with self.s.connect() as c:
            try:
                c.send(data)
                if half_close:
                    c.shutdown_write()
            except OSError:
                pass  # closed before everything was sent
            return self.responses(c)

    def responses(self, c):
        found = []
        try:
            while True:
                found.append(c.read_response())
        except Closed:
            pass
        self.assertEqual(bytes(c.buffer), b"", "junk after the responses")
        return found

    def targets(self):
        """What reached the origin, without the clean requests that follow each case."""
        return [r.target for r in self.o.requests if r.target != "/clean"]

    def refused(self, name, data, *statuses):
        """4xx, 5xx or a close; nothing of it reaches the origin, and what follows is no request."""
        before = len(self.targets())
        got = self.dialogue(data + b"GET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        self.assertLessEqual(len(got), 1, "%s: %r" % (name, got))
        if got:
            self.assertGreaterEqual(got[0].status, 400, name)
            self.assertIn(got[0].headers.get("connection", "close").lower(), ("close",), name)
        if statuses:
            self.assertIn(got[0].status if got else None, statuses, name)
        self.assertEqual(self.targets()[before:], [], name)
