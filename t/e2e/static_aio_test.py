#!/usr/bin/env python3
"""A slow disk holds up nobody but who waits for it. Slow are files below slow/: a preloaded library takes its time for
reading them, and says that they are not in the system's cache."""
import shutil
import signal
import subprocess
import time

from harness import *
from server import read_text

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
static int slow(int fd) {
  char link[64], name[512];
  int saved = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, name, sizeof name - 1);
  errno = saved;
  if (size < 0) return 0;
  name[size] = 0;
  return strstr(name, "/slow/") != 0;
}
typedef ssize_t (*reader)(int, void *, size_t, off_t);
typedef ssize_t (*vector_reader)(int, const struct iovec *, int, off_t, int);
static ssize_t read_slowly(const char *name, int fd, void *to, size_t size, off_t at) {
  if (slow(fd)) usleep(atoi(getenv("SLOW_MS") ? getenv("SLOW_MS") : "MILLISECONDS") * 1000);
  return ((reader)dlsym(RTLD_NEXT, name))(fd, to, size, at);
}
ssize_t pread(int fd, void *to, size_t size, off_t at) { return read_slowly("pread", fd, to, size, at); }
ssize_t pread64(int fd, void *to, size_t size, off_t at) { return read_slowly("pread64", fd, to, size, at); }
static ssize_t read_now(const char *name, int fd, const struct iovec *v, int n, off_t at, int flags) {
  if (flags != 0 && slow(fd)) { errno = EAGAIN; return -1; }
  return ((vector_reader)dlsym(RTLD_NEXT, name))(fd, v, n, at, flags);
}
ssize_t preadv2(int fd, const struct iovec *v, int n, off_t at, int f) { return read_now("preadv2", fd, v, n, at, f); }
ssize_t preadv64v2(int fd, const struct iovec *v, int n, off_t at, int f) { return read_now("preadv64v2", fd, v, n, at, f); }
"""


class Aio(SluiceTest):
    def site(self, server, slow=1000, main="", **names):
        source, library = os.path.join(self.dir, "slow.c"), os.path.join(self.dir, "slow.so")
        with open(source, "w") as f:
            f.write(SHIM.replace("MILLISECONDS", str(slow)))
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        s = self.sluice(main + " worker_processes 1; http { default_type text/html; server { listen 127.0.0.1:%(port)d; "
                        "root %(prefix)s/html; " + server + "} }",
                        # A sanitizer wants to be loaded first, and does as well behind this.
                        env={"LD_PRELOAD": library, "ASAN_OPTIONS": "verify_asan_link_order=0:exitcode=99:log_path="
                             + os.path.join(self.dir, "sanitizer")}, **names)
        s.write_file("html/quick", "quick")
        s.write_file("html/slow/small", "slow")
        return s

    def seconds_for(self, s, path):
        begun = time.monotonic()
        got = s.get(path)
        self.assertEqual(got.status, 200)
        return time.monotonic() - begun

    def ask(self, s, path):
        c = s.connect()
        c.request("GET", path, headers={"Host": "h"})
        self.addCleanup(c.close)
        return c

    def descriptors(self, s):
        folder = "/proc/%d/fd" % s.workers()[0]
        names = []
        for fd in os.listdir(folder):
            try:
                names.append(os.readlink(os.path.join(folder, fd)))
            except FileNotFoundError:
                pass
        return [name for name in names if "/html/" in name]

    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_others_go_on(self):
        for aio, stalls in (("threads", False), ("on", False), ("threads=disks", False), ("off", True)):
            s = self.site("aio %s; output_buffers 1 64k;" % aio, main="thread_pool disks threads=2;")
            waiting = [self.ask(s, "/slow/small") for _ in range(3)]
            time.sleep(0.1)
            passed = max(self.seconds_for(s, "/quick") for _ in range(3))
            self.assertEqual(passed > 0.5, stalls, "aio %s: %.2f s" % (aio, passed))
            for c in waiting:
                self.assertEqual(c.read_response().text, "slow")

    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_all_of_it_arrives(self):
        s = self.site("""aio threads; output_buffers 2 32k;
                         location /slow/sub/ { alias %(prefix)s/html/slow/; sub_filter x yy; sub_filter_once off; }""", slow=1)
        for folder in ("slow/", ""):
            for size in (0, 1, 32768, 65536, 1_000_001):
                body = os.urandom(size)
                s.write_file("html/%sf%d" % (folder, size), body)
                got = s.get("/%sf%d" % (folder, size))
                self.assertEqual(got.headers["Content-Length"], str(size))
                self.assertTrue(got.body == body, size)
            got = s.get("/%sf1000001" % folder, headers={"Range": "bytes=5-70000,-7"})
            self.assertEqual(got.status, 206)
            self.assertIn(body[5:70001], got.body)
            self.assertIn(body[-7:], got.body)
            self.assertEqual(s.request("HEAD", "/%sf1000001" % folder).headers["Content-Length"], "1000001")
        text = "".join("%d x " % i for i in range(50_000))
        s.write_file("html/slow/text", text)
        self.assertEqual(s.get("/slow/sub/text").text, text.replace("x", "yy"))
        c = s.connect()
        for _ in range(3):
            c.request("GET", "/slow/f65536", headers={"Host": "h"})
            self.assertEqual(len(c.read_response().body), 65536)
        c.close()

    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_clients_that_leave(self):
        s = self.site("aio threads;", slow=300)
        s.write_file("html/slow/large", os.urandom(1_000_000))
        clients = [self.ask(s, path) for path in ("/slow/small", "/slow/large") for _ in range(5)]
        time.sleep(0.1)
        for i, c in enumerate(clients):
            c.reset() if i % 2 else c.close()
        wait_for(lambda: not self.descriptors(s), 10)
        self.assertEqual(s.get("/slow/small").text, "slow")

    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_the_end_of_a_worker(self):
        s = self.site("aio threads;", slow=1000)
        c = self.ask(s, "/slow/small")
        time.sleep(0.1)
        os.kill(s.workers()[0], signal.SIGQUIT)
        self.assertEqual(c.read_response().text, "slow")
        s = self.site("aio threads;", slow=60_000)
        self.ask(s, "/slow/small")
        time.sleep(0.2)
        begun = time.monotonic()
        s.stop("TERM")
        self.assertLess(time.monotonic() - begun, 4)

    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_a_full_queue(self):
        s = self.site("aio threads=one;", main="thread_pool one threads=1 max_queue=1;", slow=500)
        clients = [self.ask(s, "/slow/small") for _ in range(5)]
        s.wait_log(r"\[crit\].* reading a file failed \(11")
        self.allow_log(r"reading a file failed")
        served = 0
        for c in clients:
            try:
                served += c.read_response().text == "slow"
            except (BadMessage, Closed):
                pass
        self.assertEqual(served, 2)

    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_a_pool_that_a_variable_names(self):
        s = self.site("aio threads=$arg_pool;", main="thread_pool disks threads=1;", slow=300)
        self.assertEqual(s.get("/slow/small?pool=disks").text, "slow")
        self.assertEqual(s.get("/slow/small?pool=none").text, "slow")
        s.wait_log(r'\[error\].* thread pool "none" not found')

    def test_directio(self):
        s = self.sluice("""http { server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; output_buffers 2 64k;
            location /d/ { alias %(prefix)s/html/; directio 100k; }
            location /t/ { alias %(prefix)s/html/; directio 100k; directio_alignment 4k; aio threads; read_ahead 1m; } } }""")
        large = os.urandom(1_000_003)
        s.write_file("html/large", large)
        s.write_file("html/small", "small")
        for folder in ("/d/", "/t/"):
            self.assertTrue(s.get(folder + "large").body == large)
            self.assertEqual(s.get(folder + "small").text, "small")
            for first, last in ((0, 0), (511, 512), (513, 200_001), (999_999, 1_000_002)):
                got = s.get(folder + "large", headers={"Range": "bytes=%d-%d" % (first, last)})
                self.assertTrue(got.body == large[first:last + 1], (folder, first, last))
        huge = os.urandom(16 << 20)
        s.write_file("html/huge", huge)
        c = self.ask(s, "/t/huge")
        c.read_until(b"\r\n\r\n")
        folder = "/proc/%d/" % s.workers()[0]
        flags = [read_text(folder + "fdinfo/" + fd).split("flags:\t")[1].split()[0] for fd in os.listdir(folder + "fd")
                 if os.readlink(folder + "fd/" + fd).endswith("/huge")]
        self.assertTrue(flags and all(int(flag, 8) & os.O_DIRECT for flag in flags), flags)
        c.read_until(huge[-1000:])
        self.assertTrue(c.received.endswith(huge))


if __name__ == "__main__":
    main()
