"""The end-to-end harness: a test starts Sluice with a config, scripted origins and clients, and says what it expects.

    from harness import *

    class Basics(SluiceTest):
        def test_proxies(self):
            origin = self.origin(lambda req: Response(200, body=b"hi"))
            s = self.sluice("server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } }", o=origin)
            self.assertEqual(s.get("/x").body, b"hi")
            self.assertEqual(origin.requests[0].target, "/x")

    if __name__ == "__main__":
        main()

t/README.md has the rest. At the end of every test the harness stops what it started and fails the test when the
error log holds an [alert], [crit] or [emerg], a worker died, a sanitizer spoke, or a process was left over.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import ssl
import tempfile
import threading
import time
import traceback
import unittest

from origins import CLOSE, HANG, RESET, Origin, RawOrigin
from ports import free_port
from server import BINARY, SLOW, STAND_IN, Sluice, command, descendants, environment, expand, read_text, wait_for
from wire import BadMessage, Closed, Conn, Fields, Request, Response

__all__ = ["SluiceTest", "Response", "Request", "Fields", "Conn", "BadMessage", "Closed", "CLOSE", "HANG", "RESET",
           "BINARY", "SLOW", "STAND_IN", "free_port", "wait_for", "main", "unittest", "os", "time"]

# Daemons and orphans become children of this process, so that none of them can get lost.
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def main():
    if not os.access(BINARY, os.X_OK):
        raise SystemExit("no binary at %s: run make, or set SLUICE_BINARY" % BINARY)
    unittest.main(module="__main__", verbosity=int(os.environ.get("VERBOSE", "1")))


class SluiceTest(unittest.TestCase):
    maxDiff = None

    def run(self, result=None):
        self._instances, self._origins, self._conns, self._allowed, self._raised = [], [], [], [], []
        threading.excepthook = self._thread_raised
        self._failed_before = self._failures(result)
        self.dir = tempfile.mkdtemp(prefix="sluice-test-")
        os.chmod(self.dir, 0o777)
        self.addCleanup(self._finish)
        return super().run(result)

    # -- to be used by tests --------------------------------------------------------------------------

    def sluice(self, conf, start=True, **options):
        """Starts an instance. %(port)d (port1, port2 …) are free ports, other names are keyword arguments, and an
        origin stands for its port. Options: level="debug" of the error log, workers=N, args=["-g", …], env={},
        raw=True when conf is the complete file; start=False leaves start() to the test.
        """
        instance = Sluice(os.path.join(self.dir, "sluice%d" % (len(self._instances) + 1)), conf, **options)
        self._instances.append(instance)
        return instance.start() if start else instance

    def origin(self, handler=None, **options):
        """A scripted HTTP origin; see Origin. tls=self.certificate(), unix=path, keepalive=False, port=N."""
        return self._keep(Origin(handler, **options))

    def raw_origin(self, handler, **options):
        """An origin whose handler gets each accepted connection (a Conn), in a thread."""
        return self._keep(RawOrigin(handler, **options))

    def connect(self, port, timeout=10.0):
        """A raw client connection that is closed at the end of the test."""
        import socket
        conn = Conn(socket.create_connection(("127.0.0.1", port), timeout * SLOW), timeout * SLOW)
        self._conns.append(conn)
        return conn

    def run_sluice(self, *args, conf=None, raw=True, timeout=20.0, env=None, **names):
        """Runs the binary to its end; returns the CompletedProcess (returncode, stdout, stderr as text). With conf,
        the text goes to a file that "CONF" among the arguments stands for; names are expanded as in sluice().
        """
        prefix = os.path.join(self.dir, "run")
        instance = Sluice(prefix, conf or "", raw=raw, **names)
        args = [a.replace("CONF", instance.conf_path) if conf is not None else a for a in args]
        return subprocess.run(command(args), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="backslashreplace", timeout=timeout * SLOW, env=environment(prefix, env), cwd=prefix)

    def allow_log(self, regex):
        """Lines of the error log that match are expected, whatever their level."""
        self._allowed.append(regex)

    def certificate(self, name="localhost"):
        """(cert, key): paths of a fresh self-signed certificate for that name."""
        cert, key = (os.path.join(self.dir, name + ext) for ext in (".crt", ".key"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name,
                        "-keyout", key, "-out", cert], check=True, capture_output=True)
        os.chmod(key, 0o644)
        return cert, key

    def server_tls(self, name="localhost", alpn=None):
        """An SSLContext for origins: self.origin(h, tls=self.server_tls())."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate(name))
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    # -- the end of a test ----------------------------------------------------------------------------

    @staticmethod
    def _failures(result):
        return len(result.failures) + len(result.errors) if result else 0

    def _thread_raised(self, what):
        """Of a script or an actor: what it was to do or to check was not done."""
        self._raised.append("".join(traceback.format_exception(what.exc_type, what.exc_value, what.exc_traceback)))

    def _keep(self, origin):
        self._origins.append(origin)
        return origin

    def _finish(self):
        problems = []
        for conn in self._conns:
            conn.close()
        for origin in self._origins:
            origin.stop()
        for instance in self._instances:
            problems += self._stop(instance)
        problems += self._leftovers()
        for instance in self._instances:
            problems += instance.problems(self._allowed)
        for origin in self._origins:
            problems += ["origin: " + e for e in origin.errors]
        problems += ["a thread raised " + e for e in self._raised]
        if problems or self._failures(self._outcome.result) != self._failed_before:
            self._show()
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
        if problems:
            self.fail("after the test:\n  " + "\n  ".join(problems))

    def _stop(self, instance):
        """QUIT, and what is needed beyond that; the words for what was needed."""
        if instance.process is None:
            return []
        problems = []
        if instance.pid is None:  # it never came up, or the test has stopped it
            if instance.process.poll() is None:
                instance.process.kill()
                instance.process.wait()
            return []
        if not instance.running():
            return ["the master had ended before the test did: exit code %s" % instance.process.poll()]
        for name in ("QUIT", "TERM", "KILL"):
            try:
                instance.signal(name)
                instance.wait_exit()
                break
            except (AssertionError, ProcessLookupError):
                problems.append("it did not end within %.0f s of %s" % (5 * SLOW, name))
        code = instance.process.poll()
        if code and not problems:
            problems.append("the master exited with code %s" % code)
        return problems

    def _leftovers(self):
        """Every process that is still below this one; a moment is given to those that are about to end."""
        own = {p for p in descendants(os.getpid())}
        end = time.monotonic() + 2 * SLOW
        while own and time.monotonic() < end:
            time.sleep(0.01)
            own = set(descendants(os.getpid()))
        problems = []
        for pid in own:
            problems.append("left over: process %d %s" % (pid, read_text("/proc/%d/cmdline" % pid).replace("\0", " ")))
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._reap()
        return problems

    def _reap(self):
        """Orphans that ended are ours to collect, but not what subprocess waits for itself."""
        mine = {i.process.pid for i in self._instances if i.process and i.process.returncode is None}
        try:
            while True:
                info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if info is None or info.si_pid in mine:
                    return
                os.waitpid(info.si_pid, 0)
        except ChildProcessError:
            pass

    def _show(self):
        print("\n%s: what it left is in %s" % (self.id(), self.dir))
        for instance in self._instances:
            log = (instance.stderr + instance.error_log).splitlines()
            print("\n".join(["  " + line for line in log[-25:]]), flush=True)
