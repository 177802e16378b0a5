#!/usr/bin/env python3
"""A configuration of 10,000 servers, 50,000 locations and 100,000 entries each of a map and a geo block."""
# alone
import os
import random
import subprocess
import sys

from harness import *
from server import BINARY, SLOW, read_text

SERVERS, LOCATIONS, ENTRIES = 10000, 5, 100000  # locations of each server
SECONDS = 2.0
# Of the test of the configuration at its peak, and of a process that serves it.
MOST_MEGABYTES = {"test": 250, "worker": 120}


def network(i):
    return "%d.%d.%d.0" % (1 + (i >> 16), i >> 8 & 255, i & 255)


def large():
    lines = ["map $uri $m { default none;"]
    lines += ["    /app%d/item-%d backend-%d;" % (i % LOCATIONS, i, i % 100) for i in range(ENTRIES)]
    lines += ["}", "geo $arg_a $g { default ZZ;"]
    lines += ["    %s/24 c%d;" % (network(i), i % 200) for i in range(ENTRIES)]
    lines.append("}")
    for s in range(SERVERS):
        lines.append("server { listen 127.0.0.1:%%(port)d%s; server_name host%d.example.com *.host%d.example.com;" %
                     ("" if s else " default_server", s, s))
        lines += ["    location /app%d/ { return 200 '%d %d $m $g'; }" % (l, s, l) for l in range(LOCATIONS)]
        lines.append("}")
    return "\n".join(lines)


def resident(pid):
    """Megabytes."""
    return next(int(line.split()[1]) / 1024 for line in read_text("/proc/%d/status" % pid).splitlines()
                if line.startswith("VmRSS"))


class Scale(SluiceTest):
    def check(self, what, megabytes):
        print("%s: %.0f MB" % (what, megabytes), file=sys.stderr)
        # Sanitizers need several times the memory.
        self.assertLess(megabytes, MOST_MEGABYTES[what] * (1 if SLOW == 1 else 20))

    def test_it_is_read_in_two_seconds_and_served(self):
        s = self.sluice(large(), start=False)
        self.read(s)
        s.start()
        pick = random.Random(5)
        for _ in range(200):
            server, location, entry = pick.randrange(SERVERS), pick.randrange(LOCATIONS), pick.randrange(ENTRIES)
            host = "%shost%d.example.com" % (pick.choice(["", "www."]), server)
            address = network(entry)[:-1] + str(pick.randrange(256))
            found = "backend-%d" % (entry % 100) if entry % LOCATIONS == location else "none"
            self.assertEqual(s.get("/app%d/item-%d?a=%s" % (location, entry, address), host=host).text,
                             "%d %d %s c%d" % (server, location, found, entry % 200))
        self.assertEqual(s.get("/app0/?a=250.0.0.1", host="nobody.example.com").text, "0 0 none ZZ")
        self.check("worker", resident(s.workers()[0]))

    def read(self, s):
        """The test of the configuration, in the processor's time: others use the machine as well."""
        times = []
        for _ in range(3):
            child = subprocess.Popen([BINARY, "-t", "-q", "-p", s.prefix + "/", "-c", s.conf_path],
                                     stderr=subprocess.PIPE)
            said = child.stderr.read()
            _, status, usage = os.wait4(child.pid, 0)
            times.append(usage.ru_utime + usage.ru_stime)
            child.returncode = os.waitstatus_to_exitcode(status)
            child.stderr.close()
            self.assertEqual((child.returncode, said), (0, b""))
        print("test of the configuration: %.2f s" % min(times), file=sys.stderr)
        self.assertLess(min(times), SECONDS * SLOW)
        self.check("test", usage.ru_maxrss / 1024)


if __name__ == "__main__":
    main()
