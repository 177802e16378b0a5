#!/usr/bin/env python3
"""Every config in warned/ is right by the letter and doubtful all the same: it passes, with the words beside it."""

from golden import check_folder
from harness import *


class WarnedConfigs(SluiceTest):
    def test_all(self):
        check_folder(self, os.path.join(os.path.dirname(os.path.abspath(__file__)), "warned"), code=0)


if __name__ == "__main__":
    main()
