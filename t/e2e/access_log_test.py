#!/usr/bin/env python3
"""Access logs: formats, escaping, buffers, conditions, inheritance, files named by variables."""
import gzip
import json
import socket

from harness import *

# A client's head that tries to break out of a log line.
HOSTILE = 'GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: a"b\\c\t\xe9\r\nConnection: close\r\n\r\n'


class LogTest(SluiceTest):
    def log(self, s, name="access.log"):
        return s.path("logs", name)

    def lines(self, s, count, name="access.log"):
        """The lines of a log once there are `count` of them."""
        def read():
            try:
                with open(self.log(s, name), "rb") as f:
                    found = f.read().decode("utf-8", "surrogateescape").splitlines()
            except FileNotFoundError:
                found = []
            return found if len(found) >= count else None
        found = wait_for(read, what="%d lines in %s" % (count, name)) if count else read()
        self.assertEqual(len(found), count, found)
        return found


class AccessLog(LogTest):
    def test_combined(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; return 200 hello; }")
        s.get("/a?b=c", headers={"User-Agent": "me", "Referer": "http://r/"})
        s.get("/")
        first, second = self.lines(s, 2)
        time = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]"
        self.assertRegex(first, r'^127\.0\.0\.1 - - ' + time + r' "GET /a\?b=c HTTP/1\.1" 200 5 "http://r/" "me"$')
        self.assertRegex(second, r'^127\.0\.0\.1 - - ' + time + r' "GET / HTTP/1\.1" 200 5 "-" "-"$')

    def test_the_default_log(self):
        s = self.sluice("""
            daemon off; error_log logs/error.log; events { } pid logs/sluice.pid;
            http { server { listen 127.0.0.1:%(port)d; return 204; } }""", raw=True)
        s.get("/")
        self.assertIn('"GET / HTTP/1.1" 204 0', self.lines(s, 1)[0])

    def test_no_default_log_where_all_say_something(self):
        s = self.sluice("""
            daemon off; error_log logs/error.log; events { } pid logs/sluice.pid;
            http { server { listen 127.0.0.1:%(port)d; access_log logs/own.log; return 204; } }""", raw=True)
        s.get("/")
        self.lines(s, 1, "own.log")
        self.assertFalse(os.path.exists(self.log(s)))

    def escaped(self, how):
        s = self.sluice("log_format f " + how + " '{\"agent\": \"$http_user_agent\", \"no\": \"$http_none\"}';"
                        "server { listen 127.0.0.1:%(port)d; access_log logs/access.log f; return 204; }")
        with s.connect() as conn:
            conn.send(HOSTILE.encode("latin-1"))
            conn.read_until_close()
        return self.lines(s, 1)[0]

    def test_default_escaping(self):
        expected = r'{"agent": "a\x22b\x5Cc\x09\xE9", "no": "-"}'
        self.assertEqual(self.escaped(""), expected)
        self.assertEqual(self.escaped("escape=default"), expected)

    def test_json_escaping(self):
        line = self.escaped("escape=json")
        self.assertEqual(json.loads(line), {"agent": 'a"b\\c\t\udce9', "no": ""})

    def test_no_escaping(self):
        self.assertEqual(self.escaped("escape=none"), '{"agent": "a"b\\c\t\udce9", "no": ""}')

    def test_strings_of_a_format_are_joined(self):
        s = self.sluice("""log_format f '$status' ' ' "${request_method}x" $uri;
                           server { listen 127.0.0.1:%(port)d; access_log logs/access.log f; return 204; }""")
        s.get("/y")
        self.assertEqual(self.lines(s, 1), ["204 GETx/y"])

    def test_a_format_may_follow_its_use(self):
        s = self.sluice("""access_log logs/access.log late; log_format late $uri;
                           server { listen 127.0.0.1:%(port)d; return 204; }""")
        s.get("/y")
        self.assertEqual(self.lines(s, 1), ["/y"])

    def test_several_and_inheritance(self):
        s = self.sluice("""
            log_format f $uri;
            access_log logs/a.log f; access_log logs/b.log f;
            server {
                listen 127.0.0.1:%(port)d;
                location /own/ { access_log logs/own.log f; return 204; }
                location /off/ { access_log off; return 204;
                                 location /off/on/ { access_log logs/a.log f; return 204; } }
                location / { return 204; }
            }""")
        for target in ("/x", "/own/x", "/off/x", "/off/on/x"):
            s.get(target)
        self.assertEqual(self.lines(s, 2, "a.log"), ["/x", "/off/on/x"])
        self.assertEqual(self.lines(s, 1, "b.log"), ["/x"])
        self.assertEqual(self.lines(s, 1, "own.log"), ["/own/x"])

    def test_condition(self):
        s = self.sluice("""
            log_format f $args;
            server { listen 127.0.0.1:%(port)d; access_log logs/access.log f if=$arg_log; return 204; }""")
        for args in ("log=1", "log=0", "log=", "x=1", "log=00"):
            s.get("/?" + args)
        self.assertEqual(self.lines(s, 2), ["log=1", "log=00"])

    def test_buffer_is_written_at_the_end(self):
        s = self.sluice("""
            log_format f $uri;
            server { listen 127.0.0.1:%(port)d; access_log logs/access.log f buffer=4k; return 204; }""")
        s.get("/a")
        s.get("/b")
        self.lines(s, 0)
        s.stop("QUIT")
        self.assertEqual(self.lines(s, 2), ["/a", "/b"])

    def test_buffer_is_written_when_full_by_whole_lines(self):
        s = self.sluice("""
            log_format f $uri;
            server { listen 127.0.0.1:%(port)d; access_log logs/access.log f buffer=64; return 204; }""")
        s.get("/" + "a" * 30)
        s.get("/" + "b" * 30)
        self.lines(s, 0)
        s.get("/" + "c" * 30)
        self.assertEqual(self.lines(s, 2), ["/" + "a" * 30, "/" + "b" * 30])
        s.get("/" + "d" * 100)
        self.assertEqual(self.lines(s, 4)[3], "/" + "d" * 100)

    def test_a_buffer_belongs_to_the_file(self):
        s = self.sluice("""
            log_format f $uri;
            server {
                listen 127.0.0.1:%(port)d; access_log logs/access.log f buffer=4k;
                location / { return 204; }
                location /x { access_log logs/access.log f; return 204; }
            }""")
        s.get("/a")
        s.get("/x")
        self.lines(s, 0)
        s.stop("QUIT")
        self.assertEqual(self.lines(s, 2), ["/a", "/x"])

    def test_buffer_is_flushed_by_time(self):
        s = self.sluice("""
            log_format f $uri;
            server { listen 127.0.0.1:%(port)d; access_log logs/access.log f buffer=1m flush=100ms; return 204; }""")
        for target in ("/a", "/b"):
            s.get(target)
            self.lines(s, 1 + "ab".index(target[1]))

    def test_gzip(self):
        s = self.sluice("""
            log_format f $uri;
            server { listen 127.0.0.1:%(port)d; access_log logs/access.log f gzip=9 flush=50ms; return 204; }""")
        for target in ("/a", "/b"):
            size = os.path.getsize(self.log(s))
            s.get(target)
            wait_for(lambda: os.path.getsize(self.log(s)) > size)
        with gzip.open(self.log(s)) as f:
            self.assertEqual(f.read(), b"/a\n/b\n")

    def test_reopening_writes_the_buffer_to_the_old_file(self):
        s = self.sluice("""
            log_format f $uri;
            server { listen 127.0.0.1:%(port)d; access_log logs/access.log f buffer=4k flush=10s; return 204; }""")
        s.get("/old")
        os.rename(self.log(s), self.log(s, "old.log"))
        s.signal("USR1")
        wait_for(lambda: os.path.exists(self.log(s)))
        self.assertEqual(self.lines(s, 1, "old.log"), ["/old"])
        s.wait_log("reopening logs")
        s.get("/new")
        s.stop("QUIT")
        self.assertEqual(self.lines(s, 1), ["/new"])

    def test_pipelined_requests_make_one_write(self):
        s = self.sluice("log_format f $uri; server { listen 127.0.0.1:%(port)d;"
                        " access_log logs/access.log f; return 204; }")
        with s.connect() as conn:
            conn.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % i for i in range(20)))
            for _ in range(20):
                conn.read_response()
        self.assertEqual(self.lines(s, 20), ["/%d" % i for i in range(20)])

    def test_two_workers_share_a_file(self):
        s = self.sluice("log_format f $uri; server { listen 127.0.0.1:%(port)d;"
                        " access_log logs/access.log f buffer=64; return 204; }", workers=2)
        wanted = sorted("/%s" % (str(i) * 10) for i in range(40))
        for target in wanted:
            s.get(target)
        s.stop("QUIT")
        self.assertEqual(sorted(self.lines(s, 40)), wanted)

    def test_a_full_disk_costs_lines_and_is_told_once(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        s = self.sluice("server { listen 127.0.0.1:%(port)d; access_log /dev/full; return 200 ok; }")
        self.allow_log(r"write\(\) \"/dev/full\" failed")
        for _ in range(5):
            self.assertEqual(s.get("/").text, "ok")
        s.wait_log("/dev/full")
        s.stop("QUIT")
        self.assertEqual(s.error_log.count("/dev/full"), 1, s.error_log)


PATHS = """
    log_format f $uri;
    %s
    server {
        listen 127.0.0.1:%%(port)d; root html;
        location / { access_log logs/$arg_name.log f; return 204; }
        location /gone/ { root %%(prefix)s/nowhere; access_log logs/$arg_name.log f; return 204; }
    }"""


def paths_tests(cache):
    class Paths(LogTest):
        def test_each_name_is_a_file(self):
            s = self.sluice(PATHS % cache)
            for name in "abacab":
                s.get("/%s?name=%s" % (name, name))
            self.assertEqual(self.lines(s, 3, "a.log"), ["/a"] * 3)
            self.assertEqual(self.lines(s, 2, "b.log"), ["/b"] * 2)
            self.assertEqual(self.lines(s, 1, "c.log"), ["/c"])

        def test_a_missing_root_makes_no_file(self):
            s = self.sluice(PATHS % cache)
            s.get("/gone/?name=x")
            s.get("/?name=y")
            self.lines(s, 1, "y.log")
            self.assertFalse(os.path.exists(self.log(s, "x.log")))

        def test_a_name_that_cannot_be_opened_costs_the_line_only(self):
            s = self.sluice(PATHS % cache)
            self.allow_log(r"none/x.log\" failed")
            self.assertEqual([s.get("/?name=none/x").status for _ in range(3)], [204] * 3)
            s.wait_log("none/x.log")
            self.assertEqual(s.error_log.count('none/x.log" failed'), 1)

        def test_reopening(self):
            s = self.sluice(PATHS % cache)
            s.get("/1?name=a")
            self.lines(s, 1, "a.log")
            os.rename(self.log(s, "a.log"), self.log(s, "old.log"))
            s.signal("USR1")
            wait_for(lambda: s.error_log.count("reopening logs") >= 2)
            s.get("/2?name=a")
            self.assertEqual(self.lines(s, 1, "a.log"), ["/2"])
            self.assertEqual(self.lines(s, 1, "old.log"), ["/1"])

    return Paths


class PathsWithoutCache(paths_tests("")):
    pass


class PathsWithCache(paths_tests("open_log_file_cache max=2 inactive=1s valid=1s min_uses=1;")):
    def test_files_stay_open(self):
        s = self.sluice(PATHS % "open_log_file_cache max=2;")
        for name in "abc":
            s.get("/?name=%s" % name)
        self.lines(s, 1, "c.log")
        folder = "/proc/%d/fd/" % s.workers()[0]
        links = [os.readlink(folder + fd) for fd in os.listdir(folder)]
        self.assertEqual(sorted(l[-5:] for l in links if l[-5:-3].startswith(("a.", "b.", "c."))), ["b.log", "c.log"])

    def test_a_file_moved_away_is_noticed(self):
        s = self.sluice(PATHS % "open_log_file_cache max=2 valid=1ms;")
        s.get("/1?name=a")
        self.lines(s, 1, "a.log")
        os.rename(self.log(s, "a.log"), self.log(s, "old.log"))
        time.sleep(0.01)
        s.get("/2?name=a")
        self.assertEqual(self.lines(s, 1, "a.log"), ["/2"])


class Syslog(SluiceTest):
    def test_lines_are_sent(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 0))
            server.settimeout(10)
            s = self.sluice("""
                log_format f '$uri "$http_user_agent"';
                server { listen 127.0.0.1:%(port)d; return 204;
                         access_log syslog:server=127.0.0.1:%(syslog)d,tag=proxy,severity=notice,nohostname f; }""",
                syslog=server.getsockname()[1])
            s.get("/x", headers={"User-Agent": "me"})
            self.assertRegex(server.recv(4096).decode(),
                             r'^<189>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d proxy: /x "me"$')


