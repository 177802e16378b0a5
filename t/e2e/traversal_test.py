#!/usr/bin/env python3
"""No request leaves its root: every way to write "the folder above" against every way to give a location its files.

What lies inside is named so, and everything outside says SECRET: whatever an attack gets, it must not hold that word.
"""
import threading

from harness import *

# Ways to write the two dots, and the slash behind or before them.
DOTS = ("..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "%25252e%25252e", "%c0%ae%c0%ae", "%c0%2e%c0%2e", "%e0%80%ae%e0%80%ae",
        "%f0%80%80%ae%f0%80%80%ae", "%fc%80%80%80%80%ae.", "%uff0e%uff0e", "%u002e%u002e", "%ef%bc%8e%ef%bc%8e",
        "\uff0e\uff0e", "\u2024\u2024", "\u2025", "...", "....", ".. ", "..%20", "..;", "..;x=y", "..%00", "%00..", ".%00.", "..%09",
        "..%0a", "..%0d", "..%3f", "..%23", "..?", "..#", "..\\", "..%5c", "..%255c", "..%c1%9c", "..\\..", "%2e%2e%5c", "..%ff")
SLASHES = ("/", "%2f", "%2F", "%252f", "//", "///", "/./", "%c0%af", "%e0%80%af", "%ef%bc%8f", "%u2215", "\\", "%5c", "/%00/", ";/",
           "/%2e/", "/x/../")
# Where an attack begins: a location's name without its slash is the trap of alias.
STARTS = ("", "/", "/top", "/top/", "/top/sub/", "/alias", "/alias/", "/bare", "/bare/", "/file", "/file/", "/dot", "/regex", "/regex/",
          "/named", "/named/", "/try", "/try/", "/tryalias", "/tryalias/", "/index/", "/list", "/list/", "/var/", "/exact/", "/cached/",
          "/links/", "/zip/", "/sub", "/Alias/", "/bare%2f", "/al%69as/", "/bare;", "/x/../bare", "/bare/.", "/bare/sub/..")
TARGETS = ("secret", "secret.txt", "out/secret", "html/pub-secret/secret", "pub-secret/secret", "html/secret")

CONF = r"""
    server { listen 127.0.0.1:%(port)d; root %(prefix)s/html/pub; default_type text/plain;
        location /top/ { root %(prefix)s/html/pub; }
        location /alias/ { alias %(prefix)s/html/pub/; }
        location /bare { alias %(prefix)s/html/pub/; autoindex on; }
        location /file { alias %(prefix)s/html/pub; autoindex on; }
        location /dot { alias %(prefix)s/html/pub/.; }
        location ~ ^/regex(.*)$ { alias %(prefix)s/html/pub/$1; autoindex on; }
        location ~ ^/named(?<rest>.*)$ { alias %(prefix)s/html/pub/$rest; }
        location /try { try_files $uri $uri/ $uri.txt =404; }
        location /tryalias { alias %(prefix)s/html/pub/; try_files $uri $uri/ $uri.txt =404; }
        location /index/ { alias %(prefix)s/html/pub/; index ../index.html nothing.html; }
        location /list { alias %(prefix)s/html/pub/; autoindex on; autoindex_format json; }
        location /var/ { root %(prefix)s/html/$var_root; set $var_root pub; rewrite ^/var/(.*)$ /$1 break; }
        location = /exact/ { alias %(prefix)s/html/pub/inside; }
        location /cached/ { alias %(prefix)s/html/pub/; open_file_cache max=1000; open_file_cache_errors on; }
        location /links/ { alias %(prefix)s/html/pub/; disable_symlinks on from=%(prefix)s; autoindex on; }
        location /zip/ { alias %(prefix)s/html/pub/; gzip_static always; }
    }"""


