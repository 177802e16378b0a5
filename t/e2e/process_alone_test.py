#!/usr/bin/env python3
"""master_process off: one process that serves and obeys the signals by itself."""

from harness import *


class Alone(SluiceTest):
    def setUp(self):
        self.go = False

    def held(self, req):
        wait_for(lambda: self.go, 10, "the word to go on")
        return Response(200, body=b"held")

    def conf(self, text, server="", main=""):
        return """master_process off; %s
            http { server { listen 127.0.0.1:%%(port)d; location / { return 200 %s; } %s } }""" % (main, text, server)

    def start(self, text, main=""):
        return self.sluice(self.conf(text, "location /held { proxy_pass http://127.0.0.1:%(o)d; }", main),
                           o=self.origin(self.held))

    def reload(self, s, conf, wanted):
        s.write_conf(conf)
        s.signal("HUP")
        wait_for(lambda: s.get("/").text == wanted, 5, "the new configuration")

    def test_reload(self):
        s = self.start("one")
        self.assertEqual((s.get("/").text, s.children()), ("one", {}))
        idle, busy = s.connect(), s.connect()
        idle.request("GET", "/")
        idle.read_response()
        busy.request("GET", "/held")
        s.names["o"].wait_requests(1)
        self.reload(s, self.conf("two"), "two")
        self.assertTrue(idle.closed_within(5))
        self.go = True
        self.assertEqual(busy.read_response().body, b"held")  # by the configuration it came in by
        self.assertTrue(busy.closed_within(5))
        # Sockets come and go.
        s.write_conf("master_process off; http { server { listen 127.0.0.1:%(port2)d; return 200 three; } }")
        s.signal("HUP")
        wait_for(lambda: "three" in s.curl("http://127.0.0.1:%d/" % s.names["port2"]).stdout, 5, "the other address")
        with self.assertRaises(ConnectionRefusedError):
            s.connect()

    def test_zones(self):
        """What the process holds in shared memory is its own, though no master gave it a place."""
        conf = """master_process off; http { upstream u { zone u 64k; server 127.0.0.1:%(o)d max_conns=1; }
            server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://u; } } }"""
        s = self.sluice(conf, o=self.origin(lambda req: Response(200, body=b"held")))
        for _ in range(3):
            self.assertEqual(s.get("/").body, b"held")
        s.signal("HUP")
        s.wait_log("reconfiguring")
        for _ in range(3):
            self.assertEqual(s.get("/").body, b"held")

    def test_a_bad_configuration_changes_nothing(self):
        self.allow_log("unknown directive")
        s = self.start("one")
        s.write_conf(self.conf("two", "nonsense;"))
        s.signal("HUP")
        s.wait_log("unknown directive \"nonsense\"")
        self.assertEqual(s.get("/").text, "one")
        self.reload(s, self.conf("three"), "three")

    def test_reopen(self):
        s = self.start("one")
        s.get("/before")
        s.wait_access("/before")
        os.rename(s.path("logs/access.log"), s.path("logs/access.old"))
        os.rename(s.path("logs/error.log"), s.path("logs/error.old"))
        s.signal("USR1")
        wait_for(lambda: os.path.exists(s.path("logs/access.log")), 5, "the new file")
        s.get("/after")
        s.wait_access("/after")
        self.assertTrue(os.path.exists(s.path("logs/error.log")))

    def test_quit_finishes_requests_and_term_does_not(self):
        for signal, finishes in (("QUIT", True), ("TERM", False), ("INT", False)):
            self.go = False
            s = self.start("one")
            with s.connect() as c:
                c.request("GET", "/held")
                s.names["o"].wait_requests(1)
                s.signal(signal)
                if finishes:
                    s.wait_log("gracefully shutting down")
                    with self.assertRaises(ConnectionRefusedError):
                        s.connect()
                    self.go = True
                    self.assertEqual(c.read_response().body, b"held")
                self.assertTrue(c.closed_within(5))
                self.assertEqual(s.wait_exit(), 0)
            self.go = True
            s.pid = None
            self.assertFalse(os.path.exists(s.pid_path))

    def test_the_old_ones_are_cut_off_when_they_take_too_long(self):
        s = self.start("one", main="worker_shutdown_timeout 300ms;")
        with s.connect() as c:
            c.request("GET", "/held")
            s.names["o"].wait_requests(1)
            self.reload(s, self.conf("two"), "two")
            self.assertTrue(c.closed_within(5))
        self.go = True

    def test_many_reloads_leave_no_descriptors_behind(self):
        s = self.start("r0")
        count = lambda: len(os.listdir("/proc/%d/fd" % s.pid))
        before = count()
        for i in range(1, 15):
            self.reload(s, self.conf("r%d" % i), "r%d" % i)
        wait_for(lambda: count() <= before, 5, "as few descriptors as before")


if __name__ == "__main__":
    main()
