#!/usr/bin/env python3
"""The configuration everybody writes, word for word: three named servers on port 8080 behind port 80."""
import namespace
from application import Application
from harness import *

SAMPLE = """upstream backend { server backend1.example.com:8080; server backend2.example.com:8080; server backend3.example.com:8080; }
server {
    listen 80;
    server_name example.com;
    location / {
        proxy_pass http://backend;
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        # Caching
        proxy_cache my_cache;
        proxy_cache_valid 200 60m;
        # Timeouts
        proxy_connect_timeout 60s;
        proxy_send_timeout 60s;
        proxy_read_timeout 60s;
    }
}
"""
CACHING = ("        proxy_cache my_cache;\n", "        proxy_cache_valid 200 60m;\n")
HOSTS = "127.0.0.1 localhost\n" + "".join("127.0.1.%d backend%d.example.com\n" % (n, n) for n in (1, 2, 3))


class Sample(SluiceTest):
    @classmethod
    def setUpClass(cls):
        try:
            namespace.enter(HOSTS)
        except OSError as e:
            raise unittest.SkipTest("a network and an /etc/hosts of its own need root: %s" % e)

    def test_it_serves(self):
        apps = [Application(8080, "127.0.1.%d" % n) for n in (1, 2, 3)]
        for app in apps:
            self.addCleanup(app.stop)
        text = SAMPLE
        for line in CACHING:
            self.assertIn(line, text)
            text = text.replace(line, "")
        s = self.sluice("http { include sample.conf; }", start=False)
        s.write_file("conf/sample.conf", text)
        s.start()
        for _ in range(6):
            r = s.get("/api/hello?name=x", [("X-Forwarded-For", "10.0.0.9")], host="example.com", port=80)
            self.assertEqual((r.status, r.json()["hello"]), (200, "x"))
            fields = {name.lower(): value for name, value in r.json()["fields"].items()}
            self.assertEqual((fields["host"], fields["x-real-ip"], fields["x-forwarded-for"], fields["x-forwarded-proto"]),
                             ("example.com", "127.0.0.1", "10.0.0.9, 127.0.0.1", "http"))
        self.assertEqual([len(app.seen) for app in apps], [2, 2, 2])

    def test_caching_is_refused_honestly(self):
        done = self.run_sluice("-t", "-c", "CONF", raw=False, conf="http {\n" + SAMPLE + "}")
        self.assertEqual(done.returncode, 1)
        for name in ("proxy_cache", "proxy_cache_valid"):
            self.assertRegex(done.stderr, r'directive "%s" is not supported' % name)
        self.assertRegex(done.stderr, r"sluice\.conf:\d+:9\n *\d+ \| +proxy_cache my_cache;\n")
        self.assertRegex(done.stderr, r"sluice\.conf:\d+:9\n *\d+ \| +proxy_cache_valid 200 60m;\n")


if __name__ == "__main__":
    main()
