#!/usr/bin/env python3
"""server_tokens: what the Server field and the error pages tell of the product."""

from harness import *


class ServerTokens(SluiceTest):
    def told(self, said, target="/none", fields=()):
        """(Server field, what stands at the foot of the error page)"""
        s = self.sluice("""server { listen 127.0.0.1:%%(port)d; root %%(prefix)s/html; %s
                                    location /up { proxy_pass http://127.0.0.1:%%(o)d; }
                                    location /go { return 301 /there; } }""" % said,
                        o=self.origin(lambda req: Response(200, {"Server": "origin/1"})))
        got = s.get(target, fields)
        foot = got.text.split("<hr><center>")
        s.stop()
        return got.headers.get("Server"), foot[1].split("</center>")[0] if len(foot) > 1 else None

    @unittest.skipIf(STAND_IN, "its own name")
    def test_version(self):
        for said in ("", "server_tokens on;", "server_tokens build;"):
            field, foot = self.told(said)
            self.assertRegex(field, r"\Asluice/\d+\.\d+\.\d+")
            self.assertEqual(foot, field)

    @unittest.skipIf(STAND_IN, "nginx's off still tells the name")
    def test_off_hides_everything(self):
        for said in ("server_tokens off;", 'server_tokens "";'):
            for target in ("/none", "/go", "/up"):
                self.assertEqual(self.told(said, target), (None, None), said + target)

    @unittest.skipIf(STAND_IN, "the commercial one only")
    def test_a_text_of_ones_own(self):
        self.assertEqual(self.told("server_tokens Acme/$http_x;", fields={"X": "<1>"}), ("Acme/<1>", "Acme/&lt;1&gt;"))
        self.assertEqual(self.told("server_tokens Acme/$http_x;", "/go", {"X": "2"}), ("Acme/2", "Acme/2"))
        self.assertEqual(self.told("server_tokens $http_x;"), (None, None))
        self.assertEqual(self.told("server_tokens Acme;", "/up")[0], "Acme")
        self.assertEqual(self.told("server_tokens Acme; proxy_pass_header Server;", "/up")[0], "origin/1")


if __name__ == "__main__":
    main()
