#!/usr/bin/env python3
"""Where proxy_pass sends a request, and which path it asks for there."""
from harness import *


class ProxyPass(SluiceTest):
    def targets(self, locations, *asked, **names):
        """The targets that the origin sees for each target asked for."""
        origin = names.pop("origin", None) or self.origin()
        s = self.sluice("server { listen 127.0.0.1:%(port)d; " + locations + " }", o=origin, **names)
        for target in asked:
            response = s.get(target)
            self.assertEqual(response.status, 200, "%s: %r %s" % (target, response, s.error_log))
        return [request.target for request in origin.requests]

    def test_without_uri_the_path_goes_as_it_came(self):
        asked = ["/", "/a/b?x=1&y=%20", "/a%2Fb/%C3%A9", "/with%20blank", "/a?", "/a//b", "/?q=a/../b", "/~user;v=1,2"]
        self.assertEqual(self.targets("merge_slashes off; location / { proxy_pass http://127.0.0.1:%(o)d; }", *asked), asked)

    def test_a_uri_replaces_the_location(self):
        got = self.targets("""
            location /name/ { proxy_pass http://127.0.0.1:%(o)d/remote/; }
            location /bare { proxy_pass http://127.0.0.1:%(o)d/x; }
            location /slash/ { proxy_pass http://127.0.0.1:%(o)d/; }
            location = /exact { proxy_pass http://127.0.0.1:%(o)d/one; }
            location /query/ { proxy_pass http://127.0.0.1:%(o)d/q?fixed=; }""",
            "/name/a?b=c", "/name/", "/bare/y", "/bareness", "/slash/a/b", "/exact?z", "/query/v")
        self.assertEqual(got, ["/remote/a?b=c", "/remote/", "/x/y", "/xness", "/a/b", "/one?z", "/q?fixed=v"])

    def test_a_replaced_path_is_normal_and_escaped_again(self):
        got = self.targets("location /n/ { proxy_pass http://127.0.0.1:%(o)d/r/; }",
                           "/n/a%20b", "/n/%C3%A9", "/n/a%3Fb", "/n/100%25", "/n/x/../y", "/%6e/z", "/n//double", "/n/a%23b")
        self.assertEqual(got, ["/r/a%20b", "/r/%C3%A9", "/r/a%3Fb", "/r/100%25", "/r/y", "/r/z", "/r/double", "/r/a%23b"])

    def test_regex_and_named_locations_take_none(self):
        got = self.targets("""
            location ~ ^/re/(.*)$ { proxy_pass http://127.0.0.1:%(o)d; }
            location / { try_files /nothing @app; }
            location @app { proxy_pass http://127.0.0.1:%(o)d; }""", "/re/a%20b?c", "/other?d=e")
        self.assertEqual(got, ["/re/a%20b?c", "/other?d=e"])
        for place in ("location ~ /re", "location @named"):
            done = self.run_sluice("-t", "-c", "CONF", raw=False,
                                   conf="server { listen 127.0.0.1:%%(port)d; %s { proxy_pass http://127.0.0.1:1/uri; } }" % place)
            self.assertEqual(done.returncode, 1)
            self.assertIn("cannot have URI part in location given by regular expression", done.stderr)

    def test_variables(self):
        origin = self.origin()
        got = self.targets("""
            location /whole/ { set $to 127.0.0.1:%(o)d; proxy_pass http://$to; }
            location /uri/ { set $to 127.0.0.1:%(o)d; proxy_pass http://$to/fixed; }
            location /capture/ { proxy_pass http://127.0.0.1:%(o)d/got$uri$is_args$args; }
            location ~ ^/re/(.+)$ { proxy_pass http://127.0.0.1:%(o)d/new/$1; }
            location /group/ { set $to BackEnd; proxy_pass http://$to; }
            location /all/ { proxy_pass $arg_u; }
            """, "/whole/a%20b?x", "/uri/rest?x", "/capture/a?b=c", "/re/one/two?lost", "/group/1",
            "/all/?u=http://127.0.0.1:%d/direct" % origin.port, origin=origin) if self.has_set() else []
        if got:
            self.assertEqual(got, ["/whole/a%20b?x", "/fixed", "/got/capture/a?b=c", "/new/one/two", "/group/1", "/direct"])

    def has_set(self):
        """Whether `set` exists yet."""
        done = self.run_sluice("-t", "-c", "CONF", raw=False,
                               conf="server { listen 127.0.0.1:%(port)d; set $a b; location / { return 200 $a; } }")
        return done.returncode == 0

    def test_variables_without_set(self):
        origin = self.origin()
        got = self.targets("""
            location /capture/ { proxy_pass http://127.0.0.1:%(o)d/got$uri$is_args$args; }
            location /whole/ { proxy_pass http://$arg_to; }
            location ~ ^/re/(.+)$ { proxy_pass http://127.0.0.1:%(o)d/new/$1; }
            location /all/ { proxy_pass $arg_u; }""",
            "/capture/a?b=c", "/whole/a%%20b?to=127.0.0.1:%d" % origin.port, "/re/one/two?lost",
            "/all/?u=http://127.0.0.1:%d/direct" % origin.port, origin=origin)
        self.assertEqual(got, ["/got/capture/a?b=c", "/whole/a%%20b?to=127.0.0.1:%d" % origin.port, "/new/one/two", "/direct"])

    def test_a_variable_may_name_a_group(self):
        origin = self.origin()
        s = self.sluice("""
            upstream BackEnd { server 127.0.0.1:%(o)d; }
            server { listen 127.0.0.1:%(port)d;
                location / { proxy_pass http://$arg_to; proxy_intercept_errors off; }
                location /named { proxy_pass http://localhost:%(o)d; } }""", o=origin)
        self.assertEqual(s.get("/a?to=backend").status, 200)
        self.assertEqual(origin.requests[0].headers["host"], "backend")
        self.assertEqual(s.get("/b?to=localhost:%d" % origin.port).status, 200)  # known from the other proxy_pass
        self.assertEqual(s.get("/c?to=nobody.test").status, 502)
        s.wait_log(r"\[error\].*no resolver defined to resolve nobody.test, client: 127.0.0.1, server: ")
        self.assertEqual(s.get("/d?to=").status, 500)

    def test_unix_sockets(self):
        path = os.path.join(self.dir, "app.sock")
        origin = self.origin(unix=path)
        got = self.targets("""
            location / { proxy_pass http://unix:%(path)s; }
            location /u/ { proxy_pass http://unix:%(path)s:/app/; }
            location /v/ { proxy_pass http://unix:$arg_p:/var; }""",
            "/a", "/u/b", "/v/?p=" + path, origin=origin, path=path)
        self.assertEqual(got, ["/a", "/app/b", "/var"])
        self.assertEqual({r.headers["host"] for r in origin.requests}, {"localhost"})

    def test_names_come_from_the_hosts_file_at_start(self):
        origin = self.origin()
        self.assertEqual(self.targets("location / { proxy_pass http://localhost:%(o)d; }", "/x", origin=origin), ["/x"])
        self.assertEqual(origin.requests[0].headers["host"], "localhost:%d" % origin.port)
        done = self.run_sluice("-t", "-c", "CONF", raw=False, conf="""
            server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://does-not-exist.invalid; } }""")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r'host not found in upstream "does-not-exist.invalid"')

    def test_the_bare_name_redirects(self):
        origin = self.origin()
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; absolute_redirect off;
            location /p/ { proxy_pass http://127.0.0.1:%(o)d; }
            location = /q { proxy_pass http://127.0.0.1:%(o)d; } location /q/ { proxy_pass http://127.0.0.1:%(o)d; } }""", o=origin)
        response = s.get("/p?a=b")
        self.assertEqual((response.status, response.headers["location"]), (301, "/p/?a=b"))
        self.assertEqual(s.get("/q").status, 200)
        self.assertEqual([r.target for r in origin.requests], ["/q"])

    def test_what_cannot_be(self):
        for url, text in (("ftp://x", "invalid URL prefix"), ("http://", "no host in upstream"), ("127.0.0.1:80", "invalid URL prefix"),
                          ("http://127.0.0.1:99999", "invalid"), ("https://127.0.0.1", "not supported")):
            done = self.run_sluice("-t", "-c", "CONF", raw=False,
                                   conf="server { listen 127.0.0.1:%%(port)d; location / { proxy_pass %s; } }" % url)
            self.assertEqual(done.returncode, 1, url)
            self.assertIn(text, done.stderr)

    def test_after_an_internal_redirect_the_new_path_is_asked_for(self):
        got = self.targets("""
            error_page 404 = /moved/here%%20now;
            location = /gone { return 404; }
            location / { proxy_pass http://127.0.0.1:%(o)d; }
            location /moved/ { proxy_pass http://127.0.0.1:%(o)d/new/; }""".replace("%%20", "%20"), "/gone?x=1")
        self.assertEqual(len(got), 1)
        self.assertTrue(got[0].startswith("/new/here"), got)

    def test_absolute_form_and_options(self):
        origin = self.origin()
        s = self.sluice("server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(o)d; } }", o=origin)
        with s.connect() as c:
            c.send("GET http://www.example.com/abs?q HTTP/1.1\r\nHost: other\r\n\r\n")
            c.methods.append("GET")
            self.assertEqual(c.read_response().status, 200)
        self.assertEqual(origin.requests[0].target, "/abs?q")


if __name__ == "__main__":
    main()
