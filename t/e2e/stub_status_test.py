#!/usr/bin/env python3
"""stub_status and $connections_…: what all workers' connections do, over reloads."""
import re

from harness import *

CONF = """
    server {
        listen 127.0.0.1:%(port)d; keepalive_timeout 60s;
        location /status { stub_status; }
        set $busy "$connections_reading $connections_writing";
        location /shown { return 200 "$connections_active $busy $connections_waiting"; }
        location /slow { proxy_pass http://127.0.0.1:%(origin)d; }
        location / { return 200 x; }
    }"""


class StubStatus(SluiceTest):
    def numbers(self, s):
        """active, accepts, handled, requests, reading, writing, waiting"""
        text = s.get("/status").text
        self.assertRegex(text, r"^Active connections: \d+ \nserver accepts handled requests\n \d+ \d+ \d+ \n"
                               r"Reading: \d+ Writing: \d+ Waiting: \d+ \n$")
        return [int(n) for n in re.findall(r"\d+", text)]

    def arrive(self, s, expected):
        """Waits until the states are as expected; what comes and goes takes a moment to be seen."""
        wait_for(lambda: (lambda n: [n[0]] + n[4:])(self.numbers(s)) == expected)

    def test_states(self):
        origin = self.origin(lambda req: HANG)
        s = self.sluice(CONF, origin=origin, workers=2)
        self.arrive(s, [1, 0, 1, 0])
        idle = [s.connect() for _ in range(3)]
        for conn in idle:
            conn.request("GET", "/")
            conn.read_response()
        half = s.connect()
        half.send("GET / HT")
        slow = s.connect()
        slow.request("GET", "/slow")
        origin.wait_requests(1)
        fresh = s.connect()
        self.arrive(s, [7, 1, 2, 4])
        self.assertEqual(s.get("/shown").text, "7 1 2 4")
        for conn in idle + [half, slow, fresh]:
            conn.close()
        self.arrive(s, [1, 0, 1, 0])

    def test_totals(self):
        s = self.sluice(CONF, origin=1)
        _, accepts, handled, requests, *_ = self.numbers(s)
        for _ in range(3):
            s.get("/")
        conn = s.connect()
        for _ in range(5):
            conn.request("GET", "/")
            conn.read_response()
        conn.close()
        after = self.numbers(s)
        self.assertEqual(after[1:4], [accepts + 5, handled + 5, requests + 9])

    def test_over_a_reload(self):
        s = self.sluice(CONF, origin=1, workers=2)
        for _ in range(10):
            s.get("/")
        conn = s.connect()
        conn.request("GET", "/")
        conn.read_response()
        before = self.numbers(s)
        s.reload()
        conn.close()
        self.arrive(s, [1, 0, 1, 0])
        after = self.numbers(s)
        self.assertGreater(after[3], before[3])
        self.assertLess(after[3], before[3] + 500)

    def test_after_a_crash(self):
        s = self.sluice(CONF, origin=1)
        idle = s.connect()
        idle.request("GET", "/")
        idle.read_response()
        before = self.numbers(s)
        self.assertEqual(before[0], 2)
        self.allow_log("exited on signal 9")
        s.signal("KILL", s.workers()[0])
        self.assertTrue(idle.closed_within(5))
        idle.close()
        wait_for(lambda: s.workers())
        self.arrive(s, [1, 0, 1, 0])
        self.assertGreater(self.numbers(s)[3], before[3])

    def test_other_forms(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; stub_status on; "
                        "location /x { return 200 '[$connections_active]'; } }")
        self.assertEqual(self.numbers(s)[0], 1)
        self.assertEqual(s.post("/", b"x").status, 405)
        head = s.request("HEAD", "/")
        self.assertEqual((head.status, head.headers["content-type"]), (200, "text/plain"))
        self.assertEqual(s.get("/x").text, "[1]")


if __name__ == "__main__":
    main()
