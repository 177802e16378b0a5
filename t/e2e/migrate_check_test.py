#!/usr/bin/env python3
"""sluice migrate-check on the kind of configurations that people publish, written for the purpose (migrate/*.conf).

NAME.expected is the report without its last line. A directive that has come to be supported since is no mistake: only what
was supported and is not any more, and other words, are. UPDATE_GOLDEN=1 writes all of them anew, warnings.expected too: what
`sluice lint` warns of in these files, every line of which must be true.
"""

import difflib
import glob
import json
import re
import shutil

from golden import UPDATE
from harness import *

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "migrate")
CONFS = sorted(glob.glob(os.path.join(FOLDER, "*.conf")))


def read(path):
    with open(path) as f:
        return f.read()


class MigrateCheck(SluiceTest):
    def check(self, path, *args):
        return self.run_sluice("migrate-check", path, *args)

    def report(self, path):
        p = self.check(path)
        lines = p.stdout.replace(FOLDER + "/", "").splitlines()
        return p.returncode, lines[:-1], lines[-1]

    def test_there_are_thirty(self):
        self.assertGreaterEqual(len(CONFS), 30)

    def test_goldens(self):
        for conf in CONFS:
            with self.subTest(os.path.basename(conf)):
                code, lines, summary = self.report(conf)
                expected = conf[:-len(".conf")] + ".expected"
                if UPDATE:
                    with open(expected, "w") as f:
                        f.writelines(line + "\n" for line in lines)
                    continue
                known = read(expected).splitlines()
                # What is gone from the list of what is missing is progress; it may be "different" now.
                news = [line for line in difflib.ndiff(known, lines) if line[:2] in ("- ", "+ ")]
                worse = [line for line in news if not (line.startswith("- ") and ": unsupported: " in line)
                         and not (line.startswith("+ ") and ": different: " in line)]
                # Where more is understood more can be found, as long as less is missing in all.
                missing = [sum(": unsupported: " in line for line in report) for report in (known, lines)]
                if missing[1] < missing[0]:
                    worse = [line for line in worse if ": unsupported: " not in line]
                self.assertEqual(worse, [], "\n".join(news))

    def test_summary_and_exit_code(self):
        for conf in CONFS:
            with self.subTest(os.path.basename(conf)):
                code, lines, summary = self.report(conf)
                counts = [int(n) for n in re.findall(r"\d+", summary)]
                told = json.loads(self.check(conf, "--format", "json").stdout)
                self.assertEqual(counts, [told["summary"][k] for k in ("directives", "supported", "different", "unsupported", "notes")])
                self.assertEqual(counts[0], sum(counts[1:4]))
                self.assertEqual([sum(": %s: " % k in line for line in lines) for k in ("different", "unsupported")], counts[2:4])
                self.assertEqual(code, 1 if counts[3] else 0)
                self.assertEqual(len(told["directives"]), counts[0])
                self.assertEqual(len(self.check(conf, "--all").stdout.splitlines()), counts[0] + counts[4] + 1)

    def test_what_is_supported_can_be_run(self):
        """Where all is supported and no file is missing, -t agrees."""
        for conf in CONFS:
            code, lines, _ = self.report(conf)
            if code == 0 and not any(": note: " in line for line in lines):
                with self.subTest(os.path.basename(conf)):
                    p = self.run_sluice("lint", "-c", conf)
                    self.assertNotEqual(p.returncode, 2, p.stdout)

    def test_warnings_of_published_configurations(self):
        got = ""
        by_build = {"conflicting-server-name", "duplicate-type", "ignored-header", "user-without-privileges", "swallowed-directive"}
        for conf in CONFS:
            found = json.loads(self.run_sluice("lint", "-c", conf, "--format", "json").stdout)["findings"]
            for f in found:
                if f["severity"] == "warning" and f["id"] not in by_build:
                    got += "%s:%d: %s: %s\n" % (os.path.basename(f["file"]), f["line"], f["id"], f["message"])
        path = os.path.join(FOLDER, "warnings.expected")
        if UPDATE:
            with open(path, "w") as f:
                f.write(got)
            return
        self.assertEqual(got.splitlines(), read(path).splitlines())

    def tree(self, **files):
        for name, text in files.items():
            path = os.path.join(self.dir, "etc", name.replace("__", "/"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text)
        return os.path.join(self.dir, "etc", "nginx.conf")

    def test_includes_are_found_beside_the_file(self):
        path = self.tree(**{"nginx.conf": "events {}\nhttp {\ninclude /etc/nginx/no-such-place/*.conf;\ninclude sites/*;\ninclude missing.conf;\n}\n",
                            "no-such-place__a.conf": "sendfile on;\n", "sites__b": "server { listen 80; no_such_thing on; }\n"})
        p = self.check(path)
        here = os.path.dirname(path)
        self.assertEqual(p.stdout.replace(here, "ETC"), """ETC/no-such-place/a.conf:1: different: sendfile: has no effect: files are sent by sendfile where that is cheaper, whatever this says.
ETC/sites/b:1: unsupported: no_such_thing: no directive of nginx: of another module?
ETC/nginx.conf:5: note: open() "ETC/missing.conf" failed (2: No such file or directory)
6 directives: 4 supported, 1 different, 1 unsupported; 1 notes
""")
        self.assertEqual(p.returncode, 1)

    def test_every_mistake_counts(self):
        path = self.tree(**{"nginx.conf": "events {}\nhttp {\n%s}\n" % "".join("server { listen 80 no_such_thing; server_name s%d; }\n" % i for i in range(300))})
        self.assertIn(" 300 unsupported", self.check(path).stdout)

    def test_a_relative_name_is_from_here(self):
        path = self.tree(**{"nginx.conf": "events {}\n"})
        shutil.copy(path, os.path.join(self.dir, "here.conf"))
        os.makedirs(os.path.join(self.dir, "run"), exist_ok=True)
        p = self.run_sluice("migrate-check", "../here.conf")
        self.assertEqual((p.returncode, p.stdout), (0, "1 directives: 1 supported, 0 different, 0 unsupported; 0 notes\n"))

    def test_what_is_wrong(self):
        broken = self.tree(**{"nginx.conf": "events {\n"})
        for args, words in [(["/nonexistent/nginx.conf"], "No such file or directory"), ([broken], 'unexpected end of file, expecting "}"'),
                            ([], "the name of a file is missing"), (["a", "b"], "one file is enough"), (["a", "--format", "xml"], "unknown format"),
                            (["--what", "a"], 'invalid option: "--what"')]:
            with self.subTest(args):
                p = self.run_sluice("migrate-check", *args)
                self.assertEqual((p.returncode, p.stdout), (2, ""))
                self.assertIn(words, p.stderr)
        self.assertIn("Usage: sluice migrate-check", self.run_sluice("migrate-check", "--help").stdout)


if __name__ == "__main__":
    main()
