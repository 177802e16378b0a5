#!/usr/bin/env python3
"""Proves on Debian's nginx that the harness sees what it should: t/e2e/harness_selftest.py (not part of make test)."""

import os
import sys

os.environ.setdefault("SLUICE_BINARY", "/usr/sbin/nginx")
if not os.path.exists(os.environ["SLUICE_BINARY"]):
    sys.exit("nginx is not installed: contrib/install-deps --bench")

from harness import *

PROXY = "server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } }"


class Works(SluiceTest):
    def test_proxies(self):
        origin = self.origin(lambda req: Response(200, {"X-A": "1"}, body=b"hi " + req.body))
        s = self.sluice(PROXY, o=origin)
        r = s.post("/x", b"you", {"X-B": "2"})
        self.assertEqual((r.status, r.body, r.headers["x-a"]), (200, b"hi you", "1"))
        self.assertEqual(origin.requests[0].headers["X-B"], "2")
        s.wait_access(r"POST /x")
        self.assertEqual(len(s.workers()), 1)

    def test_keepalive_pipelining_and_chunks(self):
        origin = self.origin(lambda req: Response(200, body=[b"a", b"bc"]))
        s = self.sluice("server { listen 127.0.0.1:%(port)d; location / { proxy_http_version 1.1; proxy_buffering off;"
                        " proxy_pass http://127.0.0.1:%(o)d; } }", o=origin)
        with s.connect() as c:
            c.request("GET", "/1")
            c.request("HEAD", "/2")
            self.assertEqual(c.read_response().body, b"abc")
            self.assertEqual(c.read_response().body, b"")
            self.assertTrue(c.silent_for(0.1))
        self.assertEqual([r.method for r in origin.wait_requests(2)], ["GET", "HEAD"])

    def test_reload_and_two_workers(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; return 200 one; }", workers=2)
        wait_for(lambda: len(s.workers()) == 2)
        s.reload("server { listen 127.0.0.1:%(port)d; return 200 two; }")
        wait_for(lambda: s.get("/").body == b"two")

    def test_daemon(self):
        s = self.sluice("daemon on; http { server { listen 127.0.0.1:%(port)d; return 204; } }")
        self.assertEqual(s.get("/").status, 204)

    def test_hang_reset_refuse(self):
        origin = self.origin(lambda req: {"/hang": HANG, "/reset": RESET, "/close": CLOSE}[req.target])
        s = self.sluice(PROXY.replace("location / {", "location / { proxy_read_timeout 1s;"), o=origin)
        self.assertEqual([s.get(p).status for p in ("/hang", "/reset", "/close")], [504, 502, 502])
        origin.refuse()
        self.assertEqual(s.get("/x").status, 502)
        s.wait_log("Connection refused")

    def test_raw_origin_bad_response(self):
        def handler(conn):
            conn.read_until("\r\n\r\n")
            conn.send("HTTP/1.1 200 OK\r\nbad header")
        origin = self.raw_origin(handler)
        s = self.sluice(PROXY, o=origin)
        self.assertEqual(s.get("/").status, 502)
        self.assertEqual(origin.connections, 1)

    def test_raw_origins_without_a_script(self):
        for handler, status in ((RESET, 502), (CLOSE, 502), (HANG, 504)):
            s = self.sluice(PROXY.replace("location / {", "location / { proxy_read_timeout 1s;"), o=self.raw_origin(handler))
            self.assertEqual(s.get("/").status, status)

    def test_run(self):
        p = self.run_sluice("-t", "-c", "CONF", "-p", self.dir, conf="events {} bogus;")
        self.assertNotEqual(p.returncode, 0)
        self.assertIn("bogus", p.stderr)

    def test_tls_origin(self):
        origin = self.origin(tls=self.server_tls())
        s = self.sluice(PROXY.replace("http://127", "https://127"), o=origin)
        self.assertEqual(s.get("/").body, b"ok")


class Victim(SluiceTest):
    """Each of these must be reported; Catches runs them."""

    def alert(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; return 204; }")
        os.kill(s.workers()[0], 9)
        s.wait_log("exited on signal 9")

    def leftover(self):
        import subprocess
        subprocess.Popen(["sh", "-c", "sleep 77 & exit"]).wait()

    def sanitizer(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; return 204; }")
        s.write_file("sanitizer.123", "ERROR: AddressSanitizer")

    def early_end(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; return 204; }")
        s.signal("QUIT")
        s.wait_exit()

    def origin_script(self):
        origin = self.origin(lambda req: 1 / 0)
        self.sluice(PROXY, o=origin).get("/")

    def allowed(self):
        self.allow_log("exited on signal 9")
        self.alert()


class Catches(unittest.TestCase):
    def outcome(self, name):
        import contextlib, io, re, shutil
        result, out = unittest.TestResult(), io.StringIO()
        with contextlib.redirect_stdout(out):
            Victim(name).run(result)
        kept = re.findall(r"is in (\S+)", out.getvalue())
        self.assertTrue(all(map(os.path.isdir, kept)))
        for path in kept:
            shutil.rmtree(path)
        return "".join(text for _, text in result.failures + result.errors), bool(kept)

    def test_all(self):
        for name, words in (("alert", r"\[alert\].*exited on signal 9"), ("leftover", "left over: process .*sleep 77"),
                            ("sanitizer", "AddressSanitizer"), ("early_end", "had ended before"),
                            ("origin_script", "ZeroDivisionError")):
            with self.subTest(name):
                text, kept = self.outcome(name)
                self.assertRegex(text, words)
                self.assertTrue(kept)

    def test_allowed(self):
        self.assertEqual(self.outcome("allowed"), ("", False))


if __name__ == "__main__":
    main()
