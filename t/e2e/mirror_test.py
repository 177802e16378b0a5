#!/usr/bin/env python3
"""mirror: others see the request, and it does not notice. post_action: something is told of its end."""
import socket
import threading

from harness import *

CONF = """
    log_format mirrors "$request_uri $request_length";
    client_body_buffer_size 16k; client_max_body_size 0;
    server { listen %(port)d; root %(prefix)s/html;
        location / { set $mark "m$arg_a"; mirror /one; mirror /two; proxy_pass http://127.0.0.1:%(origin)d; }
        location /bodiless/ { mirror /bare; mirror_request_body off; proxy_pass http://127.0.0.1:%(origin)d; }
        location /off/ { mirror off; proxy_pass http://127.0.0.1:%(origin)d; }
        location /streamed/ { mirror /one; proxy_request_buffering off; proxy_pass http://127.0.0.1:%(origin)d; }
        location /small/ { mirror /one; client_max_body_size 3; proxy_pass http://127.0.0.1:%(origin)d; }
        location = /one { internal; proxy_pass http://127.0.0.1:%(copy)d/1$request_uri; proxy_set_header X-Port $server_port;
                          proxy_set_header X-Mark $mark; access_log %(prefix)s/logs/mirrors.log mirrors; log_subrequest on; }
        location = /two { internal; proxy_pass http://127.0.0.1:%(copy)d/2; }
        location = /bare { internal; proxy_pass http://127.0.0.1:%(copy)d; proxy_pass_request_body off;
                           proxy_set_header Content-Length ""; }
    }"""


