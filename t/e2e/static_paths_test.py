#!/usr/bin/env python3
"""From paths to files: index, redirects for folders, alias, try_files; and paths that must not get out."""
from harness import *


class Index(SluiceTest):
    def test_the_first_that_exists_is_served_from_its_own_location(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; index $arg_i.html index.htm /last.txt;
                     location = /b/index.htm { add_header X-Location exact; }
                     location /plain/ { index index.html; } }""")
        for name in ("b/index.htm", "b/one.html", "last.txt", "c/x"):
            s.write_file("html/" + name, name)
        os.makedirs(s.path("html/plain/index.html"))
        self.assertEqual(s.get("/b/?i=one").body, b"b/one.html")
        got = s.get("/b/?i=two")
        self.assertEqual((got.body, got.headers.get("X-Location")), (b"b/index.htm", "exact"))
        self.assertEqual(s.get("/c/").body, b"last.txt")
        self.assertEqual(s.get("/").body, b"last.txt")

    def test_no_index(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; }")
        os.makedirs(s.path("html/empty"))
        os.chmod(s.path("html/empty"), 0o755)
        s.write_file("html/file", "x")
        self.assertEqual(s.get("/empty/").status, 403)
        s.wait_log(r'\[error\].* directory index of "%s" is forbidden' % s.path("html/empty/"))
        self.assertEqual(s.get("/none/").status, 404)
        s.wait_log(r'"%s" is not found \(2: No such file or directory\)' % s.path("html/none/index.html"))
        self.assertEqual(s.get("/file/").status, 404)
        s.wait_log(r"\(20: Not a directory\)")

    def test_a_cycle_ends(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; index /x/; }")
        self.assertEqual(s.get("/x/").status, 500)
        s.wait_log("internal redirection cycle")


class Folders(SluiceTest):
    def test_a_folder_without_slash_is_redirected(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                     location /rel { absolute_redirect off; } location /noport { port_in_redirect off; } }""")
        for name in ("a b%c", "rel", "noport"):
            os.makedirs(s.path("html", name))
        got = s.get("/a%20b%25c?q=1", {"Host": "Example.com"})
        self.assertEqual(got.status, 301)
        self.assertEqual(got.headers["Location"], "http://example.com:%d/a%%20b%%25c/?q=1" % s.port)
        self.assertEqual(s.get("/rel").headers["Location"], "/rel/")
        self.assertEqual(s.get("/noport", {"Host": "example.com"}).headers["Location"], "http://example.com/noport/")


