#!/usr/bin/env python3
"""Words that must not be committed: notes to oneself, and places of the machine it was written on."""

import re
from sources import *

# Split, so that this file does not complain about itself.
NOTES = re.compile(r"\b(?:TO" "DO|FIX" "ME|XX" "X)\\b")
PLACES = re.compile(r"(?<![\w.])/(?:wo" "rk|home|root)/\\w+")


def check(text):
    for i, line in enumerate(text.splitlines(), 1):
        if NOTES.search(line):
            yield i, "a note to oneself: do it, or write down why not"
        if PLACES.search(line):
            yield i, "a path of one machine: %s" % PLACES.search(line)[0]


if __name__ == "__main__":
    top = [n for n in os.listdir(TOP) if os.path.isfile(os.path.join(TOP, n)) and not n.startswith(".git")]
    paths = sorted(top) + list(files("src", "t", "conf", "man", "contrib", ".ci", endings=()))
    report([(path, line, words) for path in paths for line, words in check(read(path))])
