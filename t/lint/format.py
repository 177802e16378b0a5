#!/usr/bin/env python3
"""clang-format has nothing to change."""

import shutil
import subprocess
from sources import *


def check(paths):
    """clang-format's words about these files, "" when it is content."""
    p = subprocess.run(["clang-format", "--dry-run", "-Werror", "--style=file:" + os.path.join(TOP, ".clang-format")] + paths,
                       cwd=TOP, capture_output=True, text=True)
    return p.stderr if p.returncode else ""


if __name__ == "__main__":
    paths = list(files("src", "t"))
    if not shutil.which("clang-format"):
        sys.exit("clang-format is not installed: contrib/install-deps --test")
    words = check(paths) if paths else ""
    if words:
        print(words[:6000] + "\nmake format puts it right")
        sys.exit(1)
