#!/usr/bin/env python3
"""Starting, reloading, reopening, replacing workers and stopping."""

import re
import signal
import stat
import threading

from harness import *
from server import is_alive

OK = 'server { listen 127.0.0.1:%(port)d; location / { return 200 "one"; } }'


class Signals(SluiceTest):
    def test_titles_and_log_lines(self):
        s = self.sluice(OK, workers=2)
        self.assertEqual(s.get("/").body, b"one")
        with open("/proc/%d/cmdline" % s.pid) as f:
            self.assertRegex(f.read(), r"^sluice: master process \S+ -p ")
        wait_for(lambda: len(s.workers()) == 2, 5, "both workers")
        for title in s.children().values():
            self.assertEqual(title, "sluice: worker process (generation 1)")
        s.wait_log(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[notice\] %d#%d: start worker processes$" % (s.pid, s.pid))
        s.wait_log(r"start worker process %d$" % s.workers()[0])
        s.wait_log(r'using the "epoll" event method$')

    def test_pid_file(self):
        s = self.sluice(OK)
        with open(s.pid_path) as f:
            self.assertEqual(f.read(), "%d\n" % s.pid)
        self.assertEqual(stat.S_IMODE(os.stat(s.pid_path).st_mode), 0o644)
        s.stop("QUIT")
        self.assertFalse(os.path.exists(s.pid_path))

    def test_each_way_to_stop(self):
        for name, words in (("QUIT", "shutting down"), ("TERM", "exiting"), ("INT", "exiting")):
            with self.subTest(name):
                s = self.sluice(OK)
                number = getattr(signal, "SIG" + name)
                self.assertEqual(s.stop(name), 0)
                self.assertRegex(s.error_log, r"signal %d \(SIG%s\) received from \d+, %s" % (number, name, words))
                self.assertRegex(s.error_log, r"worker process \d+ exited with code 0")
                self.assertRegex(s.error_log, r"\[notice\] \d+#\d+: exit$")
                self.assertFalse(os.path.exists(s.pid_path))

    def test_quit_finishes_what_is_under_way(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } }",
                        o=self.origin(lambda req: time.sleep(0.5) or Response(200, body=b"late")))
        with s.connect() as c:
            c.request("GET", "/")
            time.sleep(0.1)
            s.signal("QUIT")
            s.wait_log("gracefully shutting down")
            self.assertEqual(c.read_response().body, b"late")
            self.assertTrue(c.closed_within(1))
        self.assertEqual(s.wait_exit(), 0)
        s.pid = None

    def test_quit_closes_idle_connections_and_refuses_new_ones(self):
        s = self.sluice(OK)
        with s.connect() as c:
            c.request("GET", "/")
            c.read_response()
            s.signal("QUIT")
            self.assertTrue(c.closed_within(1))
        s.wait_exit()
        s.pid = None
        self.assertRaises(OSError, s.connect)

    def test_worker_shutdown_timeout(self):
        s = self.sluice("worker_shutdown_timeout 300ms; http { " + OK.replace('return 200 "one"', "proxy_pass http://127.0.0.1:%(o)d") + " }",
                        o=self.raw_origin(HANG))
        with s.connect() as c:
            c.request("GET", "/")
            time.sleep(0.1)
            s.signal("QUIT")
            self.assertTrue(c.closed_within(2))
        self.assertEqual(s.wait_exit(), 0)
        self.assertIn("worker_shutdown_timeout passed, closing 1 connections", s.error_log)
        s.pid = None

    def test_reload(self):
        s = self.sluice(OK)
        before = s.workers()
        s.reload(OK.replace("one", "two"))
        wait_for(lambda: not set(before) & set(s.workers(retiring=True)), 5, "the old worker's end")
        self.assertEqual(s.get("/").body, b"two")
        for words in (r"signal 1 \(SIGHUP\) received from \d+, reconfiguring", r"\d: reconfiguring$",
                      r"%d#%d: gracefully shutting down" % (before[0], before[0]),
                      r"worker process %d exited with code 0" % before[0]):
            s.wait_log(words)

    def test_a_reload_moves_to_other_ports(self):
        s = self.sluice(OK)
        s.reload(OK.replace("port", "port2"))
        wait_for(lambda: len(s.workers(retiring=True)) == 1, 5, "the old worker's end")
        self.assertEqual(s.get("/", port=s.names["port2"]).body, b"one")
        self.assertRaises(OSError, s.connect)

    def test_a_bad_reload_changes_nothing(self):
        self.allow_log(r"\[emerg\]")
        s = self.sluice(OK)
        before = s.workers()
        taken = self.origin()
        for bad, words in ((OK + "nonsense on;", r'\[emerg\] .*unknown directive "nonsense" in .*sluice.conf:\d+'),
                           ("error_log none/x.log; http { %s }" % OK, r"\[emerg\] .*open\(\) .*none/x.log"),
                           (OK + "server { listen 127.0.0.1:%d; }" % taken.port, r"still could not bind\(\)")):
            s.write_conf(bad)
            s.signal("HUP")
            s.wait_log(words)
            self.assertEqual(s.workers(), before)
            self.assertEqual(s.get("/").body, b"one")
        s.reload(OK.replace("one", "two"))
        wait_for(lambda: s.get("/").body == b"two", 5, "the new configuration")

    def test_reloads_lose_no_request(self):
        s = self.sluice(OK, workers=2)
        for _ in range(5):
            s.signal("HUP")
            for _ in range(20):
                self.assertEqual(s.get("/").status, 200)
        wait_for(lambda: len(s.workers(retiring=True)) == 2, 10, "the end of all old workers")

    def test_reloads_lose_no_request_when_workers_come_and_go(self):
        """Sockets of a worker's own are closed when their worker leaves for good."""
        conf = "http { %s }" % OK.replace("listen 127.0.0.1:%(port)d", "listen 127.0.0.1:%(port)d reuseport")
        s = self.sluice(conf, workers=3)
        over, lost, answered = threading.Event(), [], []

        def client():
            while not over.is_set():
                try:
                    answered.append(s.get("/").status)
                except (OSError, Closed) as e:
                    lost.append(e)
        clients = [threading.Thread(target=client) for _ in range(4)]
        for thread in clients:
            thread.start()
        for count in (1, 3, 2, 1, 3, 1):
            s.workers_wanted = count
            s.write_conf(conf)
            before = s.workers()
            s.signal("HUP")
            wait_for(lambda: not set(before) & set(s.workers(retiring=True)), 10, "the old workers' end")
        over.set()
        for thread in clients:
            thread.join()
        self.assertEqual(lost, [])
        self.assertEqual(set(answered), {200})

    def test_who_waits_to_be_accepted_is_answered(self):
        """More connections in the queue than are taken in one turn."""
        s = self.sluice(OK)
        worker = s.workers()[0]
        s.signal("STOP", worker)
        waiting = [s.connect() for _ in range(150)]
        for c in waiting:
            c.request("GET", "/")
        s.signal("QUIT")
        s.wait_log("shutting down")
        s.signal("CONT", worker)
        self.assertEqual([c.read_response().status for c in waiting], [200] * len(waiting))
        for c in waiting:
            c.close()
        self.assertEqual(s.wait_exit(), 0)
        s.pid = None

    def test_the_number_of_workers_follows(self):
        s = self.sluice("http { %s }" % OK.replace("listen 127.0.0.1:%(port)d", "listen 127.0.0.1:%(port)d reuseport"), workers=1)
        for count in (3, 2):
            before = s.workers()
            s.workers_wanted = count
            s.reload("http { %s }" % OK.replace("listen 127.0.0.1:%(port)d", "listen 127.0.0.1:%(port)d reuseport"))
            wait_for(lambda: not set(before) & set(s.workers(retiring=True)), 5, "the old workers' end")
            self.assertEqual(len(s.workers()), count)
            self.assertEqual([s.get("/").status for _ in range(10)], [200] * 10)

    def test_reopen(self):
        s = self.sluice(OK)
        os.rename(s.path("logs/error.log"), s.path("logs/error.log.1"))
        s.signal("USR1")
        s.wait_log(r"%d#%d: reopening logs" % (s.pid, s.pid), log="error.log.1")
        for pid in [s.pid] + s.workers():
            links = lambda: [os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)]
            wait_for(lambda: s.path("logs/error.log") in links() and s.path("logs/error.log.1") not in links(), 5,
                     "the new log in process %d" % pid)
        self.assertEqual(os.readlink("/proc/%d/fd/2" % s.pid), s.path("logs/error.log"))

    def test_a_dead_worker_is_replaced(self):
        self.allow_log(r"\[alert\] .* exited on signal 9")
        s = self.sluice(OK, workers=2)
        victim = s.workers()[0]
        s.signal("KILL", victim)
        wait_for(lambda: len(s.workers()) == 2 and victim not in s.workers(), 1.5, "another worker")
        s.wait_log(r"\[alert\] .*worker process %d exited on signal 9\b" % victim)
        self.assertEqual(s.get("/").status, 200)

    def test_term_to_a_worker_replaces_it(self):
        s = self.sluice(OK)
        victim = s.workers()[0]
        s.signal("TERM", victim)
        wait_for(lambda: s.workers() and victim not in s.workers(), 1.5, "another worker")
        s.wait_log(r"\[notice\] .*worker process %d exited with code 0$" % victim)

    def test_a_frozen_worker_does_not_stop_the_end(self):
        self.allow_log(r"\[alert\] .* exited on signal 9")
        s = self.sluice(OK)
        s.signal("STOP", s.workers()[0])
        self.assertEqual(s.stop("TERM"), 0)

    def test_workers_leave_when_the_master_is_gone(self):
        self.allow_log(r"\[alert\] .* the master process is gone")
        s = self.sluice(OK, workers=2)
        workers = s.workers()
        s.signal("KILL")
        wait_for(lambda: not any(map(is_alive, workers)), 5, "the workers' end")
        s.pid = None

    def test_winch_retires_the_workers_and_hup_brings_them_back(self):
        s = self.sluice(OK)
        s.signal("WINCH")
        wait_for(lambda: not s.workers(retiring=True), 5, "the workers' end")
        self.assertTrue(s.running())
        s.reload()
        self.assertEqual(s.get("/").body, b"one")

    def test_s_sends_the_signal(self):
        s = self.sluice(OK)
        before = s.workers()
        def tell(name):
            p = self.run_sluice("-s", name, "-p", s.prefix, "-c", s.conf_path)
            self.assertEqual((p.returncode, p.stdout, p.stderr), (0, "", ""))
        tell("reload")
        wait_for(lambda: s.workers() and not set(before) & set(s.workers(retiring=True)), 5, "new workers")
        tell("reopen")
        s.wait_log("reopening logs")
        tell("quit")
        self.assertEqual(s.wait_exit(), 0)
        s.pid = None


if __name__ == "__main__":
    main()
