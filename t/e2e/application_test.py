#!/usr/bin/env python3
# alone
"""The main job: a real application behind an ordinary configuration file, for curl, wrk, raw sockets and a browser."""
import hashlib
import json
import re
import shutil
import subprocess
import sys

import websockets as ws
from application import Application, STYLE, png
from harness import *

HERE = os.path.dirname(os.path.abspath(__file__))
MB = 1 << 20

# As one finds it on a server: nothing in it is meant for this proxy or this test, but the ports and the user.
CONF = """
worker_processes  2;

error_log  logs/error.log warn;
pid        logs/sluice.pid;
daemon     off;

events {
    worker_connections  1024;
}

http {
    default_type  application/octet-stream;

    log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                      '$status $body_bytes_sent "$http_referer" '
                      '"$http_user_agent" "$http_x_forwarded_for"';

    access_log  logs/access.log  main;

    sendfile           on;
    tcp_nopush         on;
    keepalive_timeout  65;

    upstream app {
        server 127.0.0.1:%(app)d weight=2 max_fails=3 fail_timeout=30s;
        server 127.0.0.1:%(app2)d;
        keepalive 32;
    }

    server {
        listen       127.0.0.1:%(port)d default_server;
        server_name  app.example.com;

        client_max_body_size 64m;

        location / {
            proxy_pass         http://app;
            proxy_http_version 1.1;
            proxy_set_header   Host              $host:%(port)d;
            proxy_set_header   X-Real-IP         $remote_addr;
            proxy_set_header   X-Forwarded-For   $proxy_add_x_forwarded_for;
            proxy_set_header   X-Forwarded-Proto $scheme;
            proxy_set_header   Connection        "";
        }

        location /events {
            proxy_pass         http://app;
            proxy_buffering    off;
            proxy_read_timeout 1h;
        }

        location /socket {
            proxy_pass         http://app;
            proxy_http_version 1.1;
            proxy_set_header   Upgrade    $http_upgrade;
            proxy_set_header   Connection "upgrade";
            proxy_set_header   Host       $host;
            proxy_read_timeout 1h;
        }

        error_page  500 502 503 504  /50x.html;
        location = /50x.html {
            root   html;
        }
    }
}
"""
PLAIN = "server { listen 127.0.0.1:%(port)d; client_max_body_size 0; location / { proxy_pass http://127.0.0.1:%(app)d; } }"


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    return None


