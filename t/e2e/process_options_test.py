#!/usr/bin/env python3
"""The command line: what each option prints, where, and with which exit code."""

import re

from harness import *

GOOD = "error_log logs/error.log; pid logs/sluice.pid; events { }\n"


class Options(SluiceTest):
    def test_version_and_help_go_to_stderr(self):
        p = self.run_sluice("-v")
        self.assertEqual((p.returncode, p.stdout), (0, ""))
        self.assertRegex(p.stderr, r"\Asluice version: sluice/\d+\.\d+\.\d+\n\Z")
        p = self.run_sluice("-h")
        self.assertEqual((p.returncode, p.stdout), (0, ""))
        for option in "?hvVtTqspecg":
            self.assertIn("-" + option if option not in "?h" else "-?,-h", p.stderr)
        for word in ("--no-wait", "--manual", "upgrade"):
            self.assertRegex(p.stderr, r"(?m)^  %s +:? " % word)

    def test_configure_arguments(self):
        p = self.run_sluice("-V")
        self.assertEqual((p.returncode, p.stdout), (0, ""))
        line = re.search(r"^configure arguments: (.*)$", p.stderr, re.M)[1]
        for path in ("--prefix=", "--conf-path=", "--error-log-path=", "--http-log-path=", "--pid-path="):
            self.assertRegex(line, path + r"\S+")
        # What is listed exists: a directive of a module that is said to be absent is not known.
        for argument, directive in (("--without-http_ssi_module", "ssi on;"), ("--without-http_geo_module", "geo $x { }")):
            p = self.run_sluice("-t", "-c", "CONF", conf=GOOD + "http { %s }" % directive)
            self.assertEqual(argument in line.split(), "is not supported" in p.stderr, argument)

    def test_wrong_options(self):
        for args, words in (
                (["-x"], 'invalid option: "x"'),
                (["start"], 'invalid option: "start"'),
                (["-c"], 'option "-c" requires file name'),
                (["-s", "restart"], 'invalid option: "-s restart"')):
            p = self.run_sluice(*args)
            self.assertEqual((p.returncode, p.stdout, p.stderr), (1, "", "sluice: %s\n" % words))

    def test_a_good_configuration(self):
        p = self.run_sluice("-t", "-p", ".", "-c", "CONF", "-e", "stderr", conf=GOOD)
        path = os.path.join(self.dir, "run/conf/sluice.conf")
        self.assertEqual((p.returncode, p.stdout, p.stderr), (
            0, "", "sluice: the configuration file %s syntax is ok\n"
                   "sluice: configuration file %s test is successful\n" % (path, path)))
        p = self.run_sluice("-tq", "-p", ".", "-c", "CONF", "-e", "stderr", conf=GOOD)
        self.assertEqual((p.returncode, p.stdout, p.stderr), (0, "", ""))

    def test_the_default_configuration_and_its_examples(self):
        top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../conf/")
        with open(top + "sluice.conf") as f, open(top + "mime.types") as types:
            text, mime = f.read(), types.read()
        for conf in (text, re.sub(r"(?m)^( *)#(?=[a-z} ] *\S*.*[;{}']|\})", r"\1", text)):
            conf = re.sub(r"listen +80;", "listen 127.0.0.1:%d;" % free_port(), conf)
            instance = self.sluice(conf, raw=True, start=False)
            instance.write_file("conf/mime.types", mime)
            p = self.run_sluice("-t", "-p", instance.prefix, "-c", instance.conf_path)
            self.assertEqual(p.returncode, 0, p.stderr)
        self.assertRegex(conf, r"(?m)^ +proxy_pass ")

    def test_a_bad_configuration(self):
        for bad, words in (("events { } wörker 1;", "unknown directive"), ("pid logs/x.pid;", 'no "events" section'),
                           ("events { } error_log none/x.log;", r'open\(\) ".*none/x.log" failed \(2: No such file'),
                           ("events { } pid none/x.pid;", r'open\(\) ".*none/x.pid" failed \(2: No such file')):
            for start in ([], ["-t"]):
                p = self.run_sluice(*start, "-p", ".", "-c", "CONF", conf="daemon off; " + bad)
                self.assertEqual((p.returncode, p.stdout), (1, ""), bad)
                self.assertRegex(p.stderr, words)
                self.assertEqual("test failed" in p.stderr, bool(start))

    def test_a_missing_configuration(self):
        p = self.run_sluice("-t", "-p", ".", "-c", "none.conf")
        self.assertEqual(p.returncode, 1)
        self.assertRegex(p.stderr, r'sluice: \[emerg\] open\(\) ".*/none.conf" failed \(2: No such file or directory\)')

    def test_dump(self):
        instance = self.sluice("include more/*.conf;" + GOOD, raw=True, start=False)
        instance.write_file("conf/more/a.conf", "worker_processes 2;\n")
        p = self.run_sluice("-T", "-p", instance.prefix, "-c", instance.conf_path, "-e", "stderr")
        self.assertEqual(p.returncode, 0)
        self.assertIn("# configuration file %s:\ninclude more" % instance.conf_path, p.stdout)
        self.assertIn("# configuration file %s:\nworker_processes 2;\n" % instance.path("conf/more/a.conf"), p.stdout)
        self.assertIn("test is successful", p.stderr)

    def test_directives_of_the_command_line(self):
        p = self.run_sluice("-t", "-p", ".", "-c", "CONF", "-g", "worker_processes 2;", conf=GOOD)
        self.assertEqual(p.returncode, 0, p.stderr)
        p = self.run_sluice("-t", "-p", ".", "-c", "CONF", "-g", "pid x;", conf=GOOD)
        self.assertEqual(p.returncode, 1)
        self.assertIn('"pid" directive is duplicate in', p.stderr)
        p = self.run_sluice("-t", "-p", ".", "-c", "CONF", "-g", "pid x", conf=GOOD)
        self.assertEqual(p.returncode, 1)
        self.assertIn("command line", p.stderr)

    def test_the_manual_lists_what_is_built_in(self):
        p = self.run_sluice("--manual")
        self.assertEqual((p.returncode, p.stderr), (0, ""))
        self.assertRegex(p.stdout, r"(?m)^worker_processes\n +syntax: +worker_processes number \| auto;")
        self.assertIn(".Sh NAME", self.run_sluice("--manual=mdoc").stdout)

    def test_signals_without_a_server(self):
        p = self.run_sluice("-s", "quit", "-p", ".", "-c", "CONF", conf=GOOD)
        self.assertEqual(p.returncode, 1)
        self.assertRegex(p.stderr, r'sluice: \[error\] open\(\) ".*/logs/sluice.pid" failed \(2: No such file or directory\)')
        for text in ("", "x12", "-1"):
            with open(os.path.join(self.dir, "run/logs/sluice.pid"), "w") as f:
                f.write(text + "\n")
            p = self.run_sluice("-s", "quit", "-p", ".", "-c", "CONF", conf=GOOD)
            self.assertEqual(p.returncode, 1)
            self.assertIn('invalid PID number "%s" in' % text, p.stderr)


class Sockets(SluiceTest):
    def test_the_folder_of_a_unix_socket_is_looked_at(self):
        folder = os.path.join(self.dir, "none")
        conf = "pid x.pid; error_log stderr; events { } http { access_log off; server { listen unix:%s/x.sock; } }" % folder
        done = self.run_sluice("-t", "-p", self.dir, "-c", "CONF", "-e", "stderr", conf=conf)
        self.assertEqual(done.returncode, 1)
        self.assertIn("unix:%s/x.sock" % folder, done.stderr)
        self.assertIn("No such file or directory", done.stderr)
        os.mkdir(folder)
        done = self.run_sluice("-t", "-p", self.dir, "-c", "CONF", "-e", "stderr", conf=conf)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(os.listdir(folder), [])


if __name__ == "__main__":
    main()
