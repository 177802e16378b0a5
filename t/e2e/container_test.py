#!/usr/bin/env python3
"""In a container: as its first process, as any user, on a file system that cannot be written, with logs to the standard
streams."""

import shutil
import signal
import socket
import subprocess

from harness import *
from server import descendants, listening, read_text

OK = "server { listen 127.0.0.1:%(port)d; return 200 ok; }"
STREAMS = "error_log stderr info; http { access_log /dev/stdout; %s }" % OK


def namespaces():
    """Whether this process may make any."""
    return shutil.which("unshare") and subprocess.run(["unshare", "-mpf", "--mount-proc", "true"], capture_output=True).returncode == 0


class Streams(SluiceTest):
    def run_with(self, out, **options):
        """Starts with this standard output; the instance, to be stopped with stop()."""
        s = self.sluice(STREAMS, start=False, **options)
        with open(s.path("logs/stderr.txt"), "ab") as err:
            s.process = subprocess.Popen([BINARY, "-p", s.prefix, "-c", s.conf_path, "-e", "stderr"], stdout=out, stderr=err, env=s.env)
        wait_for(lambda: read_text(s.pid_path).strip() and listening(s.port), 10)
        s.adopt()
        wait_for(s.workers, 5)
        return s

    def test_reopened_and_reloaded(self):
        ours, theirs = socket.socketpair()  # as the journal's, it cannot be opened by a path
        self.addCleanup(ours.close)
        s = self.run_with(theirs)
        theirs.close()
        ours.settimeout(5 * SLOW)
        self.assertEqual(s.get("/one").body, b"ok")
        self.assertIn(b"/one", ours.recv(4096))
        s.signal("USR1")
        wait_for(lambda: s.stderr.count("reopening logs") >= 4, 5, "two processes that reopen")
        s.get("/two")
        self.assertIn(b"/two", ours.recv(4096))
        s.reload()
        wait_for(lambda: "generation 2 serves" in s.stderr, 5)
        wait_for(lambda: len(s.workers(retiring=True)) == 1, 5)
        s.get("/three")
        self.assertIn(b"/three", ours.recv(4096))
        self.assertNotRegex(s.stderr, r"\[(emerg|alert|crit|error|warn)\]")


@unittest.skipUnless(os.getuid() == 0 and namespaces(), "no namespaces without root")
class Namespaces(SluiceTest):
    def begin(self, s, *before):
        """Runs it behind another command, which enters a namespace; its process id out here. The pid file has another."""
        self.process = subprocess.Popen(list(before) + [BINARY, "-p", s.prefix, "-c", s.conf_path], env=s.env, start_new_session=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(self.end)
        wait_for(lambda: listening(s.port) or self.process.poll() is not None, 10)
        self.assertIsNone(self.process.poll(), self.process.stdout.read() if self.process.poll() is not None else "")
        found = lambda: [p for p in [self.process.pid] + descendants(self.process.pid) if "master process" in read_text("/proc/%d/cmdline" % p)]
        return wait_for(found, 5, "the master")[0]

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def leave(self, pid):
        os.kill(pid, signal.SIGQUIT)
        self.assertEqual(self.process.wait(5 * SLOW), 0)

    def test_the_first_process(self):
        s = self.sluice("daemon on; http { %s }" % OK, start=False)
        pid = self.begin(s, "unshare", "-pf", "--mount-proc")
        self.assertEqual(read_text(s.pid_path), "1\n")  # it did not leave its place to a daemon
        self.assertEqual(s.get("/").body, b"ok")
        # A process whose parent ended is the first one's to reap.
        subprocess.run(["nsenter", "-t", str(pid), "-p", "sh", "-c", "(exec sleep 0.1) &"], check=True)
        s.wait_log("unknown process [0-9]+ exited")
        os.kill(pid, signal.SIGHUP)
        s.wait_log("generation 2 serves")
        self.assertEqual(s.get("/").body, b"ok")
        self.leave(pid)

    def test_any_user_on_a_read_only_root(self):
        s = self.sluice(OK, start=False)
        for folder in ("", "logs", "conf", "html", "temp"):
            os.chown(s.path(folder), 54321, 54321)
        script = 'mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,bind,ro / && ! touch /etc/x 2>/dev/null && ' \
                 'exec setpriv --reuid=54321 --regid=54321 --clear-groups "$@"'
        pid = self.begin(s, "unshare", "-m", "sh", "-c", script, s.prefix)
        with open("/proc/%d/mounts" % pid) as f:
            self.assertIn(" / ", "".join(line for line in f if line.split()[1] == "/" and line.split()[3].startswith("ro")))
        self.assertEqual(os.stat("/proc/%d" % pid).st_uid, 54321)
        self.assertEqual(s.get("/").body, b"ok")
        os.kill(pid, signal.SIGHUP)
        s.wait_log("generation 2 serves")
        self.assertEqual(s.get("/").body, b"ok")
        self.leave(pid)


if __name__ == "__main__":
    main()
