#!/usr/bin/env python3
"""sluice lint and the warnings of -t: each rule on a configuration of its own, the formats, and what silences a warning.

lint/ID.conf holds what the rule ID warns of and, beside it, what it must leave alone; lint/ID.expected the warnings.
What is not supported yet is an error to lint and no matter here.
"""

import difflib
import glob
import json
import re

from golden import UPDATE
from harness import *
from server import TOP

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lint")

TRAP = """events {}
http {
    add_header X-A 1;
    server {
        listen 127.0.0.1:%(port)d;
        location / {
            add_header X-B 2;
            return 204;
        }
    }
}
"""


class Lint(SluiceTest):
    def lint(self, path, *args):
        return self.run_sluice("lint", "-c", path, *args)

    def run_t(self, conf):
        os.makedirs(os.path.join(self.dir, "run", "logs"), exist_ok=True)
        return self.run_sluice("-t", "-p", os.path.join(self.dir, "run") + "/", "-e", "stderr", "-c", "CONF",
                               conf="error_log stderr; pid logs/x.pid;" + conf.replace("http {", "http { access_log off;"))

    def warnings(self, path):
        p = self.lint(path, "--format", "json")
        out = []
        for f in json.loads(p.stdout)["findings"]:
            if f["severity"] != "warning":
                continue
            out.append("%d:%d+%d %s: %s\n" % (f["line"], f["column"], f["length"], f["id"], f["message"]))
            out += ["    hint: %s\n" % f["hint"]] if f["hint"] else []
            out += ["    %d:%d+%d %s\n" % (r["line"], r["column"], r["length"], r["message"]) for r in f["related"]]
        return out

    def test_every_rule(self):
        rules = {line.split()[0] for line in self.run_sluice("lint", "--rules").stdout.splitlines()}
        by_build = {"conflicting-server-name", "duplicate-type", "ignored-header", "user-without-privileges", "swallowed-directive"}
        names = {os.path.basename(c)[:-len(".conf")] for c in glob.glob(os.path.join(FOLDER, "*.conf"))}
        self.assertLessEqual(rules - by_build, names, "rules without a configuration")
        for name in sorted(names):
            with self.subTest(name):
                got = self.warnings(os.path.join(FOLDER, name + ".conf"))
                ids = {line.split()[1].rstrip(":") for line in got if not line.startswith(" ")}
                self.assertEqual(ids - by_build, {name})
                expected = os.path.join(FOLDER, name + ".expected")
                if UPDATE:
                    with open(expected, "w") as f:
                        f.writelines(got)
                    continue
                with open(expected) as f:
                    self.assertEqual(f.readlines(), got)

    def test_the_files_that_come_along_are_clean(self):
        for conf in glob.glob(os.path.join(TOP, "conf", "**", "*.conf"), recursive=True):
            with self.subTest(conf):
                self.assertEqual(self.warnings(conf), [])

    def test_t_warns_and_passes(self):
        p = self.run_t(conf=TRAP)
        self.assertEqual(p.returncode, 0)
        self.assertIn('[warn] "add_header" here drops those of the block around it: "X-A" (add-header-inheritance) in ', p.stderr)
        self.assertRegex(p.stderr, r"conf:7:13: repeat them, or say: add_header_inherit merge;\n  7 \|             add_header X-B 2;\n"
                                   r".*\n.*conf:3:5: has no effect in that block\n  3 \|     add_header X-A 1;")
        self.assertIn("test is successful", p.stderr)

    def test_t_is_silent_where_told(self):
        for conf in (TRAP.replace("X-B 2;", "X-B 2; # lint: ignore add-header-inheritance"),
                     TRAP.replace("            add_header X-B", "            # lint: ignore\n\n            add_header X-B")):
            p = self.run_t(conf=conf)
            self.assertEqual((p.returncode, p.stderr.count("[warn]")), (0, 0), p.stderr)
        other = TRAP.replace("X-B 2;", "X-B 2; # lint: ignore proxy-host")
        self.assertIn("[warn]", self.run_t(conf=other).stderr)

    def test_t_speaks_of_errors_alone(self):
        p = self.run_t(conf=TRAP.replace("return 204", "retrun 204"))
        self.assertEqual((p.returncode, p.stderr.count("[warn]")), (1, 0), p.stderr)

    def test_a_server_starts_without_warnings(self):
        s = self.sluice(TRAP, raw=False)
        self.assertEqual(s.get("/").status, 204)
        self.assertNotIn("[warn]", s.error_log)

    def run_lint(self, conf, *args):
        p = self.run_sluice("lint", "-c", "CONF", *args, conf=conf)
        return p.returncode, re.sub(r"[^\s\"=]*/run/[^:,\s\"]*\.conf", "CONF", p.stdout), p.stderr

    def test_exit_codes(self):
        clean = TRAP.replace("add_header X-A 1;", "")
        self.assertEqual(self.run_lint(clean), (0, "", ""))
        self.assertEqual(self.run_lint(TRAP)[0], 1)
        code, out, _ = self.run_lint(TRAP.replace("return 204", "retrun 204"))
        self.assertEqual(code, 2)
        self.assertIn('unknown directive "retrun"', out)
        self.assertIn("add-header-inheritance", out)
        code, out, _ = self.run_lint("events {}\nhttp {\n")
        self.assertEqual(code, 2)
        self.assertNotIn("[warn]", out)
        p = self.run_sluice("lint", "-c", "/nonexistent.conf")
        self.assertEqual(p.returncode, 2)
        self.assertIn("No such file", p.stdout)

    def test_json(self):
        code, out, _ = self.run_lint(TRAP, "--format=json")
        self.assertEqual(json.loads(out), {"findings": [{
            "file": "CONF", "line": 7, "column": 13, "length": 10, "id": "add-header-inheritance", "severity": "warning",
            "message": '"add_header" here drops those of the block around it: "X-A"',
            "hint": "repeat them, or say: add_header_inherit merge;",
            "related": [{"file": "CONF", "line": 3, "column": 5, "length": 10, "message": "has no effect in that block"}]}],
            "dropped": 0})
        self.assertEqual(code, 1)
        _, out, _ = self.run_lint(TRAP.replace("return 204", 'retrun "\udcff"').encode("utf-8", "surrogateescape").decode("latin-1"), "--format", "json")
        self.assertEqual(json.loads(out)["findings"][-1]["severity"], "error")

    def test_github(self):
        code, out, _ = self.run_lint(TRAP, "--format", "github")
        self.assertEqual(out, '::warning file=CONF,line=7,col=13,endColumn=23,title=add-header-inheritance::"add_header" here drops '
                              'those of the block around it: "X-A"; repeat them, or say: add_header_inherit merge;\n')
        self.assertEqual(code, 1)

    def test_nothing_is_looked_up(self):
        conf = "events {}\nhttp { upstream u { server no-such-name.invalid; } server { listen 80; location / { proxy_pass http://also.invalid; } } }"
        self.assertEqual(self.run_lint(conf), (0, "", ""))

    def test_none_is_dropped(self):
        blocks = "".join("location /p%d { proxy_pass http://127.0.0.1:1/; }\n" % i for i in range(500))
        p = self.run_sluice("lint", "-c", "CONF", "--format", "json", conf="events {}\nhttp {\n server { listen 8080;\n%s } }" % blocks)
        self.assertEqual(len(json.loads(p.stdout)["findings"]), 500)

    def test_many_locations_take_no_time(self):
        blocks = "".join("location /p%d/ { proxy_pass http://127.0.0.1:1; }\nlocation ~ ^/r%d/.*\\.x$ { return 204; }\n" % (i, i) for i in range(5000))
        servers = "".join("server { listen 127.0.0.1:1%d; server_name s%d.example.com; }\n" % (i % 10, i) for i in range(5000))
        start = time.monotonic()
        p = self.run_sluice("lint", "-c", "CONF", "--format", "json", timeout=60,
                            conf="events {}\nhttp {\n server { listen 8080;\n%s }\n%s }" % (blocks, servers))
        self.assertLess(time.monotonic() - start, 5 * SLOW)
        self.assertEqual({f["id"] for f in json.loads(p.stdout)["findings"]}, {"default-server"})

    def test_wrong_command_lines(self):
        for args, words in [(["--format", "xml"], 'unknown format "xml"; it is one of: text, json, github'),
                            (["a.conf"], 'unexpected argument "a.conf"'), (["--format"], 'option "--format" requires NAME')]:
            with self.subTest(args):
                p = self.run_sluice("lint", *args)
                self.assertEqual(p.returncode, 2)
                self.assertIn(words, p.stderr)
        self.assertIn("lint: ignore ID", self.run_sluice("lint", "--help").stdout)


if __name__ == "__main__":
    main()
