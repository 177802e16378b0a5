#!/usr/bin/env python3
"""What a worker may not do: it has no powers of root's, and a system call that serving never needs ends it or fails."""

import re
import subprocess

from harness import *
from server import read_text

OK = "server { listen 127.0.0.1:%(port)d; return 200 ok; }"

# Preloaded, it takes the worker over: each connection makes the call that the file named by ATTACK asks for, and
# writes its errno there.
INTRUDER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>
#include <pthread.h>
#include <signal.h>
static char path[4096];
__attribute__((constructor)) static void begin(void) { if (getenv("ATTACK")) strcpy(path, getenv("ATTACK")); }
static void *run(void *p) { return p; }
static long attack(const char *what) {
  pthread_t t;
  if (!strcmp(what, "execve")) return execl("/bin/true", "true", (char *)0);
  if (!strcmp(what, "fork")) { pid_t p = fork(); if (p == 0) _exit(0); return p; }
  if (!strcmp(what, "ptrace")) return ptrace(PTRACE_TRACEME, 0, 0, 0);
  if (!strcmp(what, "setuid")) return setuid(getuid());
  if (!strcmp(what, "mount")) return mount("none", "/", 0, 0, 0);
  if (!strcmp(what, "packet")) return socket(17, SOCK_RAW, 0);
  if (!strcmp(what, "writable code")) return mmap(0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
  if (!strcmp(what, "kill")) return kill(getppid(), SIGCONT);
  if (!strcmp(what, "look for")) return kill(getppid(), 0);
  if (!strcmp(what, "thread")) { errno = pthread_create(&t, 0, run, 0); return errno || pthread_join(t, 0) ? -1 : 0; }
  return 0;
}
int accept4(int fd, struct sockaddr *a, socklen_t *n, int flags) {
  int got = ((int (*)(int, struct sockaddr *, socklen_t *, int))dlsym(RTLD_NEXT, "accept4"))(fd, a, n, flags);
  int saved = errno;
  char what[64] = "";
  FILE *f = got >= 0 && path[0] ? fopen(path, "r+") : 0;
  if (f && fgets(what, sizeof what, f)) {
    errno = 0;
    long result = attack(what);
    rewind(f);
    ftruncate(fileno(f), 0);
    fprintf(f, "errno %d", result < 0 ? errno : 0);
  }
  if (f) fclose(f);
  errno = saved;
  return got;
}
"""
EPERM, ENOSYS = 1, 38


def status(pid, field):
    return re.search(r"(?m)^%s:\s*(.*?)\s*$" % field, read_text("/proc/%d/status" % pid))[1]


def sanitized():
    with open(BINARY, "rb") as f:
        return b"__asan_init" in f.read()


def sandboxed():
    """Whether this build and this kernel have it."""
    return os.path.exists("/proc/sys/kernel/seccomp") and not sanitized() and "libseccomp" in subprocess.run(
        ["ldd", BINARY], capture_output=True, text=True).stdout


class Privileges(SluiceTest):
    @unittest.skipUnless(os.getuid() == 0, "only root has powers to drop")
    def test_a_worker_has_none(self):
        s = self.sluice(OK)
        worker = s.workers()[0]
        for sets in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(status(worker, sets), 16), 0, sets)
        self.assertEqual(status(worker, "NoNewPrivs"), "1")
        self.assertNotIn("0", status(worker, "Uid").split())
        self.assertNotIn("0", status(worker, "Groups").split())

    @unittest.skipUnless(os.getuid() == 0, "only root has powers to drop")
    def test_the_master_keeps_what_it_needs(self):
        s = self.sluice(OK, workers=2)
        kept, mine = int(status(s.pid, "CapBnd"), 16), int(status(os.getpid(), "CapBnd"), 16)
        for number in (0, 1, 5, 6, 7, 8, 10, 23, 24):  # chown, dac_override, kill, set*id, setpcap, bind, nice, resource
            self.assertEqual(kept >> number & 1, mine >> number & 1, number)
        for number in (12, 13, 16, 17, 19, 21):  # net_admin, net_raw, sys_module, sys_rawio, sys_ptrace, sys_admin
            self.assertFalse(kept >> number & 1, number)
        self.assertEqual(int(status(s.pid, "CapPrm"), 16), kept)
        # What it does with them: other workers, logs of the workers' user, signals.
        s.reload()
        s.signal("USR1")
        s.wait_log("reopening logs")
        self.assertEqual(s.get("/").body, b"ok")

    @unittest.skipUnless(os.getuid() == 0, "only root has powers to drop")
    def test_a_worker_that_stays_root_reads_every_file(self):
        s = self.sluice("user root; http { server { listen 127.0.0.1:%(port)d; root html; } }")
        s.write_file("html/secret.txt", "for its owner")
        os.chmod(s.path("html/secret.txt"), 0o400)
        os.chown(s.path("html/secret.txt"), 12345, 12345)
        self.assertEqual(s.get("/secret.txt").body, b"for its owner")
        self.assertEqual(int(status(s.workers()[0], "CapEff"), 16), 1 << 1)

    @unittest.skipUnless(os.getuid() == 0 and not sanitized(), "only root changes its user; sanitizers read their memory")
    def test_core_files_only_for_who_asks(self):
        owner = lambda s: os.stat("/proc/%d/fd" % s.workers()[0]).st_uid
        self.assertEqual(owner(self.sluice(OK)), 0)  # root's: it is not dumpable
        self.assertNotEqual(owner(self.sluice("worker_rlimit_core 1m; http { %s }" % OK)), 0)


@unittest.skipUnless(sandboxed(), "no seccomp")
class Sandbox(SluiceTest):
    def start(self, more="", **options):
        source, library = os.path.join(self.dir, "intruder.c"), os.path.join(self.dir, "intruder.so")
        with open(source, "w") as f:
            f.write(INTRUDER)
        subprocess.run(["cc", "-w", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True)
        self.file = os.path.join(self.dir, "attack")
        self.s = self.sluice("%s http { %s }" % (more, OK), env={"LD_PRELOAD": library, "ATTACK": self.file}, **options)

    def attack(self, what):
        """Its errno, or None when the worker died of it."""
        with open(self.file, "w") as f:
            f.write(what)
        os.chmod(self.file, 0o666)
        worker = self.s.workers()[0]
        try:
            self.s.get("/")
        except Closed:
            wait_for(lambda: self.s.workers() not in ([], [worker]), 5, "another worker after " + what)
            return None
        return int(read_text(self.file).split()[1])

    def test_deadly_calls(self):
        self.allow_log("exited on signal 31")
        self.start()
        self.assertEqual(status(self.s.workers()[0], "Seccomp"), "2")
        for what in ("execve", "fork", "ptrace", "setuid", "mount"):
            with self.subTest(what):
                self.assertIsNone(self.attack(what))
        self.assertEqual(len(re.findall(r"worker process \d+ exited on signal 31", self.s.error_log)), 5)
        os.unlink(self.file)
        self.assertEqual(self.s.get("/").body, b"ok")

    def test_calls_that_fail(self):
        self.start()
        self.assertEqual([self.attack(w) for w in ("packet", "writable code", "kill", "thread")], [ENOSYS, EPERM, ENOSYS, 0])
        self.assertNotEqual(self.attack("look for"), ENOSYS)

    def test_debug_level_tells(self):
        self.start(level="debug")
        self.assertEqual(self.attack("kill"), ENOSYS)
        self.s.wait_log(r"\[debug\] .*the sandbox refused system call 62 \(kill\)" if os.uname().machine == "x86_64" else "refused")
        self.assertEqual(self.attack("thread"), 0)

    def test_off(self):
        self.start("worker_sandbox off;")
        self.assertEqual(status(self.s.workers()[0], "Seccomp"), "0")
        self.assertEqual([self.attack(w) for w in ("fork", "writable code", "setuid")], [0, 0, 0])

    def test_not_without_a_master(self):
        s = self.sluice("master_process off; http { %s }" % OK)
        self.assertEqual(status(s.pid, "Seccomp"), "0")


if __name__ == "__main__":
    main()
