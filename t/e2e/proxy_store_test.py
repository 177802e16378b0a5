#!/usr/bin/env python3
"""proxy_store: answers become files, whole or not at all."""

import stat

from harness import *

CONF = """server { listen 127.0.0.1:%(port)d; root %(prefix)s/kept;
    location / { error_page 404 = @fetch; } location @fetch { proxy_pass http://127.0.0.1:%(o)d; proxy_store on; }
    location /named/ { proxy_pass http://127.0.0.1:%(o)d; proxy_store %(prefix)s/other$uri.copy; proxy_store_access group:rw all:r; }
    location /far/ { proxy_pass http://127.0.0.1:%(o)d; proxy_temp_path /dev/shm; proxy_store %(prefix)s/other$uri; }
    location /raw/ { proxy_pass http://127.0.0.1:%(o)d; proxy_store %(prefix)s/other$request_uri; }
    location /changed/ { proxy_pass http://127.0.0.1:%(o)d; proxy_store %(prefix)s/other$uri; sub_filter x y; sub_filter_types *; sub_filter_once off; } }"""


class Store(SluiceTest):
    def serve(self, handler):
        self.o = self.origin(handler)
        s = self.sluice(CONF, o=self.o, start=False)
        for folder in ("kept", "other"):
            os.mkdir(s.path(folder))
            os.chmod(s.path(folder), 0o777)
        return s.start()

    def read(self, path):
        with open(path, "rb") as f:
            return f.read()

    def temporary(self, s):
        return [name for folder, _, names in os.walk(s.prefix) if "temp" in folder for name in names]

    def test_the_second_request_finds_a_file(self):
        body = os.urandom(300_000)
        s = self.serve(lambda req: Response(200, {"Last-Modified": "Tue, 14 Nov 2023 22:13:20 GMT"}, body=body))
        self.allow_log("No such file or directory")
        for _ in range(2):
            self.assertTrue(s.get("/a/b/c.bin").body == body)
        self.assertEqual(len(self.o.requests), 1)
        path = s.path("kept/a/b/c.bin")
        about = os.stat(path)
        self.assertEqual((stat.S_IMODE(about.st_mode), about.st_mtime, self.read(path) == body), (0o600, 1700000000, True))
        self.assertEqual(self.temporary(s), [])

    def test_names_rights_and_another_file_system(self):
        s = self.serve(lambda req: Response(200, body=[b"in ", b"chunks"]))
        for target, name, rights in (("/named/x", "other/named/x.copy", 0o664), ("/far/y", "other/far/y", 0o600)):
            self.assertEqual(s.get(target).body, b"in chunks")
            self.assertEqual(self.read(s.path(name)), b"in chunks")
            self.assertEqual(stat.S_IMODE(os.stat(s.path(name)).st_mode), rights)
        self.assertEqual(os.listdir(s.path("other/far")), ["y"])

    def test_the_file_is_what_the_origin_sent(self):
        s = self.serve(lambda req: Response(200, {"Content-Type": "text/html"}, body=b"xxx"))
        self.assertEqual(s.get("/changed/a").body, b"yyy")
        self.assertEqual(self.read(s.path("other/changed/a")), b"xxx")

    def test_what_is_not_kept(self):
        s = self.serve(lambda req: Response(404 if "none" in req.target else 200, body=b"x"))
        self.allow_log("leads out of its folder")
        s.get("/named/none")
        s.request("HEAD", "/named/head")
        s.get("/raw/../../../etc/x")
        self.assertEqual(s.get("/raw/%2e%2e/raw/x?/../../y").status, 200)
        s.wait_log("leads out of its folder")
        self.assertEqual([names for _, _, names in os.walk(s.path("other")) if names], [])

    def test_an_answer_that_breaks_off_is_not_kept(self):
        def origin(conn):
            conn.read_request()
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 100)
            conn.close()
        self.allow_log("upstream prematurely closed|while reading upstream")
        s = self.sluice(CONF, o=self.raw_origin(origin))
        with s.connect() as c:
            c.request("GET", "/named/x")
            with self.assertRaises(Closed):
                c.read_response()
        self.assertFalse(os.path.exists(s.path("other/named/x.copy")))
        wait_for(lambda: self.temporary(s) == [], 3, "the temporary file's end")

    def test_a_place_that_cannot_be_written_is_told_once(self):
        s = self.serve(lambda req: Response(200, body=b"x"))
        self.allow_log("proxy_store: ")
        with open(s.path("other/named"), "w"):
            pass
        for _ in range(3):
            self.assertEqual(s.get("/named/x").body, b"x")
        self.assertEqual(s.error_log.count("[crit]"), 1)


if __name__ == "__main__":
    main()
