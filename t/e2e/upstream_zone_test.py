#!/usr/bin/env python3
"""What workers know together about the servers of a group with a zone."""

import subprocess
import threading

from harness import *
from server import is_alive, read_text

CONF = """
    upstream u { %(zone)s server 127.0.0.1:%(bad)d max_fails=1 fail_timeout=60s; server 127.0.0.1:%(good)d; }
    server { listen 127.0.0.1:%(port)d reuseport; location / { proxy_pass http://u; } }"""


class Zone(SluiceTest):
    def failures(self, s, good, n=40):
        for _ in range(n):
            self.assertEqual(s.get("/").body, b"good")

    def two(self):
        return self.raw_origin(lambda conn: conn.reset()), self.origin(lambda req: Response(200, body=b"good"))

    def test_a_failure_counts_for_all_workers(self):
        bad, good = self.two()
        s = self.sluice(CONF.replace("%(zone)s", "zone u 64k;"), workers=4, bad=bad, good=good)
        self.failures(s, good)
        self.assertLessEqual(bad.connections, 2)  # two workers may have asked at the same moment

    def test_without_a_zone_each_worker_finds_out(self):
        bad, good = self.two()
        s = self.sluice(CONF.replace("%(zone)s", ""), workers=4, bad=bad, good=good)
        self.failures(s, good, 100)
        self.assertGreaterEqual(bad.connections, 3)

    def test_it_outlives_a_reload_and_a_change_of_the_binary(self):
        bad, good = self.two()
        s = self.sluice(CONF.replace("%(zone)s", "zone u 64k;"), bad=bad, good=good)
        self.failures(s, good, 6)
        known = bad.connections
        s.reload()
        self.failures(s, good, 6)
        self.assertEqual(bad.connections, known)
        old = s.pid
        s.signal("USR2")
        wait_for(lambda: os.path.exists(s.pid_path) and read_text(s.pid_path).strip() not in ("", str(old)), 5, "a new pid file")
        new = int(read_text(s.pid_path))
        s.wait_log(r"%d#%d: generation 1 serves" % (new, new))
        s.signal("QUIT")
        wait_for(lambda: not is_alive(old), 5, "the end of the old master")
        s.adopt()
        self.failures(s, good, 6)
        self.assertEqual(bad.connections, known)
        self.assertNotIn("starting fresh", s.error_log)

    def test_status_shows_and_checks_it(self):
        bad, good = self.two()
        s = self.sluice(CONF.replace("%(zone)s", "zone u 64k;"), bad=bad, good=good)
        self.failures(s, good, 6)
        done = subprocess.run([BINARY, "status", "--check", "-p", s.prefix, "-c", s.conf_path], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, '(?m)^zone "u" of upstream: 65536 bytes, [1-9][0-9]* free$')
        self.failures(s, good, 6)

    def test_another_size_starts_afresh(self):
        bad, good = self.two()
        s = self.sluice(CONF.replace("%(zone)s", "zone u 64k;"), bad=bad, good=good)
        self.failures(s, good, 6)
        known = bad.connections
        s.reload(CONF.replace("%(zone)s", "zone u 128k;"))
        s.wait_log(r'\[notice\].*zone.*"?u"?.*65536.*131072')
        self.failures(s, good, 6)
        self.assertGreater(bad.connections, known)

    def test_max_conns_holds_for_all_workers_and_is_given_back_by_the_dead(self):
        release = threading.Event()
        o = self.origin(lambda req: release.wait(10) and Response(200, body=b"ok") or Response(200, body=b"ok"))
        s = self.sluice("""
            upstream u { zone u 64k; server 127.0.0.1:%(o)d max_conns=2; }
            server { listen 127.0.0.1:%(port)d reuseport; location / { proxy_pass http://u; } }""", workers=4, o=o)
        self.allow_log("no live upstreams|exited on signal 9")
        held = []
        for _ in range(30):
            c = s.connect()
            c.request("GET", "/")
            held.append(c)
        wait_for(lambda: s.error_log.count("no live upstreams") == 28, 5, "28 refusals")
        wait_for(lambda: len(o.requests) == 2, 5, "two requests at the origin")
        for pid in s.workers():
            s.signal("KILL", pid=pid)
        for c in held:
            c.close()
        wait_for(lambda: s.error_log.count("exited on signal 9") == 4 and len(s.workers()) == 4, 5, "new workers")
        release.set()
        wait_for(lambda: s.get("/").status == 200, 5, "an answer: the places of the dead were given back")

    def test_bad_zones(self):
        for zone, words in (("zone;", "invalid number of arguments"), ("zone u 1k;", "cannot be made"), ("zone u x;", "invalid value"),
                            ("zone u;", "has no size")):
            with self.subTest(zone):
                done = self.run_sluice("-t", "-c", "CONF", conf="events { } http { upstream u { %s server 127.0.0.1; } }" % zone)
                self.assertEqual(done.returncode, 1)
                self.assertIn(words, done.stderr)
        done = self.run_sluice("-t", "-c", "CONF", conf="events { } http { upstream u { zone z 64k; server 127.0.0.1; } "
                               "upstream v { zone z; server 127.0.0.1; } upstream w { zone z 128k; server 127.0.0.1; } }")
        self.assertIn('zone "z" is declared with another size elsewhere', done.stderr)


if __name__ == "__main__":
    main()
