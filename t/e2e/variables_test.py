#!/usr/bin/env python3
"""Variables have the values that nginx's documentation gives them."""
import socket

from harness import *


class Variables(SluiceTest):
    def serve(self, text):
        """A server that answers every path with `text`."""
        return self.sluice("""
            server {
                listen 127.0.0.1:%(port)d; server_name First second;
                location / { return 200 '""" + text + """'; }
            }""")

    def send(self, conn, *head):
        conn.send(*head, "\r\n")
        return conn.read_response().text

    def shown(self, text, target="/", headers=()):
        return self.serve(text).get(target, headers, host="second").text

    def test_request_line(self):
        self.assertEqual(
            self.shown("$request|$request_method|$request_uri|$uri|$document_uri|$server_protocol",
                       "/a%20b/../c%2f?x=%20y"),
            "GET /a%20b/../c%2f?x=%20y HTTP/1.1|GET|/a%20b/../c%2f?x=%20y|/c/|/c/|HTTP/1.1")

    def test_arguments(self):
        self.assertEqual(self.shown("$args|$query_string|$is_args|$arg_a|$arg_B|$arg_c|$arg_none",
                                    "/?a=1&A=2&b=x%20y&c"), "a=1&A=2&b=x%20y&c|a=1&A=2&b=x%20y&c|?|1|x%20y||")
        self.assertEqual(self.shown("[$args$is_args$arg_a]"), "[]")

    def test_fields(self):
        self.assertEqual(
            self.shown("$http_x_one|$http_X_Two|$http_none|$http_user_agent|$content_type", headers=[
                ("X-One", "1"), ("X-Two", "a"), ("x-two", "b"), ("User-Agent", "me"), ("Content-Type", "t/x")]),
            "1|a, b||me|t/x")

    def test_forwarded_for(self):
        text = "$proxy_add_x_forwarded_for|$http_x_forwarded_for"
        self.assertEqual(self.shown(text), "127.0.0.1|")
        self.assertEqual(self.shown(text, headers=[("X-Forwarded-For", "10.0.0.1")]), "10.0.0.1, 127.0.0.1|10.0.0.1")
        self.assertEqual(
            self.shown(text, headers=[("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-For", "10.0.0.2")]),
            "10.0.0.1, 10.0.0.2, 127.0.0.1|10.0.0.1, 10.0.0.2")

    def test_cookies(self):
        self.assertEqual(
            self.shown("$cookie_a|$cookie_B|$cookie_none|$http_cookie",
                       headers=[("Cookie", "a=1; aa=2"), ("Cookie", "b=x=y")]), "1|x=y||a=1; aa=2; b=x=y")

    def test_user(self):
        text = "[$remote_user]"
        self.assertEqual(self.shown(text, headers=[("Authorization", "Basic YWxpY2U6c2VjcmV0")]), "[alice]")
        self.assertEqual(self.shown(text, headers=[("Authorization", "Bearer YWxpY2U6c2VjcmV0")]), "[]")
        self.assertEqual(self.shown(text), "[]")

    def test_host(self):
        s = self.serve("$host|$http_host|$server_name|$request_port|$is_request_port")
        for request, expected in (
                ("GET / HTTP/1.1\r\nHost: SECOND:81\r\n", "second|SECOND:81|first|81|:"),
                ("GET / HTTP/1.1\r\nHost: second\r\n", "second|second|first||"),
                ("GET http://Other:82/ HTTP/1.1\r\nHost: Other:82\r\n", "other|Other:82|first|82|:"),
                ("GET / HTTP/1.0\r\n", "first||first||")):
            with s.connect() as conn:
                self.assertEqual(self.send(conn, request, "Connection: close\r\n"), expected, request)

    def test_addresses(self):
        s = self.serve("$remote_addr|$remote_port|$server_addr|$server_port|$scheme|$https|$http2")
        with s.connect() as conn:
            local = conn.sock.getsockname()[1]
            shown = self.send(conn, "GET / HTTP/1.1\r\nHost: a\r\n")
        self.assertEqual(shown, "127.0.0.1|%d|127.0.0.1|%d|http||" % (local, s.port))

    def test_address_of_a_wildcard(self):
        s = self.sluice("server { listen %(port)d; return 200 $server_addr:$server_port; }")
        self.assertEqual(s.get("/").text, "127.0.0.1:%d" % s.port)

    def test_unix_socket(self):
        s = self.sluice("server { listen unix:%(prefix)s/sock; listen 127.0.0.1:%(port)d;"
                        " return 200 '$remote_addr|$remote_port|$server_addr|$server_port'; }")
        with s.connect(unix=s.path("sock")) as conn:
            shown = self.send(conn, "GET / HTTP/1.1\r\nHost: a\r\n")
        self.assertEqual(shown, "unix:||unix:%s|" % s.path("sock"))

    def test_connection(self):
        s = self.serve("$connection|$connection_requests|$connection_time|$request_length")
        request = "GET / HTTP/1.1\r\nHost: a\r\n"
        with s.connect() as conn:
            seen = [self.send(conn, request).split("|") for _ in range(2)]
        self.assertEqual(seen[0][0], seen[1][0])
        self.assertEqual([one[1] for one in seen], ["1", "2"])
        self.assertRegex(seen[1][2], r"^\d\.\d{3}$")
        self.assertEqual(seen[0][3], str(len(request) + 2))
        self.assertNotEqual(s.get("/").text.split("|")[0], seen[0][0])

    def test_time_and_process(self):
        s = self.serve("$msec|$time_iso8601|$time_local|$pid|$hostname|$nginx_version|$sluice_version")
        msec, iso, local, pid, host, nginx, sluice = s.get("/").text.split("|")
        self.assertRegex(msec, r"^\d+\.\d{3}$")
        self.assertLess(abs(float(msec) - time.time()), 5)
        self.assertRegex(iso, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$")
        self.assertRegex(local, r"^\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}$")
        self.assertIn(int(pid), s.workers())
        self.assertEqual(host, socket.gethostname().lower())
        self.assertRegex(nginx, r"^1\.\d+\.\d+$")
        self.assertRegex(sluice, r"^\d+\.\d+\.\d+$")

    def test_request_id_is_one_per_request(self):
        s = self.serve("$request_id$request_id")
        ids = [s.get("/").text for _ in range(3)]
        for text in ids:
            self.assertRegex(text, r"^([0-9a-f]{32})\1$")
        self.assertEqual(len(set(ids)), 3)

    def test_tcpinfo(self):
        self.assertRegex(self.shown("$tcpinfo_rtt $tcpinfo_rttvar $tcpinfo_snd_cwnd $tcpinfo_rcv_space"),
                         r"^\d+ \d+ \d+ \d+$")

    def test_pipelining(self):
        s = self.serve("$pipe")
        with s.connect() as conn:
            conn.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
            self.assertEqual([conn.read_response().text for _ in range(2)], [".", "p"])

    def test_a_header_per_variable(self):
        s = self.sluice("""
            server {
                listen 127.0.0.1:%(port)d;
                location / { add_header X-Host $host; add_header X-None "$arg_none"; return 200 ok; }
            }""")
        answer = s.get("/", headers={"Host": "h"})
        self.assertEqual(answer.headers["x-host"], "h")
        self.assertNotIn("x-none", answer.headers)


class LogTest(SluiceTest):
    """For what is known only at the end: it shows in the log."""

    def logged(self, text, location, request=None, conf="", **names):
        s = self.sluice("""
            log_format probe '<""" + text + """>';
            """ + conf + """
            server {
                listen 127.0.0.1:%(port)d; access_log logs/access.log probe;
                location / { """ + location + """ }
            }""", **names)
        with s.connect() as conn:
            conn.send(request or "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            conn.read_until_close()
        return s.wait_access(r"<(.*)>")[1], conn


class LoggedVariables(LogTest):
    def test_sent(self):
        line, conn = self.logged("$status $bytes_sent $body_bytes_sent $sent_http_content_type "
                                 "$sent_http_content_length $sent_http_connection $sent_http_x_a $sent_http_none "
                                 "$request_completion", "add_header X-A b; default_type text/x; return 201 12345;")
        self.assertEqual(line, "201 %d 5 text/x 5 close b - OK" % len(conn.received))

    def test_request_time(self):
        line, _ = self.logged("$request_time", "return 204;")
        self.assertRegex(line, r"^0\.\d{3}$")

    def test_absent_is_a_dash(self):
        line, _ = self.logged("$args $http_user_agent $remote_user $upstream_addr $content_length $request_body",
                              "return 204;")
        self.assertEqual(line, "- - - - - -")

    def test_no_answer(self):
        line, _ = self.logged("$status $bytes_sent", "return 444;")
        self.assertEqual(line, "444 0")

    def test_a_request_that_is_none(self):
        line, _ = self.logged("$status|$request|$request_uri|$host", "return 200;", "GET /\x01 HTTP/1.1\r\n\r\n")
        self.assertTrue(line.startswith("400|"), line)

    def test_request_body(self):
        origin = self.origin(lambda req: Response(200, body=b"ok"))
        request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
        line, _ = self.logged("$request_body $request_length $content_length $upstream_status",
                              "proxy_pass http://127.0.0.1:%(o)d;", request, o=origin)
        self.assertEqual(line, "hello %d 5 200" % len(request))

    def test_chunked_request(self):
        origin = self.origin(lambda req: Response(200, body=b"ok"))
        line, _ = self.logged("$request_body|$content_length", "proxy_pass http://127.0.0.1:%(o)d;",
                              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                              "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", o=origin)
        self.assertEqual(line, "hello|5")


class UpstreamVariables(LogTest):
    def test_one_server(self):
        origin = self.origin(lambda req: Response(200, {"X-A": "1", "Set-Cookie": "id=7; Path=/"}, body=b"hello"))
        line, _ = self.logged(
            "$upstream_addr|$upstream_status|$upstream_connect_time|$upstream_header_time|$upstream_response_time|"
            "$upstream_response_length|$upstream_http_x_a|$upstream_cookie_id|$upstream_bytes_sent|$upstream_bytes_received",
            "proxy_pass http://127.0.0.1:%(o)d;", o=origin)
        fields = line.split("|")
        self.assertEqual(fields[:2], ["127.0.0.1:%d" % origin.port, "200"])
        for field in fields[2:5]:
            self.assertRegex(field, r"^0\.\d{3}$")
        self.assertEqual(fields[5:8], ["5", "1", "7"])
        self.assertEqual(int(fields[8]), len(origin.requests[0].raw))
        self.assertGreater(int(fields[9]), 50)

    def test_tries_are_separated_by_commas(self):
        bad = self.origin(lambda req: CLOSE)
        good = self.origin(lambda req: Response(200, body=b"hi"))
        line, _ = self.logged("$upstream_addr|$upstream_status|$upstream_response_length|$upstream_header_time",
                              "proxy_pass http://u;",
                              conf="upstream u { server 127.0.0.1:%(bad)d; server 127.0.0.1:%(good)d backup; }",
                              bad=bad, good=good)
        addresses, status, lengths, header = line.split("|")
        self.assertEqual(addresses, "127.0.0.1:%d, 127.0.0.1:%d" % (bad.port, good.port))
        self.assertEqual(status, "502, 200")
        self.assertEqual(lengths, "0, 2")
        self.assertRegex(header, r"^-, 0\.\d{3}$")

    def test_when_nobody_could_be_asked(self):
        line, _ = self.logged("$upstream_addr|$upstream_status|$upstream_connect_time|$upstream_header_time|$upstream_response_time",
                              "proxy_pass http://u;", conf="upstream u { server 127.0.0.1:9 down; }")
        self.assertEqual(line, "u|502|-|-|0.000")

    def test_groups_are_separated_by_colons(self):
        first = self.origin(lambda req: Response(500, body=b"no"))
        second = self.origin(lambda req: Response(200, body=b"yes"))
        line, _ = self.logged("$upstream_addr|$upstream_status", """
            proxy_pass http://127.0.0.1:%(a)d; proxy_intercept_errors on; error_page 500 = @other; }
            location @other { proxy_pass http://127.0.0.1:%(b)d;""", a=first, b=second)
        self.assertEqual(line, "127.0.0.1:%d : 127.0.0.1:%d|500 : 200" % (first.port, second.port))


if __name__ == "__main__":
    main()
