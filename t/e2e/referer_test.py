#!/usr/bin/env python3
"""valid_referers and $invalid_referer.

Everything here was seen to hold for nginx, too: SLUICE_BINARY=/usr/sbin/nginx."""
from harness import *


class Referer(SluiceTest):
    def invalid(self, s, target, referers):
        return [s.get(target, {} if r is None else {"Referer": r}).text for r in referers]

    def test_kinds(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; server_name srv.test *.wild.test ~^re\\d\\.test$;
            location /nobody { return 200 "$invalid_referer"; }
            location /none { valid_referers none x.test; return 200 "$invalid_referer"; location /none/inherited { return 200 "$invalid_referer"; } }
            location /blocked { valid_referers blocked x.test; return 200 "$invalid_referer"; }
            location /server { valid_referers server_names; return 200 "$invalid_referer"; }
            location /names { valid_referers a.test b.test/img *.c.test d.*; valid_referers .f.test; return 200 "$invalid_referer"; }
            location /regex { valid_referers ~\\.GOO\\. ~/end$; return 200 "$invalid_referer"; }
            location /if { valid_referers a.test; if ($invalid_referer) { return 403; } return 200 ok; } }""")
        self.assertEqual(self.invalid(s, "/nobody", (None, "-", "http://a.test/")), ["", "", ""])
        self.assertEqual(self.invalid(s, "/none", (None, "-", "http://a.test/", "http://x.test/")), ["", "1", "1", ""])
        self.assertEqual(self.invalid(s, "/none/inherited", (None, "-")), ["", "1"])
        self.assertEqual(self.invalid(s, "/blocked", (None, "-", "ftp://a.test/", "x.test", "http://a.test/", "http://x.test/")), ["1", "", "", "", "1", ""])
        self.assertEqual(self.invalid(s, "/server", ("http://srv.test/x", "http://a.wild.test", "https://re9.test/", "http://re.test/", "http://wild.test/")),
                         ["", "", "", "1", "1"])
        for referer, expected in (
                ("http://a.test", ""), ("https://A.TEST:8080/x", ""), ("HTTP://a.test/x", ""), ("http://user@a.test/", "1"), ("http://a.test?x", "1"),
                ("http://b.test/img/x", ""), ("http://b.test:80/img", ""), ("http://b.test/im", "1"), ("http://b.test/IMG/", "1"), ("http://b.test", "1"),
                ("http://x.c.test/", ""), ("http://c.test/", "1"), ("http://d.x.yz/", ""), ("http://f.test/", ""), ("http://z.f.test/", ""),
                ("http://" + "a" * 300 + ".test/", "1")):
            self.assertEqual(self.invalid(s, "/names", (referer,)), [expected], referer)
        self.assertEqual(self.invalid(s, "/regex", ("http://q.goo.test/", "http://q.test/x/end", "http://q.test/")), ["", "", "1"])
        self.assertEqual([s.get("/if", {"Referer": r}).status for r in ("http://a.test/", "http://b.test/")], [200, 403])

    @unittest.skipIf("nginx" in BINARY, "nginx refuses it")
    def test_several_paths_of_a_name(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; location / { valid_referers a.test/1 a.test/3; return 200 "$invalid_referer"; } }""")
        self.assertEqual(self.invalid(s, "/", ["http://a.test/%d/" % n for n in (1, 2, 3)]), ["", "1", ""])


if __name__ == "__main__":
    main()
