#!/usr/bin/env python3
"""What one proxied request costs a worker, one at a time over kept-alive connections: system calls, instructions,
allocations and coroutine frames.

These counts are nearly free of noise, so they may be asserted where times may not. The origin is another Sluice.
"""
# alone

import re
import shutil
import subprocess
import sys

from harness import *
from server import listening
from tracing import may_trace, traced, tracing

MOST_CALLS = 6.05            # system calls per request, the wait for events included
MOST_INSTRUCTIONS = 12_000   # in user space per request
MOST_FRAMES = 4              # of coroutines per request
REQUESTS = 200
ORIGIN = """server {
    listen 127.0.0.1:%(port)d;
    access_log off;
    keepalive_requests 1000000;
    location / { return 200 "%(body)s"; }
}"""
PROXY = """http {
    access_log off;
    keepalive_requests 1000000;
    upstream origin { server 127.0.0.1:%(origin)d; keepalive 4; keepalive_requests 1000000; }
    server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://origin; } }
}"""
# As a browser or wrk would ask, in one piece.
REQUEST = b"GET /some/page?q=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: cost\r\nAccept: */*\r\n\r\n"


def sanitized():
    """A binary with sanitizers counts their work, too."""
    with open(BINARY, "rb") as f:
        return b"__asan_init" in f.read()


