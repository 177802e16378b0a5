#!/usr/bin/env python3
"""How it starts: as a daemon, alone, as an ordinary user, on taken ports, without descriptors."""

import re
import shutil
import socket
import subprocess

from harness import *
from server import environment

OK = 'server { listen 127.0.0.1:%(port)d; location / { return 200 "ok"; } }'


class Start(SluiceTest):
    def test_daemon(self):
        s = self.sluice("daemon on; http { %s }" % OK)
        self.assertEqual(s.process.wait(5), 0)
        self.assertNotEqual(s.process.pid, s.pid)
        self.assertEqual(s.get("/").body, b"ok")
        self.assertEqual(os.getsid(s.pid), s.pid)
        self.assertEqual([os.readlink("/proc/%d/fd/%d" % (s.pid, fd)) for fd in range(3)],
                         ["/dev/null", "/dev/null", s.path("logs/error.log")])
        self.assertEqual(s.stderr, "")

    def test_a_daemon_serves_when_the_command_returns(self):
        s = self.sluice("daemon on; http { %s }" % OK, start=False)
        code = subprocess.run([BINARY, "-p", s.prefix, "-c", s.conf_path], env=s.env, timeout=20).returncode
        self.assertEqual(code, 0)
        s.adopt()
        self.assertEqual(s.get("/").body, b"ok")
        self.assertEqual(len(s.workers()), 1)
        s.signal("QUIT")
        wait_for(lambda: not os.path.exists(s.pid_path), 5, "the end")

    def test_a_daemon_that_cannot_start_says_so(self):
        p = self.run_sluice("-p", ".", "-c", "CONF", conf="daemon on; pid none/x.pid; error_log logs/error.log; events { }")
        self.assertEqual((p.returncode, p.stdout), (1, ""))
        self.assertRegex(p.stderr, r'\[emerg\] open\(\) ".*none/x.pid" failed')

    def test_one_process(self):
        for name in ("QUIT", "TERM"):
            s = self.sluice("master_process off; http { %s }" % OK)
            self.assertEqual(s.children(), {})
            self.assertEqual(s.get("/").body, b"ok")
            self.assertEqual(s.stop(name), 0)
            self.assertFalse(os.path.exists(s.pid_path))

    def test_a_taken_port(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            p = self.run_sluice("-p", ".", "-c", "CONF", raw=False, conf="server { listen 127.0.0.1:%d; }" % port)
        self.assertEqual(p.returncode, 1)
        words = r"sluice: \[emerg\] bind\(\) to 127.0.0.1:%d failed \(98: Address already in use\)\n" % port
        self.assertEqual(len(re.findall(words, p.stderr)), 5)
        self.assertIn("sluice: [emerg] still could not bind()", p.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.dir, "run/logs/sluice.pid")))

    def test_without_standard_descriptors(self):
        s = self.sluice(OK, start=False)
        args = [BINARY, "-p", s.prefix, "-c", s.conf_path, "-e", "logs/error.log"]
        s.process = subprocess.Popen(["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh"] + args, env=s.env)
        wait_for(lambda: os.path.exists(s.pid_path), 10, "the pid file")
        s.adopt()
        self.assertEqual(s.get("/").body, b"ok")
        self.assertEqual(os.readlink("/proc/%d/fd/0" % s.pid), "/dev/null")
        self.assertEqual(os.readlink("/proc/%d/fd/2" % s.pid), s.path("logs/error.log"))

    def test_the_log_of_e_exists_from_the_start(self):
        p = self.run_sluice("-t", "-p", ".", "-e", "logs/first.log", "-c", "CONF", conf="events { } nonsense;")
        self.assertEqual(p.returncode, 1)
        with open(os.path.join(self.dir, "run/logs/first.log")) as f:
            self.assertRegex(f.read(), r'^\d{4}/\S+ \S+ \[emerg\] \d+#\d+: unknown directive "nonsense" in /.*:1\n\Z')

    def test_workers_keep_only_the_environment_they_are_told(self):
        s = self.sluice("env KEPT; env SET=value; http { %s }" % OK, env={"KEPT": "yes", "GONE": "no", "TZ": "UTC"})
        with open("/proc/%d/environ" % s.workers()[0], "rb") as f:
            self.assertNotIn(b"GONE=no", f.read())

    def test_limits_priority_and_processors(self):
        s = self.sluice("worker_rlimit_nofile 1500; worker_priority 5; worker_cpu_affinity 1; working_directory temp;"
                        "http { " + OK + " }")
        worker = s.workers()[0]
        with open("/proc/%d/limits" % worker) as f:
            self.assertRegex(f.read(), r"Max open files +1500 +1500")
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, worker), 5)
        self.assertEqual(os.sched_getaffinity(worker), {0})
        self.assertEqual(os.readlink("/proc/%d/cwd" % worker), s.path("temp"))

    def test_too_many_connections_for_the_limit(self):
        s = self.sluice("events { worker_connections 9000000; } http { %s }" % OK)
        self.assertRegex(s.stderr, r"sluice: \[warn\] 9000000 worker_connections exceed open file resource limit: \d+")

    def test_error_log_to_several_places(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            path = os.path.join(self.dir, "log.sock")
            server.bind(path)
            os.chmod(path, 0o777)
            server.settimeout(5)
            s = self.sluice("error_log logs/error.log notice; error_log logs/second.log notice; error_log logs/quiet.log emerg;"
                            "error_log syslog:server=unix:%s,facility=daemon,tag=proxy,nohostname notice; http { %s }" % (path, OK))
            self.assertRegex(server.recv(4096).decode(),
                             r"^<29>\w{3} [ \d]\d \d\d:\d\d:\d\d proxy: \d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[notice\] \d+#\d+: .*[^\n]\Z")
            s.wait_log("start worker processes", log="second.log")
            self.assertEqual(os.path.getsize(s.path("logs/quiet.log")), 0)
            s.stop("QUIT")


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root, who can become another user")
class Users(SluiceTest):
    def test_workers_of_root_become_the_user(self):
        s = self.sluice("user nobody; http { %s }" % OK)
        self.assertEqual(os.stat("/proc/%d" % s.pid).st_uid, 0)
        with open("/proc/%d/status" % s.workers()[0]) as f:
            status = f.read()
        self.assertRegex(status, r"Uid:\t65534\t65534\t65534\t65534")
        self.assertRegex(status, r"Gid:\t65534\t65534\t65534\t65534")
        self.assertRegex(status, r"Groups:\t(65534 )?\n")
        self.assertRegex(status, r"CapEff:\t0+\n")

    def test_logs_can_be_reopened_by_workers(self):
        s = self.sluice("user nobody; http { %s }" % OK)
        os.chmod(s.path("logs"), 0o755)
        os.rename(s.path("logs/error.log"), s.path("logs/error.log.1"))
        s.signal("USR1")
        worker = s.workers()[0]
        wait_for(lambda: s.path("logs/error.log") in [os.readlink("/proc/%d/fd/%s" % (worker, fd))
                                                      for fd in os.listdir("/proc/%d/fd" % worker)], 5, "the worker's new log")
        self.assertEqual(os.stat(s.path("logs/error.log")).st_uid, 65534)

    def test_the_default_log_matters_only_when_it_is_used(self):
        s = self.sluice("events { }", raw=True, start=False)
        run = lambda conf: (s.write_file("conf/sluice.conf", conf), subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BINARY, "-t", "-p", s.prefix, "-c", s.conf_path, "-e",
             "/proc/none.log"], env=s.env, capture_output=True, text=True))[1]
        p = run("events { } pid logs/x.pid;")
        self.assertEqual(p.returncode, 1)
        self.assertIn('[alert] could not open error log file: open() "/proc/none.log" failed (', p.stderr)
        self.assertIn('[emerg] open() "/proc/none.log" failed (', p.stderr)
        p = run("events { } pid logs/x.pid; error_log logs/own.log;")
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertIn('[alert] could not open', p.stderr)

    def test_an_ordinary_user(self):
        s = self.sluice("user nobody; http { %s }" % OK, start=False)
        s.process = subprocess.Popen(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BINARY, "-p", s.prefix, "-c",
                                      s.conf_path, "-e", "logs/error.log"], env=s.env, stderr=subprocess.PIPE, text=True)
        wait_for(lambda: os.path.exists(s.pid_path), 10, "the pid file")
        s.adopt()
        wait_for(s.workers, 5, "a worker")
        self.assertEqual(s.get("/").body, b"ok")
        s.stop("QUIT")
        self.assertIn('sluice: [warn] the "user" directive makes sense only if the master process runs with super-user '
                      'privileges, ignored (user-without-privileges) in %s' % s.conf_path, s.process.stderr.read())
        s.process.stderr.close()


if __name__ == "__main__":
    main()
