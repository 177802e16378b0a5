#!/usr/bin/env python3
"""sluice explain: what it tells of the configurations in explain/, and that a server does the same.

The lines "# ask: URL OPTIONS" at the head of a configuration are what is asked; NAME.expected the answers.
"""

import difflib
import glob
import json
import re
import shlex

from golden import UPDATE
from harness import *

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "explain")


class Explain(SluiceTest):
    def explain(self, conf, *args):
        return self.run_sluice("explain", "-c", conf, *args)

    def test_goldens(self):
        for conf in sorted(glob.glob(os.path.join(FOLDER, "*.conf"))):
            with self.subTest(os.path.basename(conf)):
                with open(conf) as f:
                    asked = re.findall(r"^# ask: (.*)$", f.read(), re.M)
                self.assertTrue(asked)
                got = ""
                for line in asked:
                    p = self.explain(conf, *shlex.split(line))
                    self.assertEqual((p.returncode, p.stderr), (0, ""))
                    got += "$ sluice explain %s\n%s\n" % (line, p.stdout.replace(conf, "CONF"))
                expected = conf[:-len(".conf")] + ".expected"
                if UPDATE:
                    with open(expected, "w") as f:
                        f.write(got)
                    continue
                with open(expected) as f:
                    text = f.read()
                if got != text:
                    self.fail("".join(difflib.unified_diff(text.splitlines(True), got.splitlines(True))))

    def test_a_server_does_the_same(self):
        app = self.origin(lambda req: Response(200, body=b"app"))
        with open(os.path.join(FOLDER, "site.conf")) as f:
            conf = f.read().replace("127.0.0.1:8080", "127.0.0.1:%(port)d").replace("[::]:8081", "127.0.0.1:%(port2)d")
        conf = re.sub(r"server app2.*;", "", re.sub(r"127.0.0.1:300\d", "127.0.0.1:%d" % app.port, conf))
        s = self.sluice(conf)
        for target, host in [("/api/users?page=2", "example.com"), ("/", "www.example.com"), ("/user/jo%20e", "example.com"),
                             ("/old/place?x=1", "example.com"), ("/hidden", "example.com"), ("/missing.txt", "example.com"),
                             ("/private/x", "example.com"), ("/docs", "example.com"), ("/", "shop.example.org"),
                             ("/a%00b", "example.com"), ("/docs/../api/%41", "example.com"), ("//api//x", "example.com"),
                             ("/x", "unknown.example.net"), ("/api/a%2fb", "example.com")]:
            with self.subTest(target):
                p = self.explain(s.conf_path, "http://127.0.0.1:%d%s" % (s.port, target), "-H", "Host: " + host, "--format", "json")
                told = json.loads(p.stdout)
                seen = len(app.requests)
                r = s.get(target, {"Host": host})
                asked = [e for e in told["events"] if e["kind"] == "content" and e["name"] == "proxy"]
                targets = [f["value"] for e in asked for f in e["facts"] if f["name"] == "target"]
                self.assertEqual([q.target for q in app.requests[seen:]], targets)
                self.assertEqual(r.status, told["answer"].get("status", 200))
                if "Location" in r.headers:
                    self.assertIn(r.headers["Location"], told["answer"]["text"])

    def test_json(self):
        conf = os.path.join(FOLDER, "site.conf")
        told = json.loads(self.explain(conf, "http://example.com:8080/api/x", "--format=json").stdout)
        self.assertEqual(told["listen"], "127.0.0.1:8080")
        self.assertEqual((told["server"]["names"], told["server"]["matched"]), (["example.com", "www.example.com"], "by its name"))
        self.assertEqual(told["location"]["name"], "/api/")
        settings = {s["name"]: s for s in told["settings"]}
        with open(conf) as f:
            lines = f.read().splitlines()
        for name, arguments, block, inherited in [
                ("client_max_body_size", None, None, None), ("proxy_read_timeout", ["5s"], "location", False),
                ("proxy_set_header", ["Host", "$host"], "http", True), ("root", ["/nonexistent/www"], "server", True)]:
            if arguments is None:
                self.assertNotIn(name, settings, "it has its default here")
                continue
            one = settings[name]
            self.assertEqual((one["arguments"], one["block"], one["inherited"]), (arguments, block, inherited))
            self.assertIn(" ".join([name] + arguments), lines[one["line"] - 1])

    def test_included_settings_tell_their_file(self):
        s = self.sluice("include sub/*.conf; server { listen 127.0.0.1:%(port)d; location / { return 204; } }", start=False)
        s.write_file("conf/sub/a.conf", "\nproxy_read_timeout 7s;\n")
        p = self.explain(s.conf_path, "http://127.0.0.1:%d/" % s.port, "-p", s.prefix + "/")
        self.assertRegex(p.stdout, r"proxy_read_timeout 7s +\S*/conf/sub/a\.conf:2 \(http\)")

    def test_nothing_is_written(self):
        os.makedirs(os.path.join(self.dir, "run"), exist_ok=True)
        conf = "error_log %(prefix)s/new.log debug; pid %(prefix)s/new.pid; events {} http { access_log %(prefix)s/access.log; " \
               "server { listen 8080; location / { proxy_pass http://127.0.0.1:1; } } }"
        p = self.run_sluice("explain", "-c", "CONF", "/x", conf=conf)
        self.assertEqual((p.returncode, p.stderr), (0, ""))
        self.assertEqual([n for n in os.listdir(os.path.join(self.dir, "run")) if n.startswith(("new", "access"))], [])

    def test_what_is_wrong(self):
        conf = os.path.join(FOLDER, "site.conf")
        for args, code, words in [
                ([], 2, "a URL is missing"), (["/a", "/b"], 2, "one URL is enough"),
                (["ftp://x/"], 2, 'this is no URL: "ftp://x/"'), (["http://x:99999/"], 2, "this is no URL"),
                (["/", "-H", "nothing"], 2, 'this is no field: "nothing"'), (["/", "-H", "a: b\r\nc: d"], 2, "this is no field"),
                (["/", "--client", "here"], 2, 'this is no address: "here"'), (["/", "--format", "xml"], 2, "unknown format"),
                (["/a b"], 2, "have no blanks"),
                (["http://example.com:99/"], 1, "no server listens there; there are: 127.0.0.1:8080 [::]:8081")]:
            with self.subTest(args):
                p = self.explain(conf, *args)
                self.assertEqual((p.returncode, p.stdout), (code, ""))
                self.assertIn(words, p.stderr)
        p = self.run_sluice("explain", "-c", "CONF", "/", conf="events {}\nhttp { servr { } }\n")
        self.assertEqual((p.returncode, p.stdout), (2, ""))
        self.assertIn('did you mean "server"?', p.stderr)
        p = self.run_sluice("explain", "-c", "CONF", "/", conf="events {}\n")
        self.assertEqual(p.returncode, 1)
        self.assertIn("Usage: sluice explain", self.run_sluice("explain", "--help").stdout)
        p = self.explain(conf, "http://example.com:8080/", "-X", "BAD(")
        self.assertIn("refused", p.stdout)

    def test_listen_chooses(self):
        conf = os.path.join(FOLDER, "site.conf")
        for listen, expected in [("8081", "[::]:8081"), ("127.0.0.1:8080", "127.0.0.1:8080")]:
            p = self.explain(conf, "/", "--listen", listen)
            self.assertTrue(p.stdout.startswith("listen      " + expected), p.stdout)


if __name__ == "__main__":
    main()
