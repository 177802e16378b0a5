#!/usr/bin/env python3
"""The debug log: error_log … debug for all, debug_connection for the connections that are chosen."""

import re

from harness import *

SERVER = """server { listen 127.0.0.1:%(port)d; listen unix:%(prefix)s/s.sock; root %(prefix)s/html;
                     location /up/ { proxy_pass http://127.0.0.1:%(o)d; } }"""


class DebugLog(SluiceTest):
    def start(self, events, **options):
        origin = self.origin(lambda req: Response(204))
        return self.sluice("events { worker_connections 100; %s } http { %s }" % (events, SERVER), o=origin, **options)

    def test_every_step_of_a_request(self):
        s = self.start("", level="debug")
        self.assertEqual(s.get("/up/x", {"X-Mine": "yes"}).status, 204)
        s.wait_log(r"\[debug\] \d+#\d+: \*1 close http connection: \d+$")
        lines = re.findall(r"\[debug\] \d+#\d+: \*1 (.*)", s.error_log)
        wanted = [r"accept: 127.0.0.1:\d+ fd:\d+", 'http request line: "GET /up/x HTTP/1.1"', 'http header: "X-Mine: yes"',
                  'using location "/up/", content "proxy"', r'http upstream: "127.0.0.1:\d+", new connection',
                  "http upstream: status 204", "http response: status 204, 0 bytes of body, complete", "close http connection"]
        for line in wanted:  # in this order
            while lines and not re.match(line, lines[0]):
                lines.pop(0)
            self.assertTrue(lines, "%s\n%s" % (line, s.error_log))

    def test_only_the_chosen_connections(self):
        s = self.start("debug_connection 127.0.0.2; debug_connection 127.0.0.16/28; debug_connection unix:;", level="error")
        for source in ("127.0.0.1", "127.0.0.2", "127.0.0.15", "127.0.0.17", "127.0.0.31", "127.0.0.32"):
            s.get("/from/" + source, source=source)
        s.get("/from/unix", unix=s.path("s.sock"))
        s.wait_log(r'request line: "GET /from/unix ')
        self.assertEqual(re.findall(r'\[debug\].* request line: "GET /from/(\S+) ', s.error_log),
                         ["127.0.0.2", "127.0.0.17", "127.0.0.31", "unix"])
        # Everything about them is logged, whatever the level of the log.
        self.assertRegex(s.error_log, r"\[debug\] \d+#\d+: \*2 accept: 127.0.0.2:\d+ fd:")
        with s.connect(source="127.0.0.2") as c:
            c.send("nonsense\r\n\r\n")
            c.read_response()
        s.wait_log(r"\[info\] .* client: 127.0.0.2")
        self.assertNotIn("client: 127.0.0.1,", re.sub(r"(?m)^.*\[error\].*$", "", s.error_log))

    def test_nothing_unless_asked(self):
        s = self.start("")
        s.get("/up/x")
        s.stop()
        self.assertNotIn("[debug]", s.error_log)

    def test_what_is_no_network(self):
        for wrong in ("10.0.0.0/33", "no.such.invalid", "::1/129", "fe80::zz"):
            p = self.run_sluice("-t", "-p", ".", "-c", "CONF", conf="events { debug_connection %s; }" % wrong)
            self.assertIn('in "debug_connection" directive', p.stderr)


if __name__ == "__main__":
    main()
