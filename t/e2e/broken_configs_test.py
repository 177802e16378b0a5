#!/usr/bin/env python3
"""Every config in broken/ is refused, with exactly the words that stand beside it."""

from golden import check_folder
from harness import *


class BrokenConfigs(SluiceTest):
    def test_all(self):
        check_folder(self, os.path.join(os.path.dirname(os.path.abspath(__file__)), "broken"), code=1)


if __name__ == "__main__":
    main()
