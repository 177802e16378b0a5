#!/usr/bin/env python3
"""early_hints: when an origin's 103 reaches the client."""
from harness import *


@unittest.skipIf(STAND_IN, "nginx knows it since 1.29")
class EarlyHints(SluiceTest):
    def test_conditions(self):
        def hint(req):
            req.conn.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")
            return Response(200, body=b"ok")
        origin = self.origin(hint)
        s = self.sluice("""server { listen 127.0.0.1:%(port)d;
            location / { proxy_pass http://127.0.0.1:%(o)d; }
            location /if/ { early_hints $http_x_want $http_x_really; proxy_pass http://127.0.0.1:%(o)d;
                            location /if/always { early_hints 1; proxy_pass http://127.0.0.1:%(o)d; } } }""", o=origin)
        for path, fields, wanted in (("/", {}, [103, 102]), ("/if/", {}, [102]), ("/if/", {"X-Want": "0"}, [102]),
                                     ("/if/", {"X-Want": "navigate"}, [103, 102]), ("/if/", {"X-Really": "1", "X-Want": "0"}, [103, 102]),
                                     ("/if/always", {}, [103, 102])):
            got = s.get(path, fields)
            self.assertEqual((got.status, got.body, [i.status for i in got.interim]), (200, b"ok", wanted), (path, fields))
        self.assertEqual(got.interim[0].headers["Link"], "</a.css>; rel=preload")


if __name__ == "__main__":
    main()
