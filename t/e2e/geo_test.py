#!/usr/bin/env python3
"""geo: networks and ranges of either family, whose address counts, and what counts when there is none."""
from harness import *


class Geo(SluiceTest):
    def shown(self, block, *addresses):
        """What the variable is for each address, given as an argument."""
        s = self.sluice("geo $arg_a $g {" + block + """}
            server { listen 127.0.0.1:%(port)d; location / { return 200 '[$g]'; } }""")
        return [s.get("/?a=" + address).text[1:-1] for address in addresses]

    def test_the_narrowest_network(self):
        self.assertEqual(
            self.shown("10.0.0.0/8 a; 10.1.2.3 c; 10.1.0.0/16 'b b'; 2001:db8::/32 v6; ::1 one;",
                       "10.2.3.4", "10.1.9.9", "10.1.2.3", "2001:db8::5", "::1", "::ffff:10.1.2.3", "11.1.1.1"),
            ["a", "b b", "c", "v6", "one", "c", ""])

    def test_default(self):
        self.assertEqual(self.shown("default d; 10.0.0.0/8 $uri;", "10.0.0.1", "11.0.0.1", "::1"), ["$uri", "d", "d"])
        self.assertEqual(self.shown("0.0.0.0/0 four; ::/0 six;", "11.0.0.1", "::1"), ["four", "six"])

    def test_what_is_no_address(self):
        block = "default d; 255.255.255.255 bad;"
        self.assertEqual(self.shown(block, "junk", "", "10.0.0.1:80", "[::1]", "unix:", "10.0.0.1"),
                         ["bad"] * 5 + ["d"])

    def test_delete(self):
        self.assertEqual(
            self.shown("10.0.0.0/8 a; 10.1.0.0/16 b; delete 10.1.0.0/16; 10.1.0.0/24 c;", "10.1.0.1", "10.1.1.1"),
            ["c", "a"])
        self.assertEqual(self.shown("ranges; default d; 10.0.0.1-10.0.0.9 a; delete 10.0.0.1-10.0.0.9;", "10.0.0.1"),
                         ["d"])

    def test_ranges(self):
        self.assertEqual(
            self.shown("ranges; default d; 10.0.0.1-10.0.0.9 a; 10.0.0.3-10.0.0.5 b; 10.0.0.20-10.0.0.20 c;",
                       "10.0.0.0", "10.0.0.1", "10.0.0.3", "10.0.0.5", "10.0.0.6", "10.0.0.9", "10.0.0.10", "10.0.0.20",
                       "::1"),
            ["d", "a", "b", "b", "a", "a", "d", "c", "d"])

    def test_include(self):
        s = self.sluice("""
            geo $arg_a $g { default d; include %(prefix)s/some.geo; 10.0.0.3 c; }
            server { listen 127.0.0.1:%(port)d; location / { return 200 $g; } }""", start=False)
        s.write_file("some.geo", "10.0.0.1 a;\n10.0.0.2 b;\n")
        s.start()
        self.assertEqual([s.get("/?a=10.0.0.%d" % i).text for i in (1, 2, 3, 4)], ["a", "b", "c", "d"])

    def test_found_once_unless_volatile(self):
        s = self.sluice("""
            geo $arg_a $kept { 10.0.0.1 one; 10.0.0.2 two; }
            geo $arg_a $fresh { volatile; 10.0.0.1 one; 10.0.0.2 two; }
            server {
                listen 127.0.0.1:%(port)d;
                location / { try_files /none-$kept-$fresh /page?a=10.0.0.2; }
                location = /page { return 200 "$kept $fresh"; }
            }""")
        self.assertEqual(s.get("/?a=10.0.0.1").text, "one two")

    def test_the_client(self):
        s = self.sluice("""
            geo $g { default d; 127.0.0.2 two; 127.0.0.0/8 local; ::1 six; 255.255.255.255 none; }
            server {
                listen 127.0.0.1:%(port)d; listen [::1]:%(port)d; listen unix:%(prefix)s/socket;
                location / { return 200 $g; }
            }""")
        self.assertEqual(s.get("/").text, "local")
        for options, expected in [({"source": "127.0.0.2"}, "two"), ({"unix": s.path("socket")}, "none")]:
            conn = s.connect(**options)
            conn.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(conn.read_response().text, expected)
            conn.close()

    def forwarded(self, block, *lists):
        s = self.sluice("geo $g {" + block + """}
            server { listen 127.0.0.1:%(port)d; location / { return 200 $g; } }""")
        return [s.get("/", [("X-Forwarded-For", line) for line in lines]).text for lines in lists]

    def test_proxy(self):
        self.assertEqual(
            self.forwarded("default d; proxy 127.0.0.0/8; 10.0.0.0/8 ten; 127.0.0.1 me; 11.0.0.0/8 eleven;",
                           [], ["10.1.1.1"], ["10.1.1.1, 11.1.1.1"], ["11.1.1.1", "10.1.1.1"], ["11.1.1.1, 127.0.0.2"],
                           ["junk"], ["10.1.1.1:80"], ["[::1]:80"]),
            ["me", "ten", "eleven", "ten", "d", "me", "ten", "d"])

    def test_proxy_recursive(self):
        self.assertEqual(
            self.forwarded("default d; proxy 127.0.0.0/8; proxy_recursive; 10.0.0.0/8 ten; 127.0.0.1 me; "
                           "127.0.0.2 two;",
                           [], ["10.1.1.1"], ["10.1.1.1, 127.0.0.2"], ["10.1.1.1", "127.0.0.2"], ["junk, 127.0.0.2"]),
            ["me", "ten", "ten", "ten", "two"])

    def test_a_client_that_is_not_trusted_says_nothing(self):
        self.assertEqual(self.forwarded("proxy 192.0.2.0/24; 10.0.0.0/8 ten; 127.0.0.1 me;", ["10.1.1.1"]), ["me"])


if __name__ == "__main__":
    main()
