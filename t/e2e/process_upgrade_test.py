#!/usr/bin/env python3
"""Changing the binary and the configuration while requests are served, and what waits for it."""

import json
import shutil
import signal
import subprocess
import threading

from harness import *
from server import is_alive, read_text

CONF = 'server { listen 127.0.0.1:%(port)d; location / { return 200 "one"; } }'


class Upgrade(SluiceTest):
    def server(self, conf=CONF, **options):
        """An instance of a copy of the binary, which tests may replace."""
        s = self.sluice(conf, **options)
        return s

    def change(self, s):
        """USR2; returns the new master's pid once it serves."""
        old = s.pid
        s.signal("USR2")
        wait_for(lambda: os.path.exists(s.pid_path) and read_text(s.pid_path).strip() not in ("", str(old)), 5, "a new pid file")
        new = int(read_text(s.pid_path))
        s.wait_log(r"\[notice\] %d#%d: generation 1 serves" % (new, new))
        self.assertEqual(int(read_text(s.pid_path + ".oldbin")), old)
        return new

    def workers_of(self, s, pid):
        keep, s.pid = s.pid, pid
        try:
            return s.workers()
        finally:
            s.pid = keep

    def test_the_new_binary_takes_over(self):
        s = self.server(workers=2)
        old = s.pid
        new = self.change(s)
        self.assertEqual((len(self.workers_of(s, old)), len(self.workers_of(s, new))), (2, 2))
        s.signal("WINCH")
        wait_for(lambda: not self.workers_of(s, old), 5, "the end of the old workers")
        self.assertEqual(s.get("/").body, b"one")
        s.signal("QUIT")
        wait_for(lambda: not is_alive(old), 5, "the end of the old master")
        self.assertFalse(os.path.exists(s.pid_path + ".oldbin"))
        s.adopt()
        self.assertEqual((s.pid, s.get("/").body), (new, b"one"))

    def test_the_way_back(self):
        s = self.server()
        old = s.pid
        new = self.change(s)
        s.signal("WINCH")
        wait_for(lambda: not self.workers_of(s, old), 5, "the end of the old workers")
        s.signal("HUP")
        wait_for(lambda: self.workers_of(s, old), 5, "the old binary's workers")
        s.signal("QUIT", pid=new)
        wait_for(lambda: not is_alive(new) and not os.path.exists(s.pid_path + ".oldbin"), 5, "the end of the new master")
        self.assertEqual(int(read_text(s.pid_path)), old)
        self.assertEqual(s.get("/").body, b"one")

    def test_a_new_binary_that_dies_gives_the_workers_back(self):
        s = self.server()
        self.allow_log(r"new binary process \d+ exited on signal 9|worker process \d+ exited on signal|the master process is gone")
        old = s.pid
        new = self.change(s)
        s.signal("WINCH")
        wait_for(lambda: not self.workers_of(s, old), 5, "the end of the old workers")
        s.signal("KILL", pid=new)
        wait_for(lambda: self.workers_of(s, old), 5, "the old binary's workers")
        self.assertEqual(int(read_text(s.pid_path)), old)
        wait_for(lambda: s.get("/").body == b"one", 5, "an answer")

    def test_a_second_upgrade_at_a_time_is_refused(self):
        s = self.server()
        new = self.change(s)
        s.signal("USR2")
        s.wait_log("ignored: a new binary is running, process %d" % new)
        s.signal("USR2", pid=new)
        s.wait_log("ignored: the old binary is still running, process %d" % s.pid)
        s.signal("QUIT", pid=new)
        wait_for(lambda: not os.path.exists(s.pid_path + ".oldbin"), 5, "the pid file's return")

    def test_a_configuration_that_became_bad_leaves_the_old_binary(self):
        s = self.server()
        self.allow_log("unknown directive|new binary process")
        s.write_conf("server { nonsense; }")
        s.signal("USR2")
        s.wait_log(r"\[alert\].*new binary process \d+ exited with code 1; this one goes on")
        self.assertEqual(int(read_text(s.pid_path)), s.pid)
        self.assertEqual(s.get("/").body, b"one")

    def test_unix_sockets_and_reuseport_go_along(self):
        path = os.path.join(self.dir, "u.sock")
        s = self.server('server { listen 127.0.0.1:%(port)d reuseport; listen unix:%(path)s; location / { return 200 "one"; } }',
                        workers=2, path=path)
        old = s.pid
        self.change(s)
        s.signal("QUIT")
        wait_for(lambda: not is_alive(old), 5, "the end of the old master")
        s.adopt()
        for _ in range(20):
            self.assertEqual(s.get("/").body, b"one")
        self.assertEqual(s.request("GET", "/", unix=path).body, b"one")
        s.stop("QUIT")
        self.assertFalse(os.path.exists(path))

    def test_requests_go_on_all_the_while(self):
        s = self.server("server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } }", workers=2,
                        o=self.origin(lambda req: Response(200, body=b"origin")))
        stop, failures, served = threading.Event(), [], [0]

        def load():
            while not stop.is_set():
                try:
                    if s.get("/").body != b"origin":
                        failures.append("body")
                    served[0] += 1
                except OSError as e:
                    failures.append(repr(e))
        threads = [threading.Thread(target=load) for _ in range(4)]
        for t in threads:
            t.start()
        try:
            for _ in range(3):
                old = s.pid
                self.change(s)
                s.signal("WINCH")
                wait_for(lambda: not self.workers_of(s, old), 10, "the end of the old workers")
                s.signal("QUIT")
                wait_for(lambda: not is_alive(old), 5, "the end of the old master")
                s.adopt()
        finally:
            stop.set()
            for t in threads:
                t.join()
        self.assertEqual(failures, [])
        self.assertGreater(served[0], 20)

    def test_what_was_handed_on_is_not_believed(self):
        for text in ("nonsense", "1 sockets=0,1,2,99999 zones=", "1 sockets=x", "1 sockets=3 zones=limit/x:3;", "2 sockets=3"):
            with self.subTest(text):
                s = self.server(env={"SLUICE_INHERITED": text})
                self.assertEqual(s.get("/").body, b"one")