class Mirror(SluiceTest):
    def start(self, copy=lambda req: Response(500, body=b"dropped"), conf=CONF, **more):
        self.target = self.origin(lambda req: Response(200, [("Content-Type", "text/html")], body=b"served " + req.body))
        self.copy = self.origin(copy)
        s = self.sluice(conf, origin=self.target, copy=self.copy, **more)
        s.write_file("html/a.txt", "hello")
        return s

    def copies(self, n):
        self.copy.wait_requests(n)
        return sorted((r.method, r.target, r.body) for r in self.copy.requests[-n:])

    def test_everything_is_mirrored(self):
        s = self.start()
        got = s.request("PUT", "/x%20y?a=1", {"Content-Length": "5", "X-Mine": "1"}, b"hello")
        self.assertEqual((got.status, got.body), (200, b"served hello"))
        self.assertEqual(self.copies(2), [("PUT", "/1/x%20y?a=1", b"hello"), ("PUT", "/2?a=1", b"hello")])
        self.assertEqual([r.headers["X-Mine"] for r in self.copy.requests], ["1", "1"])
        self.assertEqual([r.headers["X-Port"] for r in self.copy.requests if "X-Port" in r.headers], [str(s.port)])
        self.assertIn("m1", [r.headers.get("X-Mark") for r in self.copy.requests])

    def test_a_body_in_a_file_or_in_chunks(self):
        s = self.start()
        for body in (b"x" * 100_000, b"y" * 3):
            s.request("POST", "/", {"Content-Length": str(len(body))}, body)
            self.assertEqual([b for _, _, b in self.copies(2)], [body] * 2)
            self.copy.requests.clear()
        c = s.connect()
        c.send("POST /streamed/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        c.send("3\r\nyou\r\n0\r\n\r\n")
        self.assertEqual(c.read_response().body, b"served helloyou")
        self.assertEqual(self.copies(1), [("POST", "/1/streamed/", b"helloyou")])

    def test_without_the_body_and_off(self):
        s = self.start()
        self.assertEqual(s.post("/bodiless/x?b", b"hello").body, b"served hello")
        self.assertEqual(self.copies(1), [("POST", "/bare?b", b"")])
        self.assertNotIn("Content-Length", self.copy.requests[0].headers)
        s.get("/off/")
        self.assertEqual(len(self.copy.requests), 1)

    def test_all_go_by_one_name(self):
        s = self.start(conf="""proxy_set_header X-Id $request_id; add_header X-Id $request_id; log_format id "$request_id";
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; default_type text/html;
            location /mirrored { mirror /one; mirror /two; try_files /a.txt =404; }
            location /joined { add_after_body /last; add_header X-Other 1; access_log %(prefix)s/logs/id.log id; try_files /a.txt =404; }
            location /guarded { auth_request /asked; try_files /a.txt =404; }
            location = /one { proxy_pass http://127.0.0.1:%(copy)d; } location = /two { proxy_pass http://127.0.0.1:%(copy)d; }
            location = /asked { proxy_pass http://127.0.0.1:%(origin)d; } location = /last { proxy_pass http://127.0.0.1:%(origin)d; } }""")
        names = [s.get(path).headers["X-Id"] for path in ("/mirrored", "/guarded")]
        self.copy.wait_requests(2)
        self.assertEqual([r.headers["X-Id"] for r in self.copy.requests], names[:1] * 2)
        self.assertEqual([r.headers["X-Id"] for r in self.target.requests], names[1:])
        s.get("/joined")
        s.wait_log("^%s$" % self.target.requests[1].headers["X-Id"], log="id.log")

    def test_a_limit_of_the_mirrors_own_does_not_count(self):
        s = self.start(conf="""server { listen 127.0.0.1:%(port)d; client_max_body_size 1;
            location / { client_max_body_size 10; mirror /one; proxy_pass http://127.0.0.1:%(origin)d; }
            location = /one { proxy_pass http://127.0.0.1:%(copy)d; } }""")
        self.assertEqual(s.post("/", b"hello").status, 200)
        if not STAND_IN:
            self.assertEqual(self.copies(1), [("POST", "/one", b"hello")])

    def test_a_body_that_cannot_be_read(self):
        s = self.start()
        c = s.connect()
        c.send("POST /small/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        self.assertEqual(c.read_response().status, 413)
        self.assertEqual((len(self.copy.requests), len(self.target.requests)), (0, 0))

    def test_a_slow_mirror_delays_nothing(self):
        s = self.start(copy=lambda req: HANG)
        c = s.connect()
        for _ in range(1 if STAND_IN else 3):
            c.request("GET", "/x")
            self.assertEqual(c.read_response().status, 200)
        self.copy.wait_requests(2 if STAND_IN else 6)

    @unittest.skipIf(STAND_IN, "nginx ends the mirrors with the client")
    def test_mirrors_outlive_the_request(self):
        """The head's and the body's memory, and the file, belong to a request that is gone."""
        release = threading.Event()

        def late(conn):
            release.wait(10)
            conn.read_request()
            self.seen.append(conn.received)
            conn.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return CLOSE
        self.seen = []
        self.copy = self.raw_origin(late)
        self.target = self.origin(lambda req: Response(200))
        s = self.sluice(CONF, origin=self.target, copy=self.copy)
        bodies = [b"z" * 20, b"f" * 20_000_000, b"g" * 15_000]
        for body in bodies:
            c = s.connect()
            c.send("POST /streamed/%d HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (len(body), len(body)), body)
            self.assertEqual(c.read_response().status, 200)
            c.close()
        release.set()
        wait_for(lambda: len(self.seen) == 3, 10, "the mirrors")
        for body in bodies:
            self.assertTrue(any(seen.startswith(b"POST /1/streamed/%d HTTP" % len(body)) and seen.endswith(b"\r\n\r\n" + body)
                                for seen in self.seen), len(body))
            s.wait_log("(?m)^/streamed/%d " % len(body), log="mirrors.log")

    @unittest.skipIf(STAND_IN, "nginx bounds nothing")
    def test_their_number_is_bounded(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # a name server that does not answer
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        s = self.start(dns=silent.getsockname()[1], conf="""worker_processes 1; worker_shutdown_timeout 1s;
            http { resolver 127.0.0.1:%(dns)d ipv6=off; resolver_timeout 60s; keepalive_requests 2000;
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; location / { mirror /one; }
            location = /one { proxy_pass http://silent.$arg_x.test:%(copy)d; } } }""")
        c = s.connect()
        for n in range(1001):
            c.request("GET", "/a.txt?x=1")
            self.assertEqual(c.read_response().status, 200)
        s.wait_log("1000 subrequests are waiting, 1 more were not made")

    @unittest.skipIf(STAND_IN, "it ends its mirrors with their request")
    def test_a_worker_that_retires_waits_for_them(self):
        release = threading.Event()

        def late(req):
            release.wait(10)
            return Response(200)
        s = self.start(copy=late)
        s.get("/x")
        self.copy.wait_requests(2)
        worker = s.workers()[0]
        s.signal("HUP")
        s.wait_log("gracefully shutting down")
        self.assertIn(worker, s.children())
        release.set()
        wait_for(lambda: worker not in s.children(), 5, "the end of the old worker")

    def test_log_subrequest(self):
        s = self.start(conf="""log_format l "$uri $status $request_method";
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; access_log %(prefix)s/logs/access.log l;
                     location / { mirror /one; } location = /one { log_subrequest on; proxy_pass http://127.0.0.1:%(copy)d; } }""")
        s.get("/a.txt")
        s.wait_access("(?m)^/one 500 GET$")
        s.wait_access("(?m)^/a.txt 200 GET$")


class PostAction(SluiceTest):
    def start(self, conf):
        self.told = self.origin(lambda req: Response(200))
        s = self.sluice(conf, told=self.told)
        s.write_file("html/a.txt", "hello")
        return s

    def test_what_is_told(self):
        s = self.start("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; post_action /after;
            location / { } location /said { return 201 "said"; } location /off { post_action off; }
            location = /after { internal; post_action off;
                proxy_pass http://127.0.0.1:%(told)d/?s=$status&b=$body_bytes_sent&c=$request_completion&u=$request_uri; } }""")
        for path, told in (("/a.txt", "/?s=200&b=5&c=OK&u=/a.txt"), ("/said?x", "/?s=201&b=4&c=OK&u=/said?x")):
            s.get(path)
            self.told.wait_requests(1)
            self.assertEqual(self.told.requests.pop().target, told)
        s.get("/off")
        s.get("/none")
        self.told.wait_requests(1)
        self.assertRegex(self.told.requests[0].target, r"s=404&b=\d+&c=OK&u=/none$")

    def test_a_named_location_and_the_log(self):
        s = self.start("""log_format l "$uri $request_uri $status $body_bytes_sent";
            server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; access_log %(prefix)s/logs/access.log l;
                location / { post_action @after; } location /path/ { alias %(prefix)s/html/; post_action /told; }
                location @after { proxy_pass http://127.0.0.1:%(told)d; }
                location = /told { proxy_pass http://127.0.0.1:%(told)d; } }""")
        s.get("/a.txt")
        self.told.wait_requests(1)
        self.assertEqual(self.told.requests[0].target, "/a.txt")
        s.wait_access("^/a.txt /a.txt 200 5\n$")
        s.get("/path/a.txt")
        s.wait_access("/told /path/a.txt 200 5\n$")

    def test_the_location_that_answers_decides(self):
        s = self.start("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html;
            location /a { post_action /told; error_page 404 /b/a.txt; } location /b/ { alias %(prefix)s/html/; }
            location /e { post_action /told; error_page 404 /d/a.txt; }
            location /c { error_page 404 /d/a.txt; } location /d/ { alias %(prefix)s/html/; post_action /told; }
            location = /told { proxy_pass http://127.0.0.1:%(told)d/$request_uri; } }""")
        self.assertEqual([s.get(path).body for path in ("/a", "/e", "/c")], [b"hello"] * 3)
        self.told.wait_requests(2)
        self.assertEqual([r.target for r in self.told.requests], ["//e", "//c"])

    @unittest.skipIf(STAND_IN, "it goes on and on")
    def test_there_is_one_for_each_request(self):
        s = self.start("""server { listen 127.0.0.1:%(port)d; root %(prefix)s/html; post_action /told; error_page 404 /a.txt;
            location / { } location = /a.txt { } location = /told { proxy_pass http://127.0.0.1:%(told)d/$request_uri; } }""")
        for path in ("/none", "/a.txt"):
            s.get(path)
        self.told.wait_requests(2)
        self.assertEqual([r.target for r in self.told.requests], ["//none", "//a.txt"])

    def test_of_an_answer_that_broke_off(self):
        slow = self.origin(lambda req: Response(200, body=(b"x" * 1000 for _ in range(1_000_000))))
        self.told = self.origin(lambda req: Response(204))
        s = self.sluice("""server { listen 127.0.0.1:%(port)d; location / { proxy_pass http://127.0.0.1:%(slow)d; post_action /after; }
            location = /after { proxy_pass http://127.0.0.1:%(told)d/c=$request_completion; } }""", slow=slow, told=self.told)
        c = s.connect()
        c.request("GET", "/")
        c.read_until("200")
        c.reset()
        self.told.wait_requests(1)
        self.assertEqual(self.told.requests[0].target, "/c=")


if __name__ == "__main__":
    main()
