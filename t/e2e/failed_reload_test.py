#!/usr/bin/env python3
"""A reload whose workers cannot run: the generation before it goes on, complete."""

import re
import subprocess

from harness import *
from server import is_alive

CONF = 'events { } http { server { listen 127.0.0.1:%(port)d; location / { return 200 "one"; } } }'
OTHER = 'events { } http { server { listen 127.0.0.1:%(port2)d; location / { return 200 "two"; } } }'


class FailedReload(SluiceTest):
    def reload(self, s, *options):
        return subprocess.run([BINARY, "-p", s.prefix, "-c", s.conf_path, "-s", "reload", *options], capture_output=True,
                              text=True, timeout=30 * SLOW)

    def both(self, s):
        wait_for(lambda: len(s.workers()) == 2, 5, "two workers")
        return s.workers()

    def forbidden(self):
        """A folder that root sees and that workers may not enter."""
        if os.geteuid() != 0:
            self.skipTest("needs workers that may less than the master")
        folder = os.path.join(self.dir, "forbidden")
        os.mkdir(folder, 0o700)
        return folder

    def check_it_goes_on(self, s, before):
        wait_for(lambda: s.workers(retiring=True) == before, 5, "the end of the new workers")
        self.assertEqual(s.get("/").body, b"one")
        with self.assertRaises(ConnectionRefusedError):
            s.connect(port=s.names["port2"])
        os.kill(before[0], 9)
        wait_for(lambda: len(s.workers()) == 2 and before[0] not in s.workers(), 5, "another worker of the old generation")
        for _ in range(8):
            self.assertEqual(s.get("/").body, b"one")
        s.reload(OTHER)
        self.assertEqual(s.get("/", port=s.names["port2"]).body, b"two")

    def test_workers_that_say_so(self):
        folder = self.forbidden()
        s = self.sluice(CONF, workers=2)
        self.allow_log(r"chdir\(|code 2|generation 2 cannot serve|exited on signal 9")
        before = self.both(s)
        s.write_conf("worker_processes 2; working_directory %s; %s" % (folder, OTHER))
        done = self.reload(s)
        self.assertEqual(done.returncode, 1)
        self.assertIn("reload failed, generation 1 goes on", done.stderr)
        self.assertIn("the new workers cannot run", done.stderr)
        s.wait_log("generation 2 cannot serve, generation 1 goes on")
        self.check_it_goes_on(s, before)

    def test_workers_that_die(self):
        """With fewer and fewer descriptors to be had there are several ways to fail."""
        s = self.sluice(CONF, workers=2)
        self.allow_log(r"generation \d+ cannot serve|on signal|oo many open files|with (fatal )?code|\[emerg\]")
        before, reasons = self.both(s), set()
        for limit in range(3, 40):
            s.write_conf("worker_processes 2; worker_rlimit_nofile %d; %s" % (limit, OTHER))
            done = self.reload(s)
            if done.returncode == 0:
                break
            self.assertIn("reload failed, generation 1 goes on", done.stderr)
            reasons.update(re.findall("the new workers .*;", done.stderr))
            self.assertLessEqual(set(before), set(s.workers()))
        else:
            self.fail("no limit is enough")
        self.assertIn("the new workers end before they serve;", reasons)
        s.reload(CONF)
        self.assertEqual(s.get("/").body, b"one")

    def test_what_can_be_known_before(self):
        s = self.sluice(CONF)
        self.allow_log("working_directory")
        s.write_conf("working_directory /none; " + CONF)
        done = self.reload(s)
        self.assertEqual(done.returncode, 1)
        self.assertIn('working_directory "/none" cannot be used (2: No such file or directory)', done.stderr)
        self.assertEqual(len(s.workers()), 1)

    def test_a_good_one_in_the_place_of_one_that_never_served(self):
        s = self.sluice(CONF)
        self.allow_log(r"generation 2 cannot serve|on signal|oo many open files|with (fatal )?code")
        s.write_conf("worker_rlimit_nofile 3; " + OTHER)
        s.signal("HUP")
        wait_for(lambda: s.error_log.count("start worker processes") == 2, 5, "the first reload")
        s.write_conf(CONF.replace("one", "three"))
        self.assertEqual(self.reload(s).returncode, 0)
        wait_for(lambda: s.get("/").body == b"three", 5, "the good configuration")

    def test_the_way_back_with_workers_dead(self):
        """Who dies while the new ones try to start is replaced when they cannot."""
        folder = self.forbidden()
        s = self.sluice(CONF, workers=2)
        self.allow_log(r"chdir\(|code 2|cannot serve|exited on signal")
        before = self.both(s)
        s.write_conf("worker_processes 2; working_directory %s; %s" % (folder, CONF))
        os.kill(s.pid, 19)
        s.signal("HUP")
        os.kill(before[0], 9)
        os.kill(s.pid, 18)
        s.wait_log("generation 2 cannot serve")
        wait_for(lambda: not is_alive(before[0]), 5, "the end of the one that was killed")
        wait_for(lambda: len(s.workers()) == 2, 5, "two workers again")
        self.assertEqual(s.get("/").body, b"one")


if __name__ == "__main__":
    main()
