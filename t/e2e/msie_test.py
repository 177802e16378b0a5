#!/usr/bin/env python3
"""msie_padding and msie_refresh: what some browsers need to show an error page, or to follow a redirect."""
from harness import *

EXPLORER = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1)"
CHROME = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) Chrome/100.0"
OPERA = "Mozilla/4.0 (compatible; MSIE 6.0) Opera 8.5"
OTHER = "curl/8"


class Msie(SluiceTest):
    def test_padding(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d;
            location / { return 404; }
            location /off { msie_padding off; return 404; }
            location /text { return 404 text; }
            location /moved { return 301 /; }
            location /page { error_page 503 /page.html; return 503; }
            location = /page.html { return 200 page; } }""")
        plain = s.get("/", headers={"User-Agent": OTHER}).body
        for agent, padded in ((EXPLORER, True), (CHROME, True), (OPERA, False), (OTHER, False)):
            got = s.get("/", headers={"User-Agent": agent})
            self.assertEqual(len(got.body) - len(plain), 6 * 67 if padded else 0, agent)
            self.assertTrue(got.body.startswith(plain))
            self.assertGreaterEqual(len(got.body), 512 if padded else 0)
        self.assertEqual(s.get("/off", headers={"User-Agent": CHROME}).body, plain)
        self.assertEqual(s.get("/text", headers={"User-Agent": CHROME}).text, "text")
        self.assertNotIn("padding", s.get("/moved", headers={"User-Agent": CHROME}).text)
        self.assertEqual(s.get("/page", headers={"User-Agent": CHROME}).text, "page")
        head = s.request("HEAD", "/", headers={"User-Agent": CHROME})
        self.assertEqual(head.headers["Content-Length"], str(len(plain) + 6 * 67))

    def test_refresh(self):
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; msie_refresh on;
            location /301 { return 301 /x; }
            location /302 { return 302 'http://a.b/?c=d&e="f<>"'; }
            location /307 { return 307 /x; }
            location /off { msie_refresh off; return 301 /x; } }""")
        for path, agent, status, url in (("/301", EXPLORER, 200, "/x"), ("/302", EXPLORER, 200, "http://a.b/?c=d&e=%22f%3C%3E%22"),
                                         ("/307", EXPLORER, 307, None), ("/off", EXPLORER, 301, None), ("/301", CHROME, 301, None),
                                         ("/301", OPERA, 301, None), ("/301", OTHER, 301, None)):
            got = s.get(path, headers={"User-Agent": agent})
            self.assertEqual((got.status, "Location" in got.headers), (status, url is None), (path, agent))
            if url:
                self.assertEqual(got.text, '<html><head><meta http-equiv="Refresh" content="0; URL=%s"></head><body></body></html>\r\n' % url)


if __name__ == "__main__":
    main()
