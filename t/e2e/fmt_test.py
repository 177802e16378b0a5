#!/usr/bin/env python3
"""sluice fmt: what it makes of the files in fmt/, that it changes nothing else, and what it does to files on disk."""

import difflib
import glob
import socket
import subprocess

from golden import UPDATE
from harness import *
from server import TOP

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fmt")


def read(path):
    with open(path, encoding="utf-8", newline="") as f:
        return f.read()


class Fmt(SluiceTest):
    def fmt(self, *args, given=None):
        return subprocess.run([BINARY, "fmt", *args], input=given, capture_output=True, text=True, timeout=20)

    def file(self, text, name="a.conf"):
        path = os.path.join(self.dir, name)
        with open(path, "w", newline="") as f:
            f.write(text)
        return path

    def test_goldens(self):
        for conf in sorted(glob.glob(os.path.join(FOLDER, "*.conf"))):
            with self.subTest(os.path.basename(conf)):
                source = read(conf)
                p = self.fmt(given=source)
                broken = os.path.basename(conf).startswith("broken")
                self.assertEqual(p.returncode, 2 if broken else 0, p.stderr)
                got = p.stderr if broken else p.stdout
                expected = conf[:-len(".conf")] + ".expected"
                if UPDATE:
                    with open(expected, "w", newline="") as f:
                        f.write(got)
                elif got != read(expected):
                    self.fail("".join(difflib.unified_diff(read(expected).splitlines(True), got.splitlines(True))))
                if not broken:
                    self.assertEqual(self.fmt(given=got).stdout, got, "a second time it changes")

    def test_the_files_that_come_along_mean_the_same(self):
        for conf in glob.glob(os.path.join(TOP, "conf", "**", "*.conf"), recursive=True):
            with self.subTest(conf):
                p = self.fmt(conf)
                self.assertEqual(p.returncode, 0, p.stderr)
                self.assertEqual(p.stdout.replace("{}", "{ }").split(), read(conf).replace("{}", "{ }").split())

    def test_w_replaces_the_file_and_keeps_its_mode(self):
        path = self.file("a  b;\n")
        os.chmod(path, 0o640)
        link = os.path.join(self.dir, "link.conf")
        os.symlink("a.conf", link)
        if os.geteuid() == 0:
            os.chown(path, 12345, 23456)
        p = self.fmt("-w", link)
        self.assertEqual((p.returncode, p.stdout, p.stderr), (0, "", ""))
        self.assertEqual(read(path), "a b;\n")
        self.assertTrue(os.path.islink(link))
        now = os.stat(path)
        self.assertEqual(now.st_mode & 0o7777, 0o640)
        if os.geteuid() == 0:
            self.assertEqual((now.st_uid, now.st_gid), (12345, 23456))
        self.assertEqual([n for n in os.listdir(self.dir) if "fmt" in n], [])

    def test_w_leaves_what_is_right_or_broken(self):
        right, broken = self.file("a b;\n"), self.file("a  b", "broken.conf")
        before = os.stat(right).st_ino
        p = self.fmt("-w", broken, right)
        self.assertEqual(p.returncode, 2)
        self.assertIn("this directive has no end", p.stderr)
        self.assertEqual((read(broken), os.stat(right).st_ino), ("a  b", before))

    def test_standard_input_may_be_a_socket(self):
        ours, theirs = socket.socketpair()
        p = subprocess.Popen([BINARY, "fmt"], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        theirs.close()
        ours.sendall(b"a  b;")
        ours.close()
        self.assertEqual(p.communicate(timeout=20), ("a b;\n", ""))

    def test_check_and_diff(self):
        right, other = self.file("a b;\n"), self.file("a  b;\nc;\n", "other.conf")
        self.assertEqual(self.fmt("--check", right).returncode, 0)
        p = self.fmt("--check", right, other)
        self.assertEqual((p.returncode, p.stdout), (1, other + "\n"))
        p = self.fmt("--diff", right, other)
        self.assertEqual((p.returncode, p.stdout), (0, "--- %s\n+++ %s (formatted)\n@@ -1,2 +1,2 @@\n-a  b;\n+a b;\n c;\n" % (other, other)))
        self.assertEqual(self.fmt("--diff", "--check", other).returncode, 1)
        self.assertEqual(read(other), "a  b;\nc;\n")

    def test_differences_are_patches(self):
        lines = ["directive%d x;\n" % i for i in range(40)]
        for i in (0, 5, 6, 20, 39):
            lines[i] = "  " + lines[i]
        before = self.file("".join(lines))
        patch = self.fmt("--diff", before).stdout
        p = subprocess.run(["patch", "-s", before], input=patch, capture_output=True, text=True)
        self.assertEqual(p.returncode, 0, p.stdout + p.stderr)
        self.assertEqual(self.fmt("--check", before).returncode, 0)

    def test_wrong_command_lines(self):
        for args, words in [(["-x"], 'invalid option: "-x"'), (["-w"], "-w needs the names of files"),
                            (["-w", "--check", "a"], "exclude each other"),
                            (["/nonexistent/a"], 'open() "/nonexistent/a" failed (2: No such file or directory)'),
                            (["/"], "Is a directory")]:
            with self.subTest(args):
                p = self.fmt(*args, given="")
                self.assertEqual((p.returncode, p.stdout), (2, ""))
                self.assertIn(words, p.stderr)
        self.assertIn("Usage: sluice fmt", self.fmt("--help").stdout)


if __name__ == "__main__":
    main()
