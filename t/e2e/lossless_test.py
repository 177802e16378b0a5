#!/usr/bin/env python3
"""Nothing is lost while the server is reloaded or a worker dies: t/lossless in a short form."""

import sys

from harness import *

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lossless"))
import run as lossless


@unittest.skipUnless(os.access(lossless.PROGRAM, os.X_OK), "%s is not built: make build/lossless" % lossless.PROGRAM)
class Lossless(SluiceTest):
    def go(self, act):
        with lossless.Run(scale=0.5, socket_life=2.0) as run:
            act(run)
        self.assertEqual([l for l in run.load.losses if not run.excused(l)], [])
        self.assertEqual(run.problems, [])
        for flow, counts in run.load.totals.items():
            self.assertGreater(counts["answered"], 0, flow)
            self.assertEqual(counts["sent"], counts["answered"] + counts["declined"] + counts["lost"], flow)
        run.remove()
        return run

    def test_reloads(self):
        def reloads(run):
            for _ in range(10):
                run.reload()
                time.sleep(0.2)
        self.assertEqual(self.go(reloads).load.losses, [])

    def test_killed_workers(self):
        def kills(run):
            for _ in range(10):
                time.sleep(0.2)
                run.kill_worker()
        self.assertGreater(len(self.go(kills).kills), 5)


if __name__ == "__main__":
    main()
