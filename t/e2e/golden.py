"""Golden output: a folder of NAME.conf files, each with NAME.expected beside it.

The expected text is what `-t` says on stderr, with the file's path replaced by CONF, the prefix by PREFIX and the
time and pid of log lines removed. UPDATE_GOLDEN=1 writes what comes now; read the difference before committing it.
The first line of a .conf may be a comment "# args: -g 'user nobody;'" with further arguments.
"""

import difflib
import os
import re
import shlex

UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))


def cases(folder):
    return sorted(n[:-len(".conf")] for n in os.listdir(folder) if n.endswith(".conf"))


def normalise(text, conf, prefix):
    text = text.replace(conf, "CONF").replace(prefix, "PREFIX")
    return re.sub(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (\[\w+\]) \d+#\d+: ", r"\1 ", text, flags=re.M)


def run_case(test, folder, name):
    """Runs -t over one config; (exit code, normalised stderr)."""
    with open(os.path.join(folder, name + ".conf"), encoding="utf-8", errors="surrogateescape", newline="") as f:
        source = f.read()
    args = re.match(r"# args: (.*)", source)
    prefix = os.path.join(test.dir, "run")
    os.makedirs(os.path.join(prefix, "logs"), exist_ok=True)
    # A copy, so that neither the repository's path nor who owns it has a say; what it includes comes along.
    conf = os.path.join(prefix, "golden", name + ".conf")
    os.makedirs(os.path.dirname(conf), exist_ok=True)
    for entry in os.listdir(folder):
        if os.path.isfile(os.path.join(folder, entry)) and (
                entry == name + ".conf" or not entry.endswith((".conf", ".expected"))):
            with open(os.path.join(folder, entry), "rb") as f, open(os.path.join(os.path.dirname(conf), entry), "wb") as to:
                to.write(f.read())
    p = test.run_sluice("-t", "-p", prefix + "/", "-e", "logs/golden.log", "-c", conf, *shlex.split(args[1] if args else ""))
    return p.returncode, normalise(p.stderr, conf, prefix)


def check_folder(test, folder, code):
    """One subtest for every config in the folder; all must end with this exit code."""
    names = cases(folder)
    for name in names:
        with test.subTest(name):
            got_code, got = run_case(test, folder, name)
            path = os.path.join(folder, name + ".expected")
            test.assertEqual(got_code, code, "exit code of %s:\n%s" % (name, got))
            if UPDATE:
                with open(path, "w", encoding="utf-8", errors="surrogateescape") as f:
                    f.write(got)
                continue
            test.assertTrue(os.path.exists(path), "%s is missing; UPDATE_GOLDEN=1 writes it:\n%s" % (path, got))
            with open(path, encoding="utf-8", errors="surrogateescape") as f:
                expected = f.read()
            if got != expected:
                test.fail("".join(difflib.unified_diff(expected.splitlines(True), got.splitlines(True), "expected", "got")))
    return names