class Alias(SluiceTest):
    def test_try_files_with_an_alias_of_a_regex(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d;
                     location ~ ^/x/(.*)$ { alias %(prefix)s/data/$1; try_files $uri.html $uri =404; }
                     location ~ ^/y/(.*)$ { alias %(prefix)s/data/$1; try_files .html =404; }
                     location ~ ^/z/(.*)$ { alias %(prefix)s/data/$1; try_files $uri =404; index i.html; } }""")
        s.write_file("data/a.html", "suffixed")
        s.write_file("data/b", "plain")
        s.write_file("data/d/i.html", "index")
        for target, body in (("/x/a", "suffixed"), ("/x/b", "plain"), ("/x/a.html", "suffixed"), ("/y/a", "suffixed"),
                             ("/z/b", "plain")):
            got = s.get(target)
            self.assertEqual((got.status, got.text), (200, body), target)
        for target in ("/x/none", "/y/b", "/z/a", "/x/../data/b"):
            self.assertEqual(s.get(target).status, 404, target)

    def test_alias(self):
        s = self.sluice(r"""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                     location /i/ { alias %(prefix)s/data/; location /i/deep/ { } }
                     location /noslash { alias %(prefix)s/data; }
                     location = /exact { alias %(prefix)s/data/a.txt; }
                     location ~ ^/re/(?<who>\w+)/(.*)$ { alias %(prefix)s/data/$who/$2; }
                     location /var/ { alias %(prefix)s/$arg_d/; } }""")
        for name in ("a.txt", "u/b.txt", "deep/c.txt", "deep/index.html"):
            s.write_file("data/" + name, name)
        for path, body in (("/i/a.txt", b"a.txt"), ("/noslash/a.txt", b"a.txt"), ("/exact", b"a.txt"),
                           ("/re/u/b.txt", b"u/b.txt"), ("/i/deep/c.txt", b"deep/c.txt"), ("/i/deep/", b"deep/index.html"),
                           ("/var/a.txt?d=data", b"a.txt")):
            got = s.get(path)
            self.assertEqual((got.status, got.body), (200, body), path)
        self.assertEqual(s.get("/i/deep").headers["Location"], "http://localhost:%d/i/deep/" % s.port)
        self.assertEqual(s.get("/i/none").status, 404)

    def test_what_is_refused(self):
        for conf, words in (
                ("location / { root /a; alias /b; }", '"alias" directive is duplicate, "root" directive was specified earlier'),
                ("location / { alias /a; root /b; }", '"root" directive is duplicate, "alias" directive was specified earlier'),
                ("root /a; root /b;", '"root" directive is duplicate'),
                ("alias /a;", '"alias" directive is not allowed here'),
                ("location @x { alias /a; }", 'the "alias" directive cannot be used inside the named location'),
                ("root $document_root/x;", 'the $document_root variable cannot be used in the "root" directive'),
                ("root ${realpath_root}x;", 'the $realpath_root variable cannot be used in the "root" directive'),
                ('index "";', 'index "" in "index" directive is invalid'),
                ("try_files $uri;", 'invalid number of arguments in "try_files" directive'),
                ("location / { try_files $uri =abc; }", 'invalid code "=abc"' if not STAND_IN else "invalid"),
                ("location / { expires @25h; }", "must be less than 24 hours" if not STAND_IN else "24 hours"),
                ("expires soon;", "invalid"), ("expires modified max;", "invalid"), ("expires often 1h;", "invalid"),
                ("add_header X y never;", 'invalid parameter "never"')):
            run = self.run_sluice("-t", "-p", self.dir, "-c", "CONF", raw=False,
                                  conf="server { listen 127.0.0.1:%(port)d; " + conf + " }")
            self.assertNotEqual(run.returncode, 0, conf)
            self.assertIn(words, run.stderr, conf)


class TryFiles(SluiceTest):
    def test_try_files(self):
        s = self.sluice("""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
                     location / { try_files $uri $uri.html $uri/ /fallback.txt?from=$uri; }
                     location = /fallback.txt { add_header X-Query $args; }
                     location /code/ { try_files $uri =410; }
                     location /named/ { try_files $uri @named; }
                     location @named { add_header X-Path $uri; root %(prefix)s/other; }
                     location /nowhere/ { try_files /no @nowhere; }
                     location /data/ { alias %(prefix)s/other/; try_files $uri /data/d.txt d.txt =404; } }""")
        for name in ("html/a.txt", "html/page.html", "html/folder/index.html", "html/fallback.txt", "other/named/n.txt",
                     "other/d.txt", "other/e.txt"):
            s.write_file(name, name)
        for path, status, body in (("/a.txt", 200, "html/a.txt"), ("/page", 200, "html/page.html"),
                                   ("/folder/", 200, "html/folder/index.html"), ("/none", 200, "html/fallback.txt"),
                                   ("/code/none", 410, None), ("/named/n.txt", 200, "other/named/n.txt"),
                                   ("/named/none", 404, None), ("/nowhere/x", 500, None),
                                   ("/data/e.txt", 200, "other/e.txt"), ("/data/none", 200, "other/d.txt")):
            got = s.get(path)
            self.assertEqual((got.status, got.text if body else None), (status, body), path)
        self.assertEqual(s.get("/folder").headers["Location"], "http://localhost:%d/folder/" % s.port)
        self.assertEqual(s.get("/none?lost").headers["X-Query"], "from=/none")
        self.assertEqual(s.get("/named/n.txt").headers["X-Path"], "/named/n.txt")
        s.wait_log('could not find named location "@nowhere"')

    def test_a_path_without_a_candidate_for_the_method(self):
        s = self.sluice("server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; location / { try_files $uri =404; } }")
        s.write_file("html/a.txt", "x")
        self.assertEqual(s.request("POST", "/a.txt", body=b"x").status, 405)
        self.assertEqual(s.request("POST", "/b.txt", body=b"x").status, 404)


class Attacks(SluiceTest):
    def test_nothing_outside_is_served(self):
        s = self.sluice(r"""
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html/pub;
                     location /i { alias %(prefix)s/html/pub/; }
                     location /j. { alias %(prefix)s/html/pub/.; }
                     location ~ ^/k(.*)$ { alias %(prefix)s/html/pub/$1; }
                     location /t { alias %(prefix)s/html/pub/; try_files $uri $uri/ =404; } }""")
        s.write_file("html/secret", "secret")
        s.write_file("html/pub/a", "a")
        if not STAND_IN:  # known there: an alias ending in a slash for a location without one
            for path in ("/i../secret", "/i%2e%2e/secret", "/i..%2fsecret", "/j./secret", "/k../secret", "/t../secret"):
                got = s.get(path)
                self.assertIn(got.status, (400, 403, 404), path)
                self.assertNotIn(b"secret\n", got.body)
        for path in ("/../secret", "/%2e%2e/secret", "/..%2fsecret", "/%2e%2e%2fsecret", "/x/../../secret",
                     "/i/../../secret", "/..\\secret", "/..%5csecret", "/%c0%ae%c0%ae/secret", "/.%00./secret",
                     "/a%00", "/a%00.html", "/%252e%252e/secret", "/.../secret", "/a/../../secret", "//../secret"):
            got = s.get(path)
            self.assertIn(got.status, (400, 403, 404), path)
            self.assertNotEqual(got.body, b"secret", path)
        self.assertEqual(s.get("/x/../a").body, b"a")
        self.assertEqual(s.get("/%61").body, b"a")
        self.assertEqual(s.get("/i/a").body, b"a")


if __name__ == "__main__":
    main()
