#!/usr/bin/env python3
"""secure_link, secure_link_md5 and secure_link_secret.

Everything here was seen to hold for nginx, too: SLUICE_BINARY=/usr/sbin/nginx."""
import base64
import hashlib
import time

from harness import *


def base64url(text):
    return base64.urlsafe_b64encode(hashlib.md5(text.encode()).digest()).decode().rstrip("=")


def hexadecimal(text):
    return hashlib.md5(text.encode()).hexdigest()


class SecureLink(SluiceTest):
    def check(self, s, rows):
        for target, expected in rows:
            self.assertEqual(s.get(target).text, expected, target)

    def test_hash(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d;
            location /ends/ { secure_link $arg_md5,$arg_e; secure_link_md5 "$secure_link_expires$uri secret"; return 200 "[$secure_link][$secure_link_expires]"; }
            location /lasts/ { secure_link $arg_md5; secure_link_md5 "$uri secret"; return 200 "[$secure_link][$secure_link_expires]"; }
            location /half/ { secure_link $arg_md5; return 200 "[$secure_link]"; }
            location /other/half/ { secure_link_md5 "$uri"; return 200 "[$secure_link]"; }
            location / { return 200 "[$secure_link][$secure_link_expires]"; } }""")
        future = str(int(time.time()) + 1000)
        plain = base64url("/lasts/x secret")
        def ends(e, expected):
            return "/ends/x?md5=%s&e=%s" % (base64url(e + "/ends/x secret"), e), expected
        self.check(s, (
            ends(future, "[1][%s]" % future), ends("1000", "[0][1000]"), ends("0", "[][]"), ends("-5", "[][]"), ends("abc", "[][]"),
            ends("99999999999999999999", "[][]"), ("/ends/x?md5=%s" % base64url("/ends/x secret"), "[][]"),
            ("/ends/x?md5=bad&e=" + future, "[][%s]" % future),
            ("/lasts/x?md5=" + plain, "[1][]"), ("/lasts/x?md5=%s==" % plain, "[1][]"), ("/lasts/y?md5=" + plain, "[][]"),
            ("/lasts/x?md5=%sA" % plain, "[][]"), ("/lasts/x?md5=" + plain[:-1], "[][]"), ("/lasts/x?md5=", "[][]"), ("/lasts/x", "[][]"),
            ("/lasts/x?md5=%s,55" % plain, "[0][55]"), ("/half/x?md5=x", "[]"), ("/other/half/x", "[]"), ("/", "[][]")))
        for n in range(100):  # hashes with - and _
            self.assertEqual(s.get("/lasts/%d?md5=%s" % (n, base64url("/lasts/%d secret" % n))).text, "[1][]", n)

    def test_secret(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; location /p/ { secure_link_secret foo; if ($secure_link = "") { return 403; } return 200 "$secure_link"; } }""")
        self.check(s, (("/p/%s/link" % hexadecimal("linkfoo"), "link"), ("/p/%s/a/link" % hexadecimal("a/linkfoo"), "a/link"),
                       ("/p/%s/link" % hexadecimal("linkfoo").upper(), "link"), ("/p/%s/li%%20nk" % hexadecimal("li%20nkfoo"), "li%20nk"),
                       ("/p/%s/link?a" % hexadecimal("link?afoo"), "link?a")))
        for target in ("link2", "", "li%6ek"):
            self.assertEqual(s.get("/p/%s/%s" % (hexadecimal("linkfoo"), target)).status, 403, target)
        self.assertEqual([s.get(t).status for t in ("/p/%s/" % hexadecimal("foo"), "/p/%s" % hexadecimal("foo"), "/p/abc/link", "/p//link")], [403] * 4)

    def test_the_inner_kind_counts(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; secure_link $arg_md5; secure_link_md5 "$uri secret";
            location / { return 200 "[$secure_link]"; } location /p/ { secure_link_secret foo; return 200 "[$secure_link]"; } }""")
        self.check(s, (("/x?md5=" + base64url("/x secret"), "[1]"), ("/p/%s/link" % hexadecimal("linkfoo"), "[link]")))

    def test_internal_redirect(self):
        """As people use it: the link itself is served from a place that nobody else reaches."""
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; location /p/ { secure_link_secret foo; if ($secure_link = "") { return 403; } rewrite ^ /files/$secure_link; }
            location /files/ { internal; root %(prefix)s/html; } }""", start=False)
        s.write_file("html/files/f", "the file")
        s.start()
        self.assertEqual(s.get("/p/%s/f" % hexadecimal("ffoo")).text, "the file")
        self.assertEqual(s.get("/files/f").status, 404)


if __name__ == "__main__":
    main()
