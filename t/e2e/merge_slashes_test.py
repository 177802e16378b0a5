#!/usr/bin/env python3
"""merge_slashes: what several slashes are to locations.

Everything here was seen to hold for nginx, too: SLUICE_BINARY=/usr/sbin/nginx."""
from harness import *

TARGETS = ("/a/b", "//a/b", "/a//b", "///a", "/q//x", "/a/..//b")


class MergeSlashes(SluiceTest):
    def found(self, setting):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; " + setting + """ location /a/b { return 200 "ab $uri"; } location //a { return 200 "double $uri"; }
            location ~ //x$ { return 200 "regex $uri"; } location / { return 200 "root $uri"; } }""")
        return [s.get(target).text for target in TARGETS]

    def test_on(self):
        for setting in ("", "merge_slashes on;"):
            self.assertEqual(self.found(setting), ["ab /a/b", "ab /a/b", "ab /a/b", "root /a", "root /q/x", "root /b"])

    def test_off(self):
        self.assertEqual(self.found("merge_slashes off;"), ["ab /a/b", "double //a/b", "root /a//b", "root ///a", "regex /q//x", "root //b"])


if __name__ == "__main__":
    main()
