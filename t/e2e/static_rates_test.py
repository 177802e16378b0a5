#!/usr/bin/env python3
"""limit_rate for files, however they are read: by number, by variables, by a filter's way and by threads."""
import threading
import time

from harness import *


class Rates(SluiceTest):
    def test_every_way(self):
        s = self.sluice("""default_type text/html;
            map $arg_who $rate { slow 50k; fast 100m; }
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                location /number/ { alias %(prefix)s/html/; limit_rate 50k; }
                location /variable/ { alias %(prefix)s/html/; limit_rate $rate; }
                location /set/ { alias %(prefix)s/html/; set $limit_rate 50k; }
                location /after/ { alias %(prefix)s/html/; limit_rate 4k; limit_rate_after $arg_after; }
                location /threads/ { alias %(prefix)s/html/; aio threads; limit_rate 50k; }
                location /words/ { alias %(prefix)s/html/; sub_filter none nothing; limit_rate 50k; }
                location /if/ { alias %(prefix)s/html/; if ($arg_who = slow) { limit_rate 50k; charset koi8-r; } }
            }""")
        s.write_file("html/f", os.urandom(100_000))
        paths = (("/number/f", True), ("/variable/f?who=slow", True), ("/variable/f?who=fast", False), ("/variable/f", False),
                 ("/set/f", True), ("/after/f?after=100k", False), ("/after/f?after=90k", True), ("/threads/f", True), ("/words/f", True),
                 ("/if/f?who=slow", True), ("/if/f", False))
        seconds = {}

        def ask(path):
            begun = time.monotonic()
            got = s.get(path)
            seconds[path] = time.monotonic() - begun
            self.assertEqual(len(got.body), 100_000)
            self.assertEqual("koi8" in got.headers["Content-Type"], path == "/if/f?who=slow")
        askers = [threading.Thread(target=ask, args=[path]) for path, _ in paths]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        for path, slow in paths:
            self.assertEqual(seconds[path] > 0.8, slow, (path, seconds[path]))


if __name__ == "__main__":
    main()