class Traversal(SluiceTest):
    def site(self, conf=CONF):
        s = self.sluice(conf)
        for name in ("html/pub/inside", "html/pub/sub/inside", "html/pub/index.html"):
            s.write_file(name, "inside")
        for name in ("secret", "secret.txt", "out/secret", "html/secret", "html/secret.txt", "html/secret.gz", "html/index.html",
                     "html/pub-secret/secret", "html/.secret"):
            s.write_file(name, "SECRET")
        os.symlink("../secret", s.path("html/pub/link"))
        os.symlink("../pub-secret", s.path("html/pub/linked"))
        os.symlink("/proc/self", s.path("html/pub/proc"))
        return s

    def attack(self, s, c, target, seen):
        """Sends it as it is over a kept connection; a new one when it was closed."""
        raw = target.encode() if isinstance(target, str) else target
        if raw in seen or b"\n" in raw:
            return c
        seen.add(raw)
        c.send(b"GET " + raw + b" HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n")
        got = c.read_response()
        self.assertIn(got.status, (200, 206, 301, 400, 403, 404), raw)
        if got.status in (200, 301):
            self.assertNotIn(b"SECRET", got.body, raw)
            self.assertNotIn(b"secret", got.body, raw)  # nor the list of a folder outside
        return self.kept(s, c, got)

    def kept(self, s, c, got):
        if got.headers.get("Connection", "") != "close":
            return c
        c.close()
        return s.connect()

    def attacks(self):
        for start in STARTS:
            for dots in DOTS:
                for target in TARGETS[:2]:
                    yield start + dots + "/" + target
                    yield start + "/" + dots + "/" + dots + "/" + target
                yield start + dots
                yield start + dots + "/"
            for slash in SLASHES:
                for dots in ("..", "%2e%2e"):
                    for target in TARGETS:
                        yield start + dots + slash + target
                        yield start + slash + dots + slash + dots + slash + target
                        yield start + "/sub" + slash + dots + slash + dots + slash + target
                        yield start + "/" + slash.join([dots] * 12) + slash + "etc/passwd"

    @unittest.skipIf(STAND_IN, "it falls for some")
    def test_every_way_up(self):
        # The rewritten location is tried where `set` and `rewrite` are there.
        conf = "\n".join(line for line in CONF.split("\n") if "rewrite " not in line)
        s = self.site(conf)
        c = s.connect()
        seen = set()
        for target in self.attacks():
            c = self.attack(s, c, target, seen)
        c.close()
        self.assertGreater(len(seen), 5000)
        self.assertEqual([s.get(p).text for p in ("/inside", "/alias/inside", "/bareinside", "/top/../inside", "/regex/inside",
                                                  "/tryaliasinside", "/cached/sub/../inside")], ["inside"] * 7)

    def test_forms_of_the_target(self):
        s = self.site("server { listen 127.0.0.1:%(port)d; root %(prefix)s/html/pub; autoindex on; }")
        c = s.connect()
        for target in ("http://localhost/../secret", "http://localhost/%2e%2e/secret", "http://localhost/..%2fsecret",
                       "http://localhost/sub/../../secret", "http://../secret", "http://localhost/../../etc/passwd",
                       "/sub/../../secret?x=/inside", "/../secret?/../inside", "/sub/..%2f..%2fsecret#/inside", "/..//secret",
                       "/sub//..//..//secret", "//../secret", "//..//secret", "///../secret", "/./../secret", "/sub/./../../secret",
                       "/inside/../../secret", "/inside%00.txt", "/%00/../secret", "/sub%2f..%2f..%2fsecret", "/..", "/../", "/sub/../..",
                       "/%2e%2e", "/.%2e/", "/%3f/../../secret", "/%23/../../secret", "/" + "../" * 2000 + "secret",
                       "/" + "a/../" * 1300 + "../secret"):
            c = self.attack(s, c, target, set())
        c.close()
        for target in ("../secret", "secret", "..", "*/../secret", "file:///etc/passwd", "\\..\\secret", "%2e%2e/secret", "?/../secret"):
            c = s.connect()
            c.send("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % target)
            got = c.read_response()
            self.assertNotIn(b"SECRET", got.body, target)
            c.close()
        # What only looks like one is a name like others.
        for name in ("..inside", "inside..", "...", "a..b", ".%2e.%2einside"):
            s.write_file("html/pub/" + name.replace("%2e", "."), "inside")
            self.assertEqual(s.get("/" + name).text, "inside", name)

    def test_links_and_special_files(self):
        s = self.site("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html/pub; autoindex on; disable_symlinks on from=%(prefix)s;
            location /cached/ { alias %(prefix)s/html/pub/; open_file_cache max=100; open_file_cache_errors on; }
            location /try/ { alias %(prefix)s/html/pub/; try_files $uri $uri/ =404; }
            location /zip/ { alias %(prefix)s/html/pub/; gzip_static always; } }""")
        os.symlink("../secret.gz", s.path("html/pub/packed.gz"))
        os.symlink("../index.html", s.path("html/pub/sub/index.html"))
        os.mkfifo(s.path("html/pub/pipe"))
        for start in ("/", "/cached/", "/try/", "/zip/"):
            for path in ("link", "linked", "linked/", "linked/secret", "proc", "proc/", "proc/environ", "proc/cwd/", "proc/root/etc/passwd",
                         "proc/fd/0", "proc/self/root/", "packed", "sub/", "pipe", "pipe/", "link/", "inside/", "sub/index.html"):
                for _ in range(2):
                    got = s.get(start + path)
                    self.assertIn(got.status, (301, 403, 404), start + path)
                    self.assertNotIn(b"SECRET", got.body)
        if STAND_IN:
            self.allow_log("")

    def test_a_link_that_changes_while_it_is_looked_at(self):
        s = self.site("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html/pub; disable_symlinks on from=%(prefix)s;
                                  location /same/ { alias %(prefix)s/html/pub/; disable_symlinks if_not_owner from=%(prefix)s; } }""")
        own = os.geteuid() == 0
        target = s.path("html/pub-secret")
        if own:
            os.chown(target, 12345, 12345)
        paths = ["/flip/secret", "/same/flip/secret"] if own else ["/flip/secret"]
        os.makedirs(s.path("html/pub/good"))
        s.write_file("html/pub/good/secret", "inside")
        flip = s.path("html/pub/flip")
        stop = threading.Event()

        def turn():
            while not stop.is_set():
                os.symlink(target, flip + ".new")
                os.rename(flip + ".new", flip)
                os.unlink(flip)
                os.rename(s.path("html/pub/good"), flip)
                os.rename(flip, s.path("html/pub/good"))
        turner = threading.Thread(target=turn)
        turner.start()
        try:
            c = s.connect()
            for i in range(2000):
                path = paths[i % len(paths)]
                c.request("GET", path, headers={"Host": "h"})
                got = c.read_response()
                self.assertIn(got.status, (200, 403, 404), path)
                self.assertNotIn(b"SECRET", got.body)
                c = self.kept(s, c, got)
            c.close()
        finally:
            stop.set()
            turner.join()

    def test_case_and_unicode(self):
        s = self.site("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                                  location /pub-secret { return 403; } location ~ /\\. { return 403; } location ~* \\.TXT$ { return 403; } }""")
        for path in ("/pub-secret/secret", "//pub-secret/secret", "/./pub-secret/secret", "/pub/../pub-secret/secret", "/%70ub-secret/secret",
                     "/pub-secre%74/secret", "/pub-secret%2fsecret", "/pub%2f..%2fpub-secret/secret", "/x/..//pub-secret/secret",
                     "/.secret", "/%2esecret", "/pub/..%2f.secret", "//.secret", "/x%2f../.secret", "/secret.txt", "/secret.tx%74",
                     "/pub/../secret.txt", "/secret%2etxt", "/secret.txt%00", "/secret.txt%20", "/secret.txt/", "/secret.txt/.",
                     "/secret.txt//", "/secret.txt;x", "/PUB-SECRET/secret", "/pub-secret%c2%ad/secret", "/pub\u2010secret/secret",
                     "/pub-\u017fecret/secret", "/pub-secret./secret", "/pub-secret /secret"):
            raw = path.replace(" ", "%20").encode()
            c = s.connect()
            c.send(b"GET " + raw + b" HTTP/1.1\r\nHost: h\r\n\r\n")
            got = c.read_response()
            self.assertIn(got.status, (400, 403, 404), path)
            c.close()


if __name__ == "__main__":
    main()
