#!/usr/bin/env python3
"""A folder of src includes only itself and the folders above it in src/LAYERS; siblings inside http/ never meet."""

import re
from sources import *

# Protocol code and features know the shared http/*.h, and nothing of each other.
SIBLINGS = {"http/step", "http/content", "http/filter", "http/vars", "http/h1", "http/h2"}


def order(text):
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def layer(path, layers):
    """The deepest folder in the list that holds this path (below src/)."""
    if path == "main.cc":
        return "main"
    folder = path.rpartition("/")[0]
    while folder and folder not in layers:
        folder = folder.rpartition("/")[0]
    return folder or None


def check(path, text, layers):
    """Complaints about one file; path is below src/."""
    mine = layer(path, layers)
    if mine is None:
        yield 1, "this folder is not in src/LAYERS"
        return
    code = blank(text)
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*"', code, re.M):
        name = re.match(r'[^"\n]*', text[match.end():])[0]
        line = line_of(code, match.start())
        if name == "config.h":
            continue
        theirs = layer(name, layers)
        if "/" not in name or theirs is None:
            yield line, '"%s": includes are written from src, as "folder/file.h"' % name
        elif theirs in SIBLINGS and mine in SIBLINGS and theirs != mine:
            yield line, '"%s": %s and %s do not know each other' % (name, mine, theirs)
        elif layers.index(theirs) > layers.index(mine):
            yield line, '"%s": %s stands above %s in src/LAYERS and must not include it' % (name, mine, theirs)


if __name__ == "__main__":
    layers = order(read("src/LAYERS"))
    report([(path, line, words) for path in files("src") for line, words in check(path[4:], read(path), layers)])
