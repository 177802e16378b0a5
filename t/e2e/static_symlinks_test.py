#!/usr/bin/env python3
"""disable_symlinks: which links are followed, by everything that looks for files."""
from harness import *


class Symlinks(SluiceTest):
    def site(self, server, **names):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; root %(prefix)s/html/real; default_type text/plain; autoindex on; "
                        + server + "}", **names)
        for name in ("out/s.txt", "real/p.txt", "real/index.html", "real/sub/x"):
            s.write_file("html/" + name, name)
        os.makedirs(s.path("html/real/li"))
        for name, to in (("real/dirlink", "../out"), ("real/filelink.txt", "../out/s.txt"), ("rlink", "real"),
                         ("real/li/index.html", "../index.html")):
            os.symlink(to, s.path("html/" + name))
        return s

    def expect(self, s, *pairs):
        for path, status in pairs:
            self.assertEqual(s.get(path).status, status, path)

    def test_on(self):
        s = self.site("""disable_symlinks on from=%(prefix)s/html;
            location /tf { try_files /filelink.txt /p.txt =404; }
            location /td { try_files /dirlink/ /p.txt =404; }
            location /off/ { alias %(prefix)s/html/real/; disable_symlinks off; }
            location /whole/ { alias %(prefix)s/html/rlink/; }""")
        self.expect(s, ("/p.txt", 200), ("/", 200), ("/sub/", 200), ("/filelink.txt", 403), ("/dirlink", 403),
                    ("/dirlink/", 404), ("/dirlink/s.txt", 404), ("/li/", 403), ("/off/dirlink/s.txt", 200),
                    ("/off/filelink.txt", 200), ("/off/li/", 200), ("/whole/p.txt", 404), ("/whole/", 404), ("/whole/sub/", 404))
        self.assertEqual((s.get("/tf").text, s.get("/td").text), ("real/p.txt", "real/p.txt"))
        s.wait_log(r'/html/real/filelink.txt" failed \(40: Too many levels of symbolic links\)')
        if STAND_IN:
            self.allow_log(r"\[crit\].*openat")

    def test_from(self):
        s = self.site("""
            location /a/ { alias %(prefix)s/html/rlink/; disable_symlinks on from=%(prefix)s/html/rlink; }
            location /b/ { alias %(prefix)s/html/rlink/; disable_symlinks on from=%(prefix)s/html/rlink/; }
            location /c/ { alias %(prefix)s/html/rlink/; disable_symlinks on from=%(prefix)s/html/rl; }
            location /d { alias %(prefix)s/html/real/filelink.txt; disable_symlinks on from=%(prefix)s/html/real/filelink.txt; }
            location /rlink/ { root %(prefix)s/html; disable_symlinks on from=$document_root$arg_more; }""")
        self.expect(s, ("/a/p.txt", 200), ("/a/", 200), ("/a/sub/", 200), ("/a/dirlink/s.txt", 404), ("/a/filelink.txt", 403),
                    ("/b/p.txt", 200), ("/c/p.txt", 404), ("/d", 200), ("/rlink/p.txt", 404), ("/rlink/p.txt?more=/rlink", 200))

    @unittest.skipIf(os.geteuid(), "only root can give files away")
    def test_if_not_owner(self):
        s = self.site("disable_symlinks if_not_owner;")
        self.expect(s, ("/p.txt", 200), ("/filelink.txt", 200), ("/dirlink/s.txt", 200), ("/li/", 200))
        os.lchown(s.path("html/real/filelink.txt"), 12345, 12345)
        os.lchown(s.path("html/real/dirlink"), 12345, 12345)
        self.expect(s, ("/filelink.txt", 403), ("/dirlink/s.txt", 403), ("/p.txt", 200))
        os.chown(s.path("html/out/s.txt"), 12345, 12345)
        self.expect(s, ("/filelink.txt", 200))

    @unittest.skipIf(STAND_IN, "without the cache it is the same")
    def test_with_a_cache(self):
        s = self.site("""open_file_cache max=100; open_file_cache_errors on;
            location /on/ { alias %(prefix)s/html/real/; disable_symlinks on from=%(prefix)s/html; }""")
        for _ in range(2):
            self.expect(s, ("/filelink.txt", 200), ("/on/filelink.txt", 403), ("/dirlink/s.txt", 200), ("/on/dirlink/s.txt", 404),
                        ("/on/p.txt", 200))


if __name__ == "__main__":
    main()
