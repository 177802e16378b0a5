#!/usr/bin/env python3
"""Every command is known to help, the manual page and the completion of shells, with all its options."""

import re
import subprocess

from harness import *
from server import TOP


def text_of(*path):
    with open(os.path.join(TOP, *path)) as f:
        return f.read()


class Commands(SluiceTest):
    def setUp(self):
        super().setUp()
        told = self.run_sluice("-h").stderr.split("Commands")[1]
        self.commands = re.findall(r"^  ([a-z][a-z-]*) *:", told, re.M)
        self.assertGreaterEqual(len(self.commands), 4)

    def options(self, command):
        p = self.run_sluice(command, "--help")
        self.assertEqual((p.returncode, p.stderr), (0, ""))
        self.assertTrue(p.stdout.startswith("Usage: sluice %s" % command), p.stdout)
        return re.findall(r"^  (--?[a-zA-Z-]+)", p.stdout.split("Options:")[1], re.M)

    def complete(self, *words):
        script = 'source "%s"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sluice; echo "${COMPREPLY[@]}"'
        p = subprocess.run(["bash", "-c", script % os.path.join(TOP, "contrib", "sluice.bash-completion"), "-", "sluice", *words],
                           capture_output=True, text=True)
        self.assertEqual(p.stderr, "")
        return p.stdout.split()

    def test_completion(self):
        self.assertEqual([c for c in self.complete("") if not c.startswith("-")], self.commands)
        for command in self.commands:
            with self.subTest(command):
                self.assertEqual(sorted(self.complete(command, "-")), sorted(self.options(command)))
        self.assertEqual(self.complete("-s", "re"), ["reopen", "reload"])
        self.assertEqual(self.complete("lint", "--format", "g"), ["github"])

    def test_fish_knows_them(self):
        fish = text_of("contrib", "sluice.fish")
        for command in self.commands:
            with self.subTest(command):
                self.assertIn("-a %s -d" % command, fish)

    def test_manual_page(self):
        page = text_of("man", "sluice.8").replace("\\-", "-")
        for command in self.commands:
            with self.subTest(command):
                self.assertIn(command, page)
                for option in self.options(command):
                    if option not in ("--help", "-c", "-p", "-g"):
                        self.assertRegex(page, r"Fl %s\b" % re.escape(option[1:]))


if __name__ == "__main__":
    main()
