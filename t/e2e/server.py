"""Sluice under test: one running instance in a temporary prefix, and the commands around it."""

import glob
import os
import re
import signal
import socket
import ssl
import subprocess
import time

from ports import free_port
from wire import BadMessage, Conn

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(os.environ.get("SLUICE_BINARY") or os.path.join(TOP, "build", "sluice"))
# The harness itself is proven on Debian's nginx, whose default paths lie outside the prefix.
STAND_IN = os.path.basename(BINARY) == "nginx"
SLOW = float(os.environ.get("SLUICE_SLOW", "1"))  # sanitizer builds: every deadline of the harness times this


def wait_for(predicate, timeout=5.0, what="the condition"):
    """Calls predicate until it returns something true, and returns that."""
    end = time.monotonic() + timeout * SLOW
    pause = 0.002
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("%s did not come within %.1f s" % (what, timeout * SLOW))
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def read_text(path):
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError):  # the latter: a process that ended while /proc told of it
        return ""


def processes():
    """{pid: (parent, state)} of every process."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry) as f:
                    rest = f.read().rpartition(")")[2].split()
                found[int(entry)] = (int(rest[1]), rest[0])
            except OSError:
                pass
    return found


def descendants(pid):
    table = processes()
    found, frontier = [], [pid]
    while frontier:
        frontier = [p for p, (parent, state) in table.items() if parent in frontier and state not in "ZX"]
        found += frontier
    return found


def is_alive(pid):
    return processes().get(pid, (0, "Z"))[1] not in "ZX"


def listening(port):
    """Whether something listens on that TCP port; asks the kernel, so that no connection is counted."""
    suffix = ":%04X" % port
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in read_text(table).splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[1].endswith(suffix):
                return True
    return False


def expand(text, names):
    """Replaces %(name)s and %(name)d, and nothing else: a config may contain other per cent signs."""
    def value(match):
        v = names[match[1]]
        return str(getattr(v, "port", v))
    return re.sub(r"%\((\w+)\)[sd]", value, text)


def complete(conf, level, workers):
    """Adds what a test did not care to say."""
    if not re.search(r"(^|[;}\s])(http|stream)\s*\{", conf):
        conf = "http {\n%s\n}" % conf
    said = lambda directive: re.search(r"(^|[;{}\s])%s[\s{]" % directive, conf)
    lines = []
    for directive, line in (("daemon", "daemon off;"), ("pid", "pid logs/sluice.pid;"),
                            ("error_log", "error_log logs/error.log %s;" % level),
                            ("worker_processes", "worker_processes %d;" % workers),
                            ("events", "events { worker_connections 512; }")):
        if not said(directive):
            lines.append(line)
    if not said("access_log"):
        conf = re.sub(r"(^|[;}\s])(http\s*\{)", r"\1\2 access_log logs/access.log;", conf, 1)
    return "\n".join(lines) + "\n" + conf + "\n"


def environment(prefix, extra=None):
    env = dict(os.environ)
    log = os.path.join(prefix, "sanitizer")
    env["ASAN_OPTIONS"] = "log_path=%s:exitcode=99:detect_leaks=1:abort_on_error=0" % log
    env["UBSAN_OPTIONS"] = "log_path=%s:print_stacktrace=1:exitcode=99" % log
    env.update(extra or {})
    return env


def command(args):
    return [BINARY] + list(args)


class Sluice:
    """One instance. port is that of %(port)d; names holds every %(name)s. Made by SluiceTest.sluice()."""

    def __init__(self, prefix, conf, raw=False, level="info", workers=1, args=(), env=None, **names):
        self.prefix, self.args, self.level, self.raw, self.workers_wanted = prefix, list(args), level, raw, workers
        for folder in ("", "logs", "conf", "html", "temp"):
            path = os.path.join(prefix, folder)
            os.makedirs(path, exist_ok=True)
            os.chmod(path, 0o777)  # workers that became nobody write here
        self.env = environment(prefix, env)
        self.names = dict(names, prefix=prefix)
        self.conf_path = os.path.join(prefix, "conf", "sluice.conf")
        self.pid_path = os.path.join(prefix, "logs", "sluice.pid")
        self.write_conf(conf)
        self.process = None
        self.pid = None

    @property
    def port(self):
        return self.names["port"]

    def path(self, *parts):
        return os.path.join(self.prefix, *parts)

    def write_file(self, name, content):
        """A file below the prefix, for the config to serve or include."""
        path = self.path(name)
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            os.makedirs(folder)
            os.chmod(folder, 0o777)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, 0o644)
        return path

    def write_conf(self, conf):
        """Also for reload(): names given at the start still mean the same."""
        for name in re.findall(r"%\((port\d*)\)[sd]", conf):
            if name not in self.names:
                self.names[name] = free_port()
        text = expand(conf, self.names)
        self.write_file("conf/sluice.conf", text if self.raw else complete(text, self.level, self.workers_wanted))

    # -- life -----------------------------------------------------------------------------------------

    def start(self):
        with open(self.path("logs/stdout.txt"), "ab") as out, open(self.path("logs/stderr.txt"), "ab") as err:
            self.process = subprocess.Popen(
                command(["-p", self.prefix + "/", "-c", self.conf_path, "-e", "logs/error.log"] + self.args),
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=self.env, cwd="/", start_new_session=True)
        end = time.monotonic() + 10 * SLOW
        ports = [p for n, p in self.names.items() if n == "port"]
        alone = re.search(r"master_process\s+off", read_text(self.conf_path) + " ".join(self.args))
        while True:
            text = read_text(self.pid_path).strip()
            if text.isdigit() and all(map(listening, ports)):
                self.pid = int(text)
                if alone or self.workers():
                    return self
            code = self.process.poll()
            if code not in (None, 0) or time.monotonic() > end:
                raise AssertionError("%s\n%s" % (
                    "it did not start: exit code %s" % code if code is not None else
                    "no pid file, no process titled \"worker process\", or nothing listens on %s, after %.0f s" % (ports, 10 * SLOW),
                    self.stderr + self.error_log))
            time.sleep(0.005)

    def signal(self, name, pid=None):
        """signal("HUP"); to the master when no pid is given."""
        os.kill(pid or self.pid, getattr(signal, "SIG" + name.upper()))

    def adopt(self):
        """Takes the pid file's word for who the master is now: after an upgrade."""
        self.pid = int(read_text(self.pid_path))

    def running(self):
        if self.process and self.process.pid == self.pid:
            return self.process.poll() is None
        return self.pid is not None and is_alive(self.pid)

    def wait_exit(self, timeout=5.0):
        """Waits until the master ended; returns its exit code when it was started with daemon off."""
        wait_for(lambda: not self.running(), timeout, "the end of the master process")
        return self.process.poll()

    def stop(self, name="QUIT", timeout=5.0):
        """Stops it in this way; returns the exit code."""
        self.signal(name)
        code = self.wait_exit(timeout)
        self.pid = None
        return code

    def reload(self, conf=None, timeout=5.0):
        """HUP, after writing a new config when one is given; waits until new workers run."""
        if conf is not None:
            self.write_conf(conf)
        old, log = set(self.workers()), len(self.error_log)
        self.signal("HUP")

        def renewed():
            if "[emerg]" in self.error_log[log:]:
                raise AssertionError("the reload failed:\n" + self.error_log[log:])
            return set(self.workers()) - old
        wait_for(renewed, timeout, "a new worker after the reload")

    def children(self):
        """{pid: title} of the master's children."""
        titles = {}
        for pid, (parent, state) in processes().items():
            if parent == self.pid and state not in "ZX":
                titles[pid] = read_text("/proc/%d/cmdline" % pid).replace("\0", " ").strip()
        return titles

    def workers(self, retiring=False):
        """Pids of the workers, without those that are shutting down unless these are asked for."""
        return sorted(pid for pid, title in self.children().items()
                      if "worker process" in title and (retiring or "shutting down" not in title))

    # -- logs -----------------------------------------------------------------------------------------

    @property
    def error_log(self):
        return read_text(self.path("logs/error.log"))

    @property
    def access_log(self):
        return read_text(self.path("logs/access.log"))

    @property
    def stderr(self):
        return read_text(self.path("logs/stderr.txt"))

    def wait_log(self, regex, timeout=5.0, log="error.log"):
        """Waits for a line; returns the match."""
        return wait_for(lambda: re.search(regex, read_text(self.path("logs", log)), re.M), timeout,
                        "/%s/ in %s" % (regex, log))

    def wait_access(self, regex, timeout=5.0):
        return self.wait_log(regex, timeout, "access.log")

    # -- clients --------------------------------------------------------------------------------------

    def connect(self, port=None, tls=False, sni=None, alpn=None, timeout=10.0, unix=None, source=None):
        """A raw connection to it (a Conn)."""
        timeout *= SLOW
        if unix:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.connect(unix)
        else:
            sock = socket.create_connection(("127.0.0.1", port or self.port), timeout,
                                            source_address=(source, 0) if source else None)
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            if alpn:
                context.set_alpn_protocols(alpn)
            sock = context.wrap_socket(sock, server_hostname=sni)
        return Conn(sock, timeout)

    def request(self, method, target="/", headers=(), body=None, host="localhost", **where):
        """One request on a connection of its own, which must then end with the response and nothing after it."""
        headers = list(headers.items() if isinstance(headers, dict) else headers)
        if not any(name.lower() == "connection" for name, _ in headers):
            headers.append(("Connection", "close"))
        with self.connect(**where) as c:
            c.request(method, target, headers, body, host)
            response = c.read_response()
            if headers[-1] == ("Connection", "close") and response.status != 101:
                rest = c.read_until_close()
                if rest:
                    raise BadMessage("after the response came %r" % rest[:300])
            return response

    def get(self, target="/", headers=(), **options):
        return self.request("GET", target, headers, **options)

    def post(self, target="/", body=b"", headers=(), **options):
        return self.request("POST", target, headers, body, **options)

    def curl(self, *args):
        """curl with these arguments; a "/path" among them becomes a URL of this instance."""
        args = ["http://127.0.0.1:%d%s" % (self.port, a) if a.startswith("/") else a for a in args]
        return subprocess.run(["curl", "-sS", "--max-time", "20"] + args, capture_output=True, text=True)

    # -- what went wrong ------------------------------------------------------------------------------

    def problems(self, allowed):
        """What the logs and the prefix say against this run; `allowed` are regexes of lines that a test expects."""
        found = []
        text = self.error_log + self.stderr
        for line in dict.fromkeys(text.splitlines()):
            bad = re.search(r"\[(alert|crit|emerg)\]|exited on signal|exited with (fatal )?code [1-9]|core dumped", line)
            if bad and not any(re.search(a, line) for a in allowed):
                found.append("log: " + line)
        for path in sorted(glob.glob(self.path("sanitizer*"))):
            found.append("sanitizer report:\n" + read_text(path)[:6000])
        found += ["core file: " + p for p in glob.glob(self.path("core*")) + glob.glob(self.path("*", "core*"))]
        out = read_text(self.path("logs/stdout.txt"))
        if out and not self.args:
            found.append("it wrote to stdout: " + out[:500])
        return found
