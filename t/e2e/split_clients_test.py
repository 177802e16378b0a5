#!/usr/bin/env python3
"""split_clients: shares of a hash, cut as nginx cuts them."""
from harness import *


class SplitClients(SluiceTest):
    def split(self, source, block, *targets):
        s = self.sluice("split_clients " + source + " $v {" + block + """}
            server { listen 127.0.0.1:%(port)d; location / { return 200 '[$v]'; } }""")
        return [s.get(target).text[1:-1] for target in targets]

    def test_as_nginx_splits(self):
        # What nginx 1.22 answers for these arguments.
        got = self.split("'$arg_a-salt'", "0.5% half; 33.33% third; 20% 'a fifth'; * rest;",
                         *["/?a=%d" % i for i in range(60)])
        letters = "".join({"half": "h", "third": "t", "a fifth": "f", "rest": "r"}[one] for one in got)
        self.assertEqual(letters, "frrftrttfrrtftrrffrrtrftrrtrtrtfftrrtftrftttrrrtfttrftrrftff")

    def test_without_a_rest(self):
        self.assertEqual(self.split("$arg_a", "50% $uri; 20.5% b;", "/?a=0", "/?a=3", "/?a=7", "/"),
                         ["$uri", "b", "", "$uri"])

    def test_all(self):
        self.assertEqual(self.split("$arg_a", "100% a; * b;", "/?a=1"), ["a"])
        self.assertEqual(self.split("$arg_a", "* a;", "/?a=1"), ["a"])


if __name__ == "__main__":
    main()
