#!/usr/bin/env python3
"""What a worker remembers of files: no calls for them while it is valid, the truth afterwards, and no descriptor
more than allowed."""
from harness import *
from tracing import may_trace, traced, tracing


class OpenFileCache(SluiceTest):
    def site(self, server, **names):
        s = self.sluice("worker_processes 1; http { default_type text/plain; server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; "
                        + server + "} }", **names)
        for i in range(20):
            s.write_file("html/f%d" % i, "file %d" % i)
        return s

    def replace(self, s, name, text):
        s.write_file("html/new", text)
        os.rename(s.path("html/new"), s.path("html/" + name))

    def open_files(self, s):
        folder = "/proc/%d/fd" % s.workers()[0]
        names = []
        for fd in os.listdir(folder):
            try:
                names.append(os.readlink(os.path.join(folder, fd)))
            except FileNotFoundError:
                pass
        return sorted(os.path.basename(name) for name in names if "/html/f" in name)

    def test_replaced_and_removed_files(self):
        s = self.site("open_file_cache max=100; open_file_cache_valid 1s;")
        self.assertEqual(s.get("/f0").text, "file 0")
        self.replace(s, "f0", "another text")
        got = s.get("/f0")
        self.assertIn((got.text, got.headers["Content-Length"]), (("file 0", "6"), ("another text", "12")))
        wait_for(lambda: s.get("/f0").text == "another text", 5)
        os.remove(s.path("html/f0"))
        wait_for(lambda: s.get("/f0").status == 404, 5)
        s.write_file("html/f0", "third")
        self.assertEqual(s.get("/f0").text, "third")

    def test_within_its_time_it_is_believed(self):
        s = self.site("open_file_cache max=100; open_file_cache_valid 60s; open_file_cache_errors on;")
        self.assertEqual((s.get("/f0").text, s.get("/none").status), ("file 0", 404))
        large = os.urandom(300_000)
        s.write_file("html/f1", large)
        self.assertTrue(s.get("/f1").body == large)
        self.replace(s, "f0", "another text")
        self.replace(s, "f1", "small")
        s.write_file("html/none", "there")
        self.assertEqual((s.get("/f0").text, s.get("/none").status), ("file 0", 404))
        self.assertTrue(s.get("/f1").body == large)
        self.assertEqual(s.get("/f1", headers={"Range": "bytes=299990-"}).body, large[-10:])

    def test_errors_are_forgotten_unless_told_otherwise(self):
        s = self.site("open_file_cache max=100; open_file_cache_valid 60s;")
        self.assertEqual(s.get("/none").status, 404)
        s.write_file("html/none", "there")
        self.assertEqual(s.get("/none").text, "there")

    def test_bounds(self):
        s = self.site("""open_file_cache max=3;
                         location /off/ { alias %(prefix)s/html/; open_file_cache off; }""")
        for i in range(6):
            s.get("/f%d" % i)
        self.assertEqual(self.open_files(s), ["f3", "f4", "f5"])
        s.get("/f3")
        s.get("/f1")
        self.assertEqual(self.open_files(s), ["f1", "f3", "f5"])
        s.get("/off/f9")
        self.assertEqual(self.open_files(s), ["f1", "f3", "f5"])

    def test_inactive_and_min_uses(self):
        s = self.site("""open_file_cache max=10 inactive=1s;
                         location /twice/ { alias %(prefix)s/html/; open_file_cache max=10; open_file_cache_min_uses 2; }""")
        s.get("/f0")
        s.get("/twice/f1")
        self.assertEqual(self.open_files(s), ["f0"])
        s.get("/twice/f1")
        self.assertEqual(self.open_files(s), ["f0", "f1"])
        wait_for(lambda: s.get("/f2").status == 200 and self.open_files(s) == ["f1", "f2"], 10)

    def test_index_and_try_files(self):
        s = self.site("""open_file_cache max=100; open_file_cache_valid 1s; open_file_cache_errors on;
                         location /try { try_files /x /f0; }""")
        self.assertEqual((s.get("/").status, s.get("/try").text), (403, "file 0"))
        s.write_file("html/index.html", "index")
        s.write_file("html/x", "x")
        wait_for(lambda: s.get("/").text == "index" and s.get("/try").text == "x", 5)

    def test_a_slow_client_keeps_its_file(self):
        s = self.site("open_file_cache max=1; open_file_cache_valid 0;")
        large = os.urandom(8 << 20)
        s.write_file("html/f0", large)
        c = s.connect()
        c.request("GET", "/f0", headers={"Host": "h"})
        c.read_until(b"\r\n\r\n")
        self.replace(s, "f0", "short")
        self.assertEqual((s.get("/f0").text, s.get("/f1").text), ("short", "file 1"))
        c.read_until(large[-1000:])
        self.assertTrue(c.received.endswith(large))
        c.close()

    @unittest.skipIf(may_trace(), may_trace())
    def test_what_is_known_costs_no_call(self):
        s = self.site("open_file_cache max=100;")
        c = s.connect()

        def ask(times):
            for _ in range(times):
                c.request("GET", "/f0", headers={"Host": "h"})
                self.assertEqual(c.read_response().text, "file 0")
        ask(2)
        trace = s.path("logs", "trace")
        with tracing(s.workers()[0], trace):
            ask(20)
        calls = [name for name, _ in traced(trace)]
        c.close()
        self.assertGreaterEqual(len(calls), 40)
        self.assertFalse([name for name in calls if name.startswith(("open", "stat", "fstat", "newfstat", "close"))], calls)


if __name__ == "__main__":
    main()