class Real(SluiceTest):
    def serve(self, conf=CONF, **names):
        self.apps = [Application(), Application()]
        for app in self.apps:
            self.addCleanup(app.stop)
        return self.sluice(conf, app=self.apps[0].port, app2=self.apps[1].port, raw=conf is CONF, **names)

    def test_curl(self):
        s = self.serve()
        page = s.curl("-i", "/", "-H", "Host: app.example.com")
        self.assertIn("HTTP/1.1 200 OK", page.stdout)
        self.assertIn("Set-Cookie: session=1", page.stdout)
        self.assertTrue(page.stdout.rstrip().endswith("</html>"))
        self.assertEqual(s.curl("/static/style.css").stdout, STYLE)
        told = json.loads(s.curl("/api/hello?name=curl", "-H", "X-Forwarded-For: 10.0.0.1").stdout)
        self.assertEqual(told["hello"], "curl")
        fields = {name.lower(): value for name, value in told["fields"].items()}
        self.assertEqual((fields["x-real-ip"], fields["x-forwarded-for"], fields["x-forwarded-proto"]), ("127.0.0.1", "10.0.0.1, 127.0.0.1", "http"))
        self.assertNotEqual(fields.get("connection", "").lower(), "close")
        self.assertEqual(json.loads(s.curl("-L", "/redirect").stdout)["hello"], "moved")
        self.assertIn("404", s.curl("-o", "/dev/null", "-w", "%{http_code}", "/none").stdout)
        self.assertEqual(s.curl("-I", "/static/logo.png").stdout.count("ETag"), 1)
        s.wait_access(r'127.0.0.1 - - \[.*\] "GET /api/hello\?name=curl HTTP/1.1" 200 \d+ "-" "curl/[^"]*" "10.0.0.1"')

    def test_image_and_uploads(self):
        s = self.serve()
        self.assertEqual(s.get("/static/logo.png").body, png(64, 48))
        data = os.urandom(20 * MB)
        path = s.write_file("upload.bin", data)
        for args in (["--data-binary", "@" + path], ["-T" + path], ["-H", "Transfer-Encoding: chunked", "--data-binary", "@" + path]):
            told = json.loads(s.curl("-H", "Content-Type: application/x-test", *args, "/api/upload").stdout)
            self.assertEqual((told["size"], told["sha256"]), (len(data), hashlib.sha256(data).hexdigest()))
        form = s.curl("-F", "file=@" + path, "-F", "name=value", "/api/upload")
        self.assertTrue(json.loads(form.stdout)["type"].startswith("multipart/form-data"))

    def test_events_come_as_they_happen(self):
        for conf in (CONF, PLAIN):  # with and without settings for them
            s = self.serve(conf)
            curl = subprocess.Popen(["curl", "-sSN", "http://127.0.0.1:%d/events?count=5" % s.port], stdout=subprocess.PIPE)
            delays = []
            for line in curl.stdout:
                if line.startswith(b"data:"):
                    delays.append(time.time() - float(line.split()[-1]))
            curl.wait()
            self.assertEqual(len(delays), 5)
            self.assertLess(max(delays), 0.09 * SLOW)  # the next one comes after 0.1 s

    def test_websocket(self):
        for conf in (CONF, PLAIN):
            s = self.serve(conf)
            with s.connect() as c:
                self.assertEqual(ws.open_client(c, "/socket").status, 101)
                for text in ("hello", "again" * 1000):
                    c.send(ws.frame(text, mask=True))
                    self.assertEqual(ws.read_frame(c), (ws.TEXT, text.encode()))
                c.send(ws.frame("", ws.CLOSE, mask=True))
                self.assertEqual(ws.read_frame(c)[0], ws.CLOSE)

    @unittest.skipUnless(shutil.which("wrk"), "wrk is not installed")
    def test_wrk(self):
        s = self.serve()
        for path in ("/api/hello?name=wrk", "/static/logo.png"):
            done = subprocess.run(["wrk", "-t1", "-c16", "-d2s", "http://127.0.0.1:%d%s" % (s.port, path)], capture_output=True, text=True)
            self.assertNotIn("Socket errors", done.stdout)
            self.assertNotIn("Non-2xx", done.stdout)
            self.assertGreater(int(re.search(r"(\d+) requests in", done.stdout)[1]), 50, done.stdout)
        self.assertNotIn("[error]", s.error_log)

    @unittest.skipUnless(chromium(), "chromium is not installed: apt-get install chromium")
    def test_browser(self):
        s = self.serve()
        profile = os.path.join(self.dir, "profile")
        done = subprocess.run([chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                               "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server", "--user-data-dir=" + profile,
                               "--timeout=30000", "--dump-dom", "http://127.0.0.1:%d/" % s.port],
                              capture_output=True, text=True, timeout=90 * SLOW)
        found = dict(re.findall(r'<li id="(\w+)">\w+=(.*?)</li>', done.stdout))
        self.assertEqual(found, {"image": "64x48", "style": "rgb(1, 2, 3)", "fetch": "browser", "upload": "300000", "events": "0,1,2",
                                 "websocket": "over the wire", "closed": "true", "done": "7"}, done.stdout[-3000:] + done.stderr[-2000:])

    @unittest.skipUnless(shutil.which("node"), "node is not installed")
    def test_node(self):
        port = free_port()
        node = subprocess.Popen(["node", os.path.join(HERE, "application.js"), str(port)])
        self.addCleanup(node.wait)
        self.addCleanup(node.kill)
        s = self.sluice(PLAIN, app=port)
        wait_for(lambda: s.get("/").status == 200, 10)
        self.allow_log("Connection refused")
        data = os.urandom(5 * MB)
        self.assertEqual(s.post("/api/upload", data).json()["sha256"], hashlib.sha256(data).hexdigest())
        self.assertEqual(s.get("/events").text, "data: 0\n\ndata: 1\n\ndata: 2\n\n")
        with s.connect() as c:
            self.assertEqual(ws.open_client(c, "/socket").status, 101)
            c.send(ws.frame("to node", mask=True))
            self.assertEqual(ws.read_frame(c), (ws.TEXT, b"to node"))
            c.send(ws.frame("", ws.CLOSE, mask=True))
            self.assertEqual(ws.read_frame(c)[0], ws.CLOSE)
        self.assertEqual(s.get("/none").status, 404)


if __name__ == "__main__":
    main()
