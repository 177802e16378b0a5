#!/usr/bin/env python3
"""How sockets are used, as the kernel sees it: tcp_nodelay, multi_accept, sendfile_max_chunk."""

import re

from harness import *
from tracing import may_trace, traced, tracing


@unittest.skipIf(may_trace(), may_trace())
class SocketUse(SluiceTest):
    def calls(self, s, which, work):
        """What one worker does while `work` runs: [(call, the rest of its line)]."""
        trace = s.path("logs", "trace")
        with tracing(s.workers()[0], trace, which):
            work()
        return traced(trace)

    def test_nodelay_follows_the_location(self):
        origin = self.origin(lambda req: Response(200, body=b"up"))
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                     location /on/ { } location /off/ { tcp_nodelay off; }
                     location /proxied/ { tcp_nodelay off; proxy_pass http://127.0.0.1:%(o)d; } }""", o=origin)

        def ask(*targets):
            def work():
                with s.connect() as c:
                    for target in targets:
                        c.request("GET", target)
                        c.read_response()
            calls = self.calls(s, "setsockopt", work)
            return [int(re.search(r"\[(\d)\]", rest)[1]) for _, rest in calls if "TCP_NODELAY" in rest]
        self.assertEqual(ask("/on/a", "/on/b"), [])
        self.assertEqual(ask("/off/a", "/off/b", "/on/a", "/on/b"), [0, 1])
        self.assertEqual(ask("/proxied/a"), [0])  # the client's socket; the origin's is left as the kernel makes it

    def test_multi_accept(self):
        for said, each in (("", 1), ("multi_accept off;", 1), ("multi_accept on;", 4)):
            s = self.sluice("""
                events { worker_connections 100; %s }
                http { server { listen 127.0.0.1:%%(port)d; } }""" % said)
            with s.connect() as c:  # it serves
                c.request("GET", "/none")
                c.read_response()
            worker = s.workers()[0]

            def work():
                s.signal("STOP", worker)
                waiting = [s.connect() for _ in range(4)]
                s.signal("CONT", worker)
                for c in waiting:
                    c.request("GET", "/none")
                    c.read_response()
                    c.close()
            taken, most = 0, 0  # connections between two waits
            for call, rest in self.calls(s, "accept4,epoll_wait,epoll_pwait", work):
                if call != "accept4":
                    taken = 0
                elif "= -1" not in rest:
                    taken += 1
                    most = max(most, taken)
            self.assertEqual(most, each, said)

    def test_sendfile_max_chunk(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                     location /small/ { sendfile_max_chunk 128k; } location /any/ { sendfile_max_chunk 0; } }""")
        body = os.urandom(1 << 20) * 6
        for path in ("default/f", "small/f", "any/f"):
            s.write_file("html/" + path, body)

        def most(target):
            got = []
            calls = self.calls(s, "sendfile", lambda: got.append(s.get(target).body))
            self.assertTrue(got[0] == body)
            asked = [int(re.search(r", (\d+)\) += ", rest)[1]) for _, rest in calls]
            self.assertGreater(len(asked), 0)
            return max(asked)
        self.assertEqual(most("/small/f"), 128 << 10)
        self.assertEqual(most("/default/f"), 2 << 20)
        # Without a bound of its own, one call is still no more than a turn of the loop.
        self.assertEqual(most("/any/f"), 4 << 20)


if __name__ == "__main__":
    main()
