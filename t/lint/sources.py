"""What the checks share: the sources, and C++ with its comments and strings blanked out."""

import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def files(*folders, endings=(".h", ".cc")):
    for folder in folders:
        for path, names, found in os.walk(os.path.join(TOP, folder)):
            names[:] = sorted(n for n in names if not n.startswith((".", "__")))
            for name in sorted(found):
                if not endings or name.endswith(endings):
                    yield os.path.relpath(os.path.join(path, name), TOP)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as f:
        return f.read()


_PARTS = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^\s()\\]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"'
                    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'", re.S)


def blank(text):
    """The same text, comments and the insides of literals as spaces: positions and lines stay."""
    def spaces(match):
        part = match[0]
        inner = re.sub(r"[^\n]", " ", part)
        return inner if part[0] == "/" else '"' + inner[1:-1] + '"'
    return _PARTS.sub(spaces, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def closing(text, start):
    """The position of the bracket that closes the one at start; the end of the text when none does."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    stack = []
    for i in range(start, len(text)):
        c = text[i]
        if c in pairs:
            stack.append(pairs[c])
        elif c in ")}]":
            if not stack or stack.pop() != c:
                return i
            if not stack:
                return i
    return len(text)


def report(found):
    """Prints complaints as path:line: words; the exit status says whether there were any."""
    for path, line, words in found:
        print("%s:%d: %s" % (path, line, words))
    sys.exit(1 if found else 0)
