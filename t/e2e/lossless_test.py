#!/usr/bin/env python3
"""Nothing is lost while the server is reloaded, upgraded or a worker dies: t/lossless in a short form."""

import subprocess
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

    def test_upgrade_and_the_way_back(self):
        def change(run):
            run.upgrade()
            run.roll_back()
        self.assertEqual(self.go(change).load.losses, [])


@unittest.skipUnless(os.access(lossless.PROGRAM, os.X_OK), "%s is not built: make build/lossless" % lossless.PROGRAM)
class Accounts(SluiceTest):
    """The client against servers that misbehave: each mistake must be found, and called by its name."""

    def accounts(self, serve):
        """What the client says after a moment with that server: ({flow: {count: n}}, {why})."""
        port = self.raw_origin(serve).port if serve else free_port()
        client = subprocess.Popen([lossless.PROGRAM, "client", str(port), "0.2", "1"], stdout=subprocess.PIPE, text=True)
        time.sleep(0.6)
        client.terminate()
        out, _ = client.communicate(timeout=40)
        self.assertEqual(client.returncode, 0)
        totals, losses = {}, []
        for line in out.splitlines():
            lossless.read_account(line, totals, losses)
        return totals, {loss.why for loss in losses}

    def expect_all_lost(self, serve, *reasons):
        totals, why = self.accounts(serve)
        for flow in ("keepalive", "pipelined", "new-connection", "websocket"):
            self.assertGreater(totals[flow]["lost"], 0, flow)
            self.assertEqual(totals[flow]["answered"], 0, flow)
            self.assertEqual(totals[flow]["sent"], totals[flow]["lost"], flow)
        for reason in reasons:
            self.assertIn(reason, why)
        return totals

    def answer(self, text):
        def serve(conn):
            conn.read_until(b"\r\n\r\n")  # of a slow upload only the head
            conn.send(text)
            return CLOSE
        return serve

    def test_nobody_listens(self):
        totals, why = self.accounts(None)
        for flow, counts in totals.items():
            self.assertEqual((counts["sent"], counts["lost"]), (0, 0), flow)
            self.assertGreater(counts["refused"], 0, flow)
        self.assertEqual(why, set())

    def test_an_error(self):
        self.expect_all_lost(self.answer("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), "status 503",
                             "no handshake: status before the answer")

    def test_a_wrong_body(self):
        self.expect_all_lost(self.answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), "a wrong body")

    def test_half_an_answer(self):
        self.expect_all_lost(self.answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na"), "closed within the answer")

    def test_what_is_no_http(self):
        self.expect_all_lost(self.answer("HTTP/1.1 200 OK\r\n\r\nabc"), "an answer that is no HTTP before the answer")

    def test_no_answer(self):
        """The request was received: nothing crossed."""
        def serve(conn):
            conn.read_until(b"\r\n\r\n")
            return CLOSE
        totals = self.expect_all_lost(serve, "closed before the answer")
        self.assertEqual(totals["keepalive"]["crossed"], 0)

    def test_no_answer_and_not_even_read(self):
        def serve(conn):
            conn.sock.recv(1)
            return CLOSE
        totals = self.expect_all_lost(serve, "reset before the answer")
        self.assertEqual(totals["keepalive"]["crossed"], 0)

    def test_pipelined_behind_the_last_answer(self):
        def serve(conn):
            conn.read_until(b"\r\n\r\n")
            conn.send("HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            return CLOSE
        counts = self.accounts(serve)[0]["pipelined"]
        self.assertEqual(counts["declined"], 7 * counts["lost"])
        self.assertGreater(counts["lost"], 0)


if __name__ == "__main__":
    main()
