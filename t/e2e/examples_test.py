#!/usr/bin/env python3
"""The configurations that come with it are good: each passes the test, and does what its comments promise."""

import glob
import re

from harness import *
from server import TOP


def text_of(name):
    with open(os.path.join(TOP, "conf", name)) as f:
        return f.read()


def example(name):
    """An example made fit for a test: in the foreground, on a free port."""
    text = text_of("examples/%s.conf" % name)
    text = re.sub(r"worker_processes auto;", "worker_processes 1; daemon off; error_log logs/error.log info;", text)
    return text.replace("listen 80", "listen 127.0.0.1:%(port)d")


class Examples(SluiceTest):
    def started(self, name, files=(), **replaced):
        conf = example(name)
        for old, new in replaced.values():
            self.assertIn(old, conf)
            conf = conf.replace(old, new)
        s = self.sluice(conf, start=False, raw=True)
        s.write_file("conf/mime.types", text_of("mime.types"))
        for path, content in dict(files).items():
            s.write_file(path, content)
        return s.start()

    def test_every_file_passes(self):
        names = sorted(glob.glob(os.path.join(TOP, "conf", "examples", "*.conf")))
        self.assertGreaterEqual(len(names), 5)
        for path in names + [os.path.join(TOP, "conf", "demo.conf"), os.path.join(TOP, "conf", "sluice.conf")]:
            with self.subTest(path):
                with open(path) as f:
                    conf = re.sub(r"(?m)^(\s*)listen(\s+)80\b", r"\g<1>listen\g<2>127.0.0.1:%(port)d", f.read())
                instance = self.sluice(conf, start=False, raw=True)
                instance.write_file("conf/mime.types", text_of("mime.types"))
                p = self.run_sluice("-t", "-p", instance.prefix + "/", "-c", instance.conf_path)
                self.assertEqual(p.returncode, 0, p.stderr)
                self.assertNotIn("[warn]", p.stderr)

    def test_reverse_proxy(self):
        app = self.origin(lambda req: Response(200, body=b"app"))
        s = self.started("reverse_proxy", app=("127.0.0.1:3000", "127.0.0.1:%d" % app.port),
                         folder=("/srv/app/static/", "%(prefix)s/static/"), files={"static/a.css": "a {}"})
        host = {"Host": "app.example.com"}
        self.assertEqual(s.get("/x", host).body, b"app")
        sent = app.requests[0].headers
        self.assertEqual([sent[n] for n in ("Host", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto")],
                         ["app.example.com", "127.0.0.1", "127.0.0.1", "http"])
        style = s.get("/static/a.css", host)
        self.assertEqual(style.body, b"a {}")
        self.assertEqual(style.headers["Cache-Control"], "max-age=604800")
        c = s.connect()
        c.request("GET", "/", {"Host": "else.example.com"})
        self.assertEqual(c.read_until_close(), b"")

    def test_load_balancing(self):
        servers = [self.origin(lambda req: Response(200)) for _ in range(4)]
        s = self.started("load_balancing", **{"s%d" % i: ("10.0.0.1%d:8080" % (i + 1), "127.0.0.1:%d" % o.port)
                                              for i, o in enumerate(servers)})
        answers = [s.get("/") for _ in range(8)]
        self.assertEqual([len(o.requests) for o in servers], [4, 2, 2, 0])
        self.assertEqual(answers[0].headers["X-Served-By"], "127.0.0.1:%d" % servers[0].port)
        for o in servers[:3]:
            o.refuse()
            o.drop()
        self.assertEqual(s.get("/").status, 200)
        self.assertEqual(len(servers[3].requests), 1)

    def test_canary(self):
        stable, canary = (self.origin(lambda req, body=body: Response(200, body=body)) for body in (b"old", b"new"))
        s = self.started("canary", stable=("10.0.0.11:8080", "127.0.0.1:%d" % stable.port),
                         canary=("10.0.0.12:8080", "127.0.0.1:%d" % canary.port),
                         share=("5% canary", "50% canary"), office=("192.0.2.0/24", "127.0.0.2/32"))
        seen = set()
        for _ in range(30):
            first = s.get("/")
            again = s.get("/", {"Cookie": first.headers["Set-Cookie"].split(";")[0]})
            self.assertEqual(again.body, first.body)
            seen.add((first.body, first.headers["X-Version"]))
        self.assertEqual(seen, {(b"old", "stable"), (b"new", "canary")})
        for version, body in (("stable", b"old"), ("canary", b"new")):
            self.assertEqual({s.get("/", {"Cookie": "version=" + version}).body for _ in range(8)}, {body})
        for _ in range(8):
            c = s.connect(source="127.0.0.2")
            c.request("GET", "/")
            self.assertEqual(c.read_response().body, b"new")
            c.close()

    def test_websocket(self):
        def app(c):
            request = c.read_request()
            if "upgrade" not in request.headers:
                c.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", b"data: 1\n\n")
                c.read_until_close()
                return
            c.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello")
            c.send(c.read_exact(4))
        o = self.raw_origin(app)
        s = self.started("websocket", app=("127.0.0.1:3000", "127.0.0.1:%d" % o.port))
        c = s.connect()
        c.send(b"GET /socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        self.assertIn(b" 101 ", c.read_until(b"\r\n\r\n"))
        c.read_until(b"hello")
        c.send(b"ping")
        c.read_until(b"ping")
        events = s.connect()
        events.request("GET", "/events")
        events.read_until(b"data: 1\n\n")

    def test_routing(self):
        app, canary = (self.origin(lambda req, name=name: Response(200 if "/auth" not in req.target else 401, body=name.encode())) for name in ("app", "canary"))
        s = self.started("routing", app=("127.0.0.1:3000", "127.0.0.1:%d" % app.port), canary=("127.0.0.1:3001", "127.0.0.1:%d" % canary.port))
        self.assertEqual([s.get("/", h).text for h in ({}, {"X-Canary": "1"}, {"Cookie": "a=b; canary=1"}, {"X-Canary": "0"})], ["app", "canary", "canary", "app"])
        self.assertEqual(canary.requests[0].headers["host"], "localhost")
        self.assertEqual([s.get("/api/x").status, s.post("/api/x", b"").status, s.get("/admin/").status, s.get("/auth").status], [200, 403, 401, 404])
        self.assertIn("api@example.com", s.post("/api/x", b"").text)
        old = s.get("/blog/2001/hello.html")
        self.assertEqual((old.status, old.headers["location"].partition("/posts")[2]), (301, "/hello?year=2001"))

    def test_static_site(self):
        s = self.started("static_site", files={
            "www/index.html": "home", "www/a.0123abcd.css": "a {}", "www/.git/config": "secret"},
            folder=("/srv/www/example.com", "%(prefix)s/www"))
        host = {"Host": "example.com"}
        home = s.get("/", host)
        self.assertEqual((home.body, home.headers["Content-Type"], home.headers["Cache-Control"]), (b"home", "text/html", "no-cache"))
        self.assertIn("public, immutable", s.get("/a.0123abcd.css", host).headers.all("Cache-Control"))
        self.assertEqual(s.get("/.git/config", host).status, 404)
        self.assertEqual(s.get("/missing", host).status, 404)
        away = s.get("/x?y", {"Host": "www.example.com"})
        self.assertEqual((away.status, away.headers["Location"]), (301, "http://example.com/x?y"))

    def test_error_pages(self):
        app = self.origin(lambda req: Response(404, body=b"its own"))
        s = self.started("error_pages", app=("127.0.0.1:3000", "127.0.0.1:%d" % app.port),
                         folder=("/srv/www/errors", "%(prefix)s/errors"),
                         files={"errors/not_found.html": "not here", "errors/sorry.html": "sorry"})
        r = s.get("/x")
        self.assertEqual((r.status, r.body), (404, b"not here"))
        self.assertNotIn("Server", r.headers)
        app.refuse()
        r = s.get("/x")
        self.assertEqual((r.status, r.body), (502, b"sorry"))
        r = s.get("/api/x")
        self.assertEqual((r.status, r.headers["Content-Type"], r.headers["Retry-After"]), (503, "application/json", "30"))
        self.assertEqual(r.json(), {"error": "temporarily unavailable"})
        self.assertEqual(s.get("/sorry.html").status, 404)


if __name__ == "__main__":
    main()
