#!/usr/bin/env python3
"""Third-party headers are included only where t/lint/fences.table allows it."""

import fnmatch
import re
from sources import *

# Of the C library and the kernel. The C++ ones have no dot and no slash.
SYSTEM = re.compile(r"(sys|netinet|arpa|linux|net|asm|bits)/[\w/.]+\.h|(aio|alloca|assert|byteswap|crypt|ctype|dirent|dlfcn|elf|endian|errno|execinfo|"
                    r"fcntl|float|fnmatch|getopt|glob|grp|ifaddrs|immintrin|inttypes|libgen|limits|link|locale|malloc|math|memory|"
                    r"nmmintrin|emmintrin|netdb|poll|pthread|pwd|regex|sched|search|semaphore|setjmp|signal|spawn|stdarg|stddef|"
                    r"stdint|stdio|stdlib|string|strings|syslog|termios|time|ucontext|unistd|utime|wait|x86intrin)\.h|[a-z_0-9]+")


def table(text):
    rows = (line.split() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return [(row[0], row[1:]) for row in rows]


def check(path, text, rows):
    """Complaints about one file; path is below src/."""
    code = blank(text)
    for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]*<([^>\n]+)>", code, re.M):
        name, line = match[1], line_of(code, match.start())
        places = next((places for header, places in rows if fnmatch.fnmatch(name, header)), None)
        if places is None:
            if not SYSTEM.fullmatch(name):
                yield line, "<%s> is not in t/lint/fences.table" % name
        elif not any(fnmatch.fnmatch(path, place) for place in places):
            yield line, "<%s> is for %s only (t/lint/fences.table)" % (name, " ".join(places))


if __name__ == "__main__":
    rows = table(read("t/lint/fences.table"))
    report([(path, line, words) for path in files("src") for line, words in check(path[4:], read(path), rows)])
