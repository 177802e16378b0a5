#!/usr/bin/env python3
"""What one proxied request costs a worker, one at a time over kept-alive connections: system calls and instructions.

Both counts are nearly free of noise, so they may be asserted where times may not. The origin is another Sluice.
"""
# alone

import re
import shutil
import subprocess
import sys

from harness import *
from server import listening
from tracing import may_trace, traced, tracing

MOST_CALLS = 6.05            # system calls per request, the wait for events included
MOST_INSTRUCTIONS = 12_000   # in user space per request
REQUESTS = 200
ORIGIN = """server {
    listen 127.0.0.1:%(port)d;
    access_log off;
    keepalive_requests 1000000;
    location / { return 200 "%(body)s"; }
}"""
PROXY = """http {
    access_log off;
    keepalive_requests 1000000;
    upstream origin { server 127.0.0.1:%(origin)d; keepalive 4; keepalive_requests 1000000; }
    server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://origin; } }
}"""
# As a browser or wrk would ask, in one piece.
REQUEST = b"GET /some/page?q=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: cost\r\nAccept: */*\r\n\r\n"


def sanitized():
    """A binary with sanitizers counts their work, too."""
    with open(BINARY, "rb") as f:
        return b"__asan_init" in f.read()


@unittest.skipIf(sanitized(), "the binary is built with sanitizers")
class Cost(SluiceTest):
    def start(self):
        self.source = self.sluice(ORIGIN, body="x" * 1000)
        return self.sluice(PROXY, origin=self.source)

    def ask(self, c, times):
        for _ in range(times):
            c.send(REQUEST)
            response = c.read_response()
            self.assertEqual((response.status, len(response.body)), (200, 1000))

    @unittest.skipIf(may_trace(), may_trace())
    def test_system_calls(self):
        s = self.start()
        c = s.connect()
        self.ask(c, 20)  # connections, buffers, pools
        worker = s.workers()[0]
        trace = s.path("logs", "trace")
        with tracing(worker, trace):
            self.ask(c, REQUESTS)
        calls = [name for name, _ in traced(trace)]
        per_request = len(calls) / REQUESTS
        counts = {name: calls.count(name) for name in sorted(set(calls))}
        print("%.3f system calls per request: %s" % (per_request, counts), file=sys.stderr)
        sent = sum(n for name, n in counts.items() if name.startswith(("send", "write")))
        self.assertGreaterEqual(sent, 2 * REQUESTS, "the trace is not complete: %s" % counts)
        self.assertLessEqual(per_request, MOST_CALLS, counts)

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    @unittest.skipIf(SLOW > 1, "the instructions of a sanitizer are not ours")
    def test_instructions(self):
        """The difference between two runs of different length, so that neither start nor end counts."""
        short, long = self.instructions(50), self.instructions(50 + REQUESTS)
        per_request = (long - short) / REQUESTS
        print("%.0f instructions per request" % per_request, file=sys.stderr)
        self.assertLessEqual(per_request, MOST_INSTRUCTIONS)

    def instructions(self, requests):
        source = self.sluice(ORIGIN, body="x" * 1000)
        s = self.sluice("master_process off;\n" + PROXY, origin=source, start=False)
        out = s.path("logs", "callgrind")
        p = subprocess.Popen(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, BINARY,
                              "-p", s.prefix + "/", "-c", s.conf_path, "-e", "logs/error.log"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            wait_for(lambda: listening(s.port), 60, "the port")
            c = self.connect(s.port, timeout=60)
            self.ask(c, requests)
            c.close()
        finally:
            p.terminate()
            _, said = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 0, said)
        with open(out) as f:
            return int(re.search(r"(?m)^(?:summary|totals): (\d+)", f.read())[1])


if __name__ == "__main__":
    main()