# Preloaded: counts in a file that all processes share.
COUNTER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t), *__libc_memalign(size_t, size_t);
static unsigned long own, *count = &own;
__attribute__((constructor)) static void begin(void) {
  int fd = open(getenv("COUNT_FILE"), O_RDWR);
  void *shared = mmap(0, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (shared != MAP_FAILED) count = shared;
}
static void one(void) { __atomic_add_fetch(count, 1, __ATOMIC_RELAXED); }
void *malloc(size_t size) { one(); return __libc_malloc(size); }
void *calloc(size_t n, size_t size) { one(); return __libc_calloc(n, size); }
void *realloc(void *p, size_t size) { one(); return __libc_realloc(p, size); }
void *memalign(size_t align, size_t size) { one(); return __libc_memalign(align, size); }
void *aligned_alloc(size_t align, size_t size) { one(); return __libc_memalign(align, size); }
int posix_memalign(void **p, size_t align, size_t size) { one(); return (*p = __libc_memalign(align, size)) ? 0 : 12; }
"""


def frames_made_at():
    """Where in the binary the number of coroutine frames is counted; None when its symbols are gone."""
    if not shutil.which("nm"):
        return None
    names = subprocess.run(["nm", "-C", BINARY], capture_output=True, text=True).stdout
    found = re.search(r"(?m)^([0-9a-f]+) \w sluice::event::FrameCounter::made$", names)
    return int(found[1], 16) if found else None


@unittest.skipIf(sanitized(), "the binary is built with sanitizers")
class Cost(SluiceTest):
    def start(self):
        self.source = self.sluice(ORIGIN, body="x" * 1000)
        return self.sluice(PROXY, origin=self.source)

    def ask(self, c, times):
        for _ in range(times):
            c.send(REQUEST)
            response = c.read_response()
            self.assertEqual((response.status, len(response.body)), (200, 1000))

    @unittest.skipIf(may_trace(), may_trace())
    def test_system_calls(self):
        s = self.start()
        c = s.connect()
        self.ask(c, 20)  # connections, buffers, pools
        worker = s.workers()[0]
        trace = s.path("logs", "trace")
        with tracing(worker, trace):
            self.ask(c, REQUESTS)
        calls = [name for name, _ in traced(trace)]
        per_request = len(calls) / REQUESTS
        counts = {name: calls.count(name) for name in sorted(set(calls))}
        print("%.3f system calls per request: %s" % (per_request, counts), file=sys.stderr)
        sent = sum(n for name, n in counts.items() if name.startswith(("send", "write")))
        self.assertGreaterEqual(sent, 2 * REQUESTS, "the trace is not complete: %s" % counts)
        self.assertLessEqual(per_request, MOST_CALLS, counts)

    def counting(self, conf, **names):
        """An instance whose allocations are counted, and a function that returns their number."""
        path, library, shared = (os.path.join(self.dir, name) for name in ("counter.c", "counter.so", "count"))
        with open(path, "w") as f:
            f.write(COUNTER)
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, path], check=True)
        with open(shared, "wb") as f:
            f.write(bytes(8))
        os.chmod(shared, 0o666)

        def count():
            with open(shared, "rb") as f:
                return int.from_bytes(f.read(), sys.byteorder)
        return self.sluice(conf, env={"LD_PRELOAD": library, "COUNT_FILE": shared}, **names), count

    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_allocations(self):
        self.source = self.sluice(ORIGIN, body="x" * 1000)
        s, count = self.counting(PROXY, origin=self.source)
        self.assertGreater(count(), 100, "nothing is counted")
        with s.connect() as c:
            self.ask(c, 1000)
            before = count()
            self.ask(c, 1000)
            self.assertEqual(count() - before, 0)

    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_allocations_of_deciding(self):
        s, count = self.counting("""http { access_log off; keepalive_requests 1000000; server { listen 127.0.0.1:%(port)d;
            set $wanted $arg_q; rewrite ^/some/(?<rest>.*)$ /other/$rest?a=b;
            location / { allow 127.0.0.1; deny all; route header X-None { return 404; }
                if ($wanted ~ ^(.)$) { set $wanted "$1 $rest"; } rewrite ^/other/(.*)$ /last/$1 last; }
            location ~ ^/last/(.)(.*)$ { if ($host = www.example.com) { return 200 "%(body)s"; } } } }""", body="x" * 1000)
        with s.connect() as c:
            self.ask(c, 1000)
            before = count()
            self.ask(c, 1000)
            self.assertEqual(count() - before, 0)

    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_allocations_of_subrequests(self):
        """Those of a decision and of a mirror; the parts of an answer are made in the same way."""
        self.source = self.sluice(ORIGIN, body="x" * 1000)
        s, count = self.counting("""http { access_log off; keepalive_requests 1000000;
            upstream origin { server 127.0.0.1:%(origin)d; keepalive 4; keepalive_requests 1000000; }
            server { listen 127.0.0.1:%(port)d; auth_request /asked; auth_request_set $said $upstream_http_server; mirror /seen;
                     location / { proxy_pass http://origin; proxy_set_header X-Said $said; }
                     location = /asked { proxy_pass http://origin; } location = /seen { proxy_pass http://origin; } } }""",
                                 origin=self.source)
        with s.connect() as c:
            self.ask(c, 1000)
            before = count()
            self.ask(c, 1000)
            # Now and then more mirrors are under way than ever before.
            self.assertLessEqual(count() - before, 5)

    @unittest.skipUnless(shutil.which("cc"), "no compiler")
    def test_allocations_of_files(self):
        s, count = self.counting("""http { access_log off; keepalive_requests 1000000; default_type text/html;
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                location /cached/ { alias %(prefix)s/html/; open_file_cache max=100; }
                location /charset/ { alias %(prefix)s/html/; charset utf-8; }
                location /zip/ { alias %(prefix)s/html/; gzip_static on; brotli_static on; } } }""")
        s.write_file("html/small", "x" * 1000)
        s.write_file("html/large", "x" * 100_000)
        for path, size in (("/small", 1000), ("/large", 100_000), ("/cached/small", 1000), ("/cached/large", 100_000),
                           ("/charset/small", 1000), ("/zip/small", 1000)):
            with s.connect() as c:
                def ask(times):
                    for _ in range(times):
                        c.send("GET %s HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip, br\r\n\r\n" % path)
                        self.assertEqual(len(c.read_response().body), size)
                ask(100)
                before = count()
                ask(300)
                self.assertEqual(count() - before, 0, path)

    @unittest.skipUnless(frames_made_at(), "no symbols")
    def test_frames(self):
        s = self.start()
        worker = s.workers()[0]
        with open("/proc/%d/maps" % worker) as f:
            base = next(int(line.split("-")[0], 16) for line in f if line.rstrip().endswith(BINARY))

        def made():
            with open("/proc/%d/mem" % worker, "rb", buffering=0) as f:
                f.seek(base + frames_made_at())
                return int.from_bytes(f.read(8), sys.byteorder)
        with s.connect() as c:
            self.ask(c, 20)
            try:
                before = made()
            except OSError as e:
                self.skipTest("the worker's memory may not be read here: %s" % e)
            self.ask(c, REQUESTS)
            frames = (made() - before) / REQUESTS
        print("%.2f coroutine frames per request" % frames, file=sys.stderr)
        self.assertGreater(frames, 0)
        self.assertLessEqual(frames, MOST_FRAMES)

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    @unittest.skipIf(SLOW > 1, "the instructions of a sanitizer are not ours")
    def test_instructions(self):
        """The difference between two runs of different length, so that neither start nor end counts."""
        short, long = self.instructions(50), self.instructions(50 + REQUESTS)
        per_request = (long - short) / REQUESTS
        print("%.0f instructions per request" % per_request, file=sys.stderr)
        self.assertLessEqual(per_request, MOST_INSTRUCTIONS)

    def instructions(self, requests):
        source = self.sluice(ORIGIN, body="x" * 1000)
        s = self.sluice("master_process off;\n" + PROXY, origin=source, start=False)
        out = s.path("logs", "callgrind")
        p = subprocess.Popen(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, BINARY,
                              "-p", s.prefix + "/", "-c", s.conf_path, "-e", "logs/error.log"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            wait_for(lambda: listening(s.port), 60, "the port")
            c = self.connect(s.port, timeout=60)
            self.ask(c, requests)
            c.close()
        finally:
            p.terminate()
            _, said = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 0, said)
        with open(out) as f:
            return int(re.search(r"(?m)^(?:summary|totals): (\d+)", f.read())[1])


if __name__ == "__main__":
    main()
