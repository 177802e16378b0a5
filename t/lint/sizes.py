#!/usr/bin/env python3
"""How long files and functions are. A report, except that no file may be longer than 800 lines.

The aims: functions median at most 10 lines, 99 % at most 60; files 90 % at most 400 lines.
"""

import json
import shutil
import subprocess
from sources import *

LIMIT = 800


def too_long(path, lines):
    if lines > LIMIT:
        yield 1, "%d lines: no file may have more than %d; split it by what it does" % (lines, LIMIT)


def functions(paths):
    """[(lines, where)] of every function, by universal-ctags."""
    if not paths or not shutil.which("ctags"):
        return []
    out = subprocess.run(["ctags", "--output-format=json", "--fields=+ne", "--kinds-C++=f", "--language-force=C++", "-f", "-"]
                         + paths, cwd=TOP, capture_output=True, text=True).stdout
    tags = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return sorted(((t["end"] - t["line"] + 1, "%s:%d %s" % (t["path"], t["line"], t["name"])) for t in tags if "end" in t),
                  reverse=True)


def at(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0


if __name__ == "__main__":
    paths = list(files("src"))
    lengths = {path: read(path).count("\n") for path in paths + list(files("t"))}
    own = [lengths[p] for p in paths]
    long_files = sorted(((n, p) for p, n in lengths.items() if n > 400), reverse=True)
    found = functions(paths)
    print("%d files, %d lines; median %d, 90 %% at most %d" % (len(own), sum(own), at(own, .5), at(own, .9)))
    print("%d functions; median %d lines, 99 %% at most %d" % (len(found), at([n for n, _ in found], .5), at([n for n, _ in found], .99)))
    for n, where in long_files[:10] + [f for f in found if f[0] > 60][:15]:
        print("  %4d  %s" % (n, where))
    report([(path, line, words) for path, n in lengths.items() for line, words in too_long(path, n)])
