#!/usr/bin/env python3
"""userid: the cookie that tells clients apart, its variables, and a canary that sticks to a client."""
import time

from harness import *

COOKIE = "fwAAAWVkY2JhX1xbAwMDAg"  # without padding
SHOWN = "0100007F626364655B5C5F6102030303"


class UserId(SluiceTest):
    def serve(self, directives, text="$uid_got|$uid_set|$uid_reset"):
        return self.sluice("server { listen 127.0.0.1:%(port)d; location / { " + directives + " return 200 '" +
                           text + "'; } location = /off { userid off; return 200 '$uid_got|$uid_set'; } }")

    def ask(self, s, cookie=None):
        answer = s.get("/", [("Cookie", cookie)] if cookie else [])
        return answer.text, answer.headers.get("set-cookie")

    def test_a_new_client(self):
        s = self.serve("userid on;")
        before = int(time.time())
        text, cookie = self.ask(s)
        self.assertRegex(text, r"^\|uid=0100007F[0-9A-F]{16}02030303\|$")
        self.assertRegex(cookie, r"^uid=[A-Za-z0-9+/]{22}==; path=/$")
        words = bytes.fromhex(text[5:-1])
        self.assertAlmostEqual(int.from_bytes(words[4:8], "little"), before, delta=5)
        text, cookie = self.ask(s)
        self.assertRegex(text, "02040303")
        # Who sends it back is known.
        again, none = self.ask(s, cookie.split(";")[0])
        self.assertEqual((again, none), (text[1:-1] + "||", None))

    def test_a_known_client(self):
        s = self.serve("userid on;")
        for value in (COOKIE + "==", COOKIE, COOKIE + "xx", COOKIE + "==; a=b"):
            self.assertEqual(self.ask(s, "uid=" + value), ("uid=%s||" % SHOWN, None))
        self.assertEqual(self.ask(s, "a=b; UID=%s==" % COOKIE), ("uid=%s||" % SHOWN, None))
        self.assertEqual(s.get("/off", [("Cookie", "uid=" + COOKIE)]).text, "|")

    def test_junk(self):
        s = self.serve("userid on;")
        self.assertRegex(self.ask(s, "uid=junk")[1], "^uid=")
        s.wait_log('client sent too short userid cookie "uid=junk"')
        self.assertRegex(self.ask(s, "uid=" + "!" * 24)[1], "^uid=")
        s.wait_log('client sent invalid userid cookie "uid=!!!!')

    def test_log(self):
        s = self.serve("userid log;")
        self.assertEqual(self.ask(s), ("||", None))
        self.assertEqual(self.ask(s, "uid=" + COOKIE), ("uid=%s||" % SHOWN, None))

    def test_version_1(self):
        s = self.serve("userid v1; userid_service 7;")
        text, cookie = self.ask(s)
        self.assertRegex(text, r"^\|uid=00000007[0-9A-F]{16}00000001\|$")
        self.assertRegex(cookie, "^uid=BwAAA")

    def test_attributes(self):
        s = self.serve("userid on; userid_name x; userid_domain example.com; userid_path /p; userid_expires max; "
                       "userid_p3p 'a policy'; userid_flags secure httponly samesite=lax; userid_service 7;")
        answer = s.get("/")
        self.assertRegex(answer.headers["set-cookie"],
                         r"^x=AAAAB[\w+/]{17}==; expires=Thu, 31-Dec-37 23:55:55 GMT; domain=example.com; path=/p; "
                         r"secure; httponly; samesite=lax$")
        self.assertEqual(answer.headers["p3p"], "a policy")
        self.assertIn("|x=07000000", answer.text)

    def test_expires(self):
        s = self.serve("userid on; userid_expires 1h;")
        date = self.ask(s)[1].split("expires=")[1].split(";")[0]
        left = time.mktime(time.strptime(date, "%a, %d-%b-%y %H:%M:%S GMT")) - time.mktime(time.gmtime())
        self.assertAlmostEqual(left, 3600, delta=5)

    def test_mark(self):
        s = self.serve("userid on; userid_mark Z; userid_p3p p;")
        self.assertRegex(self.ask(s)[1], r"^uid=[\w+/]{22}Z=; path=/$")
        self.assertEqual(self.ask(s, "uid=" + COOKIE + "=="),
                         ("uid=%s|uid=%s|" % (SHOWN, SHOWN), "uid=" + COOKIE + "Z=; path=/"))
        self.assertEqual(self.ask(s, "uid=" + COOKIE + "Z="), ("uid=%s||" % SHOWN, None))

    def test_reset(self):
        s = self.sluice("""
            map $arg_r $uid_reset { default $arg_r; }
            server { listen 127.0.0.1:%(port)d; userid on; location / { return 200 '$uid_got|$uid_set|$uid'; } }""",
                        level="notice")
        ask = lambda query: s.get("/?r=" + query, [("Cookie", "uid=" + COOKIE)])
        self.assertEqual(ask("0").text, "uid=%s||%s" % (SHOWN, SHOWN))
        reset = ask("1")
        got, made, uid = reset.text.split("|")
        self.assertEqual(got, "uid=" + SHOWN)
        self.assertEqual(made, "uid=" + uid)
        self.assertIn("set-cookie", reset.headers)
        ask("log")
        s.wait_log('userid cookie "uid=%s" was reset' % SHOWN)

    def test_on_every_answer_that_is_the_clients(self):
        origin = self.origin(lambda req: Response(200, {"Set-Cookie": "theirs=1"}, body=b"x"))
        s = self.sluice("""
            server {
                listen 127.0.0.1:%(port)d; userid on; error_page 404 /page;
                location / { proxy_pass http://127.0.0.1:%(origin)d; }
                location /none { return 404; }
                location /page { return 200 page; }
            }""", origin=origin)
        cookies = s.get("/").headers.all("set-cookie")
        self.assertEqual((len(cookies), cookies[0]), (2, "theirs=1"))
        self.assertEqual(len(s.get("/none").headers.all("set-cookie")), 1)

    def test_a_variable_of_that_name_may_be_declared(self):
        s = self.sluice("map $arg_x $uid { default mapped-$arg_x; } "
                        "server { listen 127.0.0.1:%(port)d; userid on; location / { return 200 $uid; } }")
        self.assertEqual(s.get("/?x=1").text, "mapped-1")

    def test_a_canary_that_sticks_from_the_first_request(self):
        origins = [self.origin(lambda req, name=name: Response(200, body=name)) for name in (b"old", b"new")]
        s = self.sluice("""
            split_clients $uid $to { 50% 127.0.0.1:%(new)d; * 127.0.0.1:%(old)d; }
            server { listen 127.0.0.1:%(port)d; userid on; location / { proxy_pass http://$to; } }""",
                        old=origins[0], new=origins[1])
        seen = set()
        for _ in range(40):
            first = s.get("/")
            cookie = first.headers["set-cookie"].split(";")[0]
            again = s.get("/", [("Cookie", cookie)])
            self.assertNotIn("set-cookie", again.headers)
            self.assertEqual(again.text, first.text)
            seen.add(first.text)
        self.assertEqual(seen, {"old", "new"})


if __name__ == "__main__":
    main()