class Errors(SluiceTest):
    def refused(self, directives, expected):
        done = self.run_sluice("-t", "-c", "CONF", conf="events { } http { %s server { } }" % directives)
        self.assertNotEqual(done.returncode, 0, directives)
        self.assertIn(expected, done.stderr)

    def test_access_log(self):
        for directives, expected in (
                ("access_log a.log nosuch;", 'unknown log format "nosuch"'),
                ("access_log a.log combine;", 'did you mean "combined"?'),
                ("access_log off combined;", 'invalid parameter "combined"'),
                ("access_log a.log combined buffer=x;", 'invalid buffer size "x"'),
                ("access_log a.log combined flush=1s;", "no buffer is defined"),
                ("access_log a.log combined buffer=1k flush=x;", 'invalid flush time "x"'),
                ("access_log a.log combined gzip=10;", 'invalid compression level "10"'),
                ("access_log a.log combined what=1;", 'invalid parameter "what=1"'),
                ("access_log $host.log combined buffer=1k;", "buffered logs cannot have variables in name"),
                ("access_log a.log combined buffer=2k; access_log a.log combined buffer=1k;", "conflicting parameters"),
                ("access_log syslog:server=127.0.0.1 combined buffer=1k;", "cannot be buffered"),
                ("access_log a.log combined if=$nosuch;", 'unknown "nosuch" variable'),
                ("open_log_file_cache inactive=1s;", 'must have "max" parameter'),
                ("open_log_file_cache max=x;", "max=x")):
            with self.subTest(directives):
                self.refused(directives, expected)

    def test_log_format(self):
        for directives, expected in (
                ("log_format a x; log_format a y;", 'duplicate "log_format" name "a"'),
                ("log_format combined x;", 'duplicate "log_format" name "combined"'),
                ("log_format a escape=xml x;", 'unknown log format escaping "xml"'),
                ("log_format a escape=json;", "escape="),
                ("log_format a $nosuch;", 'unknown "nosuch" variable')):
            with self.subTest(directives):
                self.refused(directives, expected)


if __name__ == "__main__":
    main()