class Commands(SluiceTest):
    def call(self, s, *args):
        return subprocess.run([BINARY, *args, "-p", s.prefix, "-c", s.conf_path], capture_output=True, text=True, timeout=30 * SLOW)

    def test_reload_waits_until_the_new_workers_serve(self):
        s = self.sluice(CONF)
        for i in range(5):
            s.write_conf(CONF.replace('"one"', '"%d"' % i))
            done = self.call(s, "-s", "reload")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(s.get("/").body, b"%d" % i)
        s.wait_log("generation 6 serves, configuration [0-9a-f]{16}")
        self.assertIn("sluice: worker process (generation 6)", s.children().values())

    def test_reload_tells_why_it_failed(self):
        s = self.sluice(CONF)
        self.allow_log(r"bind\(\) to 198\.51\.100\.1:80 failed")
        s.write_conf(CONF.replace("listen", "listen 198.51.100.1:80; listen", 1))
        done = self.call(s, "-s", "reload")
        self.assertEqual(done.returncode, 1)
        self.assertIn("reload failed, generation 1 goes on", done.stderr)
        self.assertIn("bind() to 198.51.100.1:80 failed", done.stderr)
        self.assertEqual(s.get("/").body, b"one")
        self.assertEqual(self.call(s, "-s", "reload", "--no-wait").returncode, 0)

    def test_upgrade(self):
        s = self.sluice(CONF)
        old = s.pid
        done = self.call(s, "upgrade")
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for(lambda: not is_alive(old), 10, "the end of the old master")
        s.adopt()
        self.assertIn("process %d serves" % s.pid, done.stdout)
        self.assertEqual(s.get("/").body, b"one")

    def test_upgrade_to_a_binary_that_cannot_start(self):
        s = self.sluice(CONF)
        self.allow_log("new binary process|unknown directive")
        good = read_text(s.conf_path)
        # It reads its configuration from where the running one did; the command is given a good one.
        other = os.path.join(self.dir, "good.conf")
        with open(other, "w") as f:
            f.write(good)
        s.write_conf("server { nonsense; }")
        done = subprocess.run([BINARY, "upgrade", "-p", s.prefix, "-c", other], capture_output=True, text=True, timeout=30 * SLOW)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the new binary did not start, the old one goes on", done.stderr)
        self.assertEqual(s.get("/").body, b"one")

    def test_upgrade_to_a_binary_that_does_not_answer(self):
        s = self.sluice(CONF)
        self.allow_log("worker process|timed out")
        old = s.pid
        upgrade = subprocess.Popen([BINARY, "upgrade", "-p", s.prefix, "-c", s.conf_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: os.path.exists(s.pid_path) and read_text(s.pid_path).strip() not in ("", str(old)), 5, "a new pid file")
        s.pid = new = int(read_text(s.pid_path))
        s.wait_log(r"%d#%d: generation 1 serves" % (new, new))
        for worker in s.workers():
            os.kill(worker, signal.SIGSTOP)
        s.pid = old
        told = upgrade.communicate(timeout=60 * SLOW)[1]
        self.assertEqual(upgrade.returncode, 1)
        self.assertIn("no answer on 127.0.0.1:%d" % s.names["port"], told)
        self.assertIn("rolled back: the old binary serves", told)
        self.assertEqual((int(read_text(s.pid_path)), s.get("/").body), (old, b"one"))
        self.assertFalse(is_alive(new))

    def test_an_answer_may_be_the_end(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; return 444; }")
        old = s.pid
        done = self.call(s, "upgrade")
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for(lambda: not is_alive(old), 10, "the end of the old master")
        s.adopt()

    def test_status(self):
        s = self.sluice(CONF, workers=2)
        s.reload()
        wait_for(lambda: len(s.workers(retiring=True)) == 2, 5, "the end of the old workers")
        state = json.loads(self.call(s, "status", "--format=json").stdout)
        self.assertEqual((state["pid"], state["state"], state["generation"], state["workers"], state["leaving"], state["reloads"]),
                         (s.pid, "serving", 2, 2, 0, 1))
        s.wait_log("generation 2 serves, configuration %s" % state["configuration"])
        self.assertLess(abs(state["started"] - time.time()), 60)
        self.assertNotIn("reload_error", state)
        self.allow_log("unknown directive")
        s.write_conf("server { nonsense; }")
        s.signal("HUP")
        done = wait_for(lambda: (d := self.call(s, "status")) and "failed" in d.stdout and d, 5, "the failure")
        self.assertEqual(done.returncode, 0, done.stderr)
        for words in (r"^sluice/\S+, process %d, serving since \d{4}-" % s.pid, "(?m)^generation 2 since .* configuration [0-9a-f]{16}$",
                      "2 workers, 0 of older generations", "the last reload failed:\n.*unknown directive \"nonsense\""):
            self.assertRegex(done.stdout, words)

    def test_status_of_what_does_not_run(self):
        for pid, words in (("", "sluice.pid"), ("x", "invalid PID number"), (str(os.getpid()), "none of ours")):
            with self.subTest(pid):
                if pid:
                    with open(os.path.join(self.dir, "sluice.pid"), "w") as f:
                        f.write(pid)
                done = self.run_sluice("status", "-p", self.dir, "-c", "CONF", conf="pid sluice.pid; events { } http { }")
                self.assertEqual((done.returncode, done.stdout), (1, ""))
                self.assertIn(words, done.stderr)

    def test_without_a_server(self):
        done = self.run_sluice("upgrade", "-p", self.dir, "-c", "CONF", conf="events { } http { }")
        self.assertEqual(done.returncode, 1)
        self.assertIn("sluice.pid", done.stderr)


class Generations(SluiceTest):
    def test_an_idle_connection_outlives_a_reload_for_its_next_request(self):
        s = self.sluice(CONF)
        with s.connect() as c:
            c.request("GET", "/")
            self.assertEqual(c.read_response().headers["connection"], "keep-alive")
            s.reload()
            time.sleep(0.3)
            c.request("GET", "/")
            answer = c.read_response()
            self.assertEqual((answer.body, answer.headers["connection"]), (b"one", "close"))
            self.assertTrue(c.closed_within(2))

    def test_an_idle_connection_is_closed_after_a_while(self):
        s = self.sluice(CONF)
        with s.connect() as c:
            c.request("GET", "/")
            c.read_response()
            s.reload()
            self.assertFalse(c.closed_within(1))
            self.assertTrue(c.closed_within(4))

    def test_a_pipeline_is_answered_whole(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } }",
                        o=self.origin(lambda req: time.sleep(0.4) or Response(200, body=b"late")))
        with s.connect() as c:
            c.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
            time.sleep(0.1)
            s.reload()
            answers = [c.read_response() for _ in range(3)]
            self.assertEqual([a.body for a in answers], [b"late"] * 3)
            self.assertEqual([a.headers["connection"] for a in answers], ["keep-alive", "keep-alive", "close"])

    def test_a_reload_waits_when_too_many_generations_are_leaving(self):
        s = self.sluice("max_worker_generations 2; http { server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } } }",
                        o=self.origin(lambda req: time.sleep(1.5) or Response(200, body=b"late")))
        held = []
        for i in range(4):
            c = s.connect()
            c.request("GET", "/")
            held.append(c)
            time.sleep(0.1)
            s.reload()
        s.wait_log("workers of 2 generations are leaving already: the reload waits for generation 1")
        self.assertEqual([c.read_response().body for c in held], [b"late"] * 4)

    def test_winch_gives_a_waiting_reload_up(self):
        s = self.sluice("max_worker_generations 1; http { server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } } }",
                        o=self.origin(lambda req: time.sleep(1.5) or Response(200, body=b"late")))
        held = []
        for _ in range(2):
            held.append(s.connect())
            held[-1].request("GET", "/")
            time.sleep(0.1)
            if len(held) == 1:
                s.reload()
        waiting = subprocess.Popen([BINARY, "-p", s.prefix, "-c", s.conf_path, "-s", "reload"], stderr=subprocess.PIPE, text=True)
        s.wait_log("the reload waits for generation 1")
        s.signal("WINCH")
        self.assertIn("all workers were told to leave", waiting.communicate(timeout=10)[1])
        self.assertEqual(waiting.returncode, 1)
        self.assertEqual([c.read_response().body for c in held], [b"late"] * 2)
        wait_for(lambda: not s.workers(retiring=True), 5, "the end of the workers")
        self.assertNotIn("generation 3", s.error_log)

    def test_hup_beside_a_new_binary_that_serves_is_ignored(self):
        s = self.sluice(CONF)
        old = s.pid
        s.signal("USR2")
        wait_for(lambda: os.path.exists(s.pid_path) and read_text(s.pid_path).strip() not in ("", str(old)), 5, "a new pid file")
        s.signal("HUP")
        s.wait_log(r"ignored: a new binary is running, process \d+")
        self.assertNotIn("generation 2", s.error_log)
        s.signal("QUIT", pid=int(read_text(s.pid_path)))
        wait_for(lambda: not os.path.exists(s.pid_path + ".oldbin"), 5, "the end of the new master")

    def test_tunnels_do_not_hold_a_reload_up(self):
        def origin(conn):
            conn.read_request()
            conn.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
            conn.closed_within(20)
        s = self.sluice("max_worker_generations 1; http { server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } } }",
                        o=self.raw_origin(origin))
        with s.connect() as c:
            c.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
            self.assertEqual(c.read_response().status, 101)
            s.reload()
            self.assertFalse(c.closed_within(0.3))
            s.reload(timeout=15)
            self.assertTrue(c.closed_within(2))
            s.wait_log("generation 1 does not leave: its tunnels are closed")


if __name__ == "__main__":
    main()
