#!/usr/bin/env python3
"""${env:NAME} in any argument is the environment's value when the configuration is read."""
from harness import *


class Environment(SluiceTest):
    def test_in_any_argument(self):
        s = self.sluice("""
            map $uri $m { /m '${env:TEST_TEXT}'; ${env:TEST_KEY} of-${env:TEST_KEY}; }
            include %(prefix)s/${env:TEST_FILE}.conf;
            server {
                listen ${env:TEST_HOST}:%(port)d; server_name ${env:TEST_NAME:-first};
                root %(prefix)s/${env:TEST_FOLDER:-files};
                add_header X-Secret "Bearer ${env:TEST_SECRET}";
                location / { return 200 "$m|${env:TEST_TEXT}|$server_name|$from_file"; }
                location ~ ^/${env:TEST_KEY}/(.*)$ { return 200 "$1"; }
                location /f/ { }
            }""", env={"TEST_TEXT": "a 'b';{}", "TEST_KEY": "/k", "TEST_FILE": "more", "TEST_HOST": "127.0.0.1",
                       "TEST_SECRET": "pa$$word$host"}, start=False)
        s.write_file("more.conf", "map $uri $from_file { default in-${env:TEST_FILE}; }\n")
        s.write_file("files/f/x.txt", "file")
        s.start()
        answer = s.get("/m")
        self.assertEqual(answer.text, "a 'b';{}|a 'b';{}|first|in-more")
        self.assertEqual(answer.headers["x-secret"], "Bearer pa$$word$host")
        self.assertEqual(s.get("/k").text, "of-/k|a 'b';{}|first|in-more")
        self.assertEqual(s.get("//k/rest").text.split("|")[0], "")
        self.assertEqual(s.get("/f/x.txt").text, "file")

    def test_escaped(self):
        s = self.sluice(r"""
            server { listen 127.0.0.1:%(port)d; location / { return 200 "\${env:TEST_A} ${env:TEST_A}"; }
                     location /plain { return 200 \${env:TEST_A}; } }""", env={"TEST_A": "1"})
        self.assertEqual(s.get("/").text, "${env:TEST_A} 1")
        self.assertEqual(s.get("/plain").text, "${env:TEST_A}")

    def test_reload_reads_it_again(self):
        conf = "server { listen 127.0.0.1:%(port)d; location / { return 200 'WORD ${env:TEST_A}'; } }"
        s = self.sluice(conf.replace("WORD", "one"), env={"TEST_A": "kept"})
        self.assertEqual(s.get("/").text, "one kept")
        s.reload(conf.replace("WORD", "two"))
        wait_for(lambda: s.get("/").text == "two kept")

    def test_dump_shows_what_was_written(self):
        conf = "events {} http { server { listen 127.0.0.1:%d; return 200 '${env:TEST_SECRET}'; } }" % free_port()
        result = self.run_sluice("-T", "-p", ".", "-c", "CONF", conf=conf, env={"TEST_SECRET": "very secret"})
        self.assertEqual((result.returncode, result.stderr.count("successful")), (0, 1))
        self.assertIn("return 200 '${env:TEST_SECRET}';", result.stdout)
        self.assertNotIn("very secret", result.stdout + result.stderr)


if __name__ == "__main__":
    main()
