#!/usr/bin/env python3
"""Does a reload, an upgrade or a crash lose requests? All kinds of traffic at once, each counted by itself.

    make lossless LOSSLESS_ARGS='--reloads 100'         or, once build/lossless is there,
    t/lossless/lossless.py --reloads 100 --upgrades 20 --rollbacks 5
    t/lossless/lossless.py --kill-every 0.2 --for 60
    t/lossless/lossless.py --product nginx …            the same against the installed nginx
    t/lossless/lossless.py --memory                     200 reloads without traffic, the master's memory

Exits with 1 when anything was lost, or left behind. README.md says what is counted as what.
"""

import argparse
import ctypes
import os
import shutil
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
PR_SET_CHILD_SUBREAPER = 36  # daemons and orphans become children of this process


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--product", choices=("sluice", "nginx"), default="sluice")
    parser.add_argument("--reloads", type=int, default=0, metavar="N", help="HUP, each once the one before serves")
    parser.add_argument("--upgrades", type=int, default=0, metavar="N", help="USR2, then WINCH and QUIT to the old master")
    parser.add_argument("--rollbacks", type=int, default=0, metavar="N",
                        help="USR2, WINCH and HUP to the old master, QUIT to the new one")
    parser.add_argument("--kill-every", type=float, default=0, metavar="SECONDS", help="SIGKILL to a random worker")
    parser.add_argument("--for", type=float, default=0, metavar="SECONDS", dest="seconds",
                        help="how long to kill, or only to load")
    parser.add_argument("--memory", action="store_true", help="200 reloads, or --reloads, without traffic")
    parser.add_argument("--pause", type=float, default=0.0, metavar="SECONDS", help="between disturbances")
    parser.add_argument("--scale", type=float, default=1.0, help="number of clients; 1 is some 3000 requests/s")
    parser.add_argument("--socket-life", type=float, default=5.0, metavar="SECONDS", help="how long a WebSocket is used")
    parser.add_argument("--shutdown", type=int, default=60, metavar="SECONDS", help="worker_shutdown_timeout")
    parser.add_argument("--generations", type=int, default=1000, metavar="N",
                        help="max_worker_generations of sluice; 0: its default, for which reloads wait")
    parser.add_argument("--conf", default="", metavar="TEXT", help="directives before all others")
    parser.add_argument("--losses", type=int, default=20, metavar="N", help="show so many losses")
    parser.add_argument("--keep", action="store_true", help="leave the prefix with its logs")
    return parser.parse_args()


def disturb(run, options):
    for name, count, action in (("reload", options.reloads, run.reload), ("upgrade", options.upgrades, run.upgrade),
                                ("rollback", options.rollbacks, run.roll_back)):
        begin = time.monotonic()
        for _ in range(count):
            action()
            time.sleep(options.pause)
        if count:
            print("%d × %s in %.1f s" % (count, name, time.monotonic() - begin), flush=True)
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        time.sleep(options.kill_every or 0.2)
        if options.kill_every:
            run.kill_worker()
    if run.kills:
        print("%d × kill" % len(run.kills), flush=True)


def measure_memory(run, count):
    """Pss of the master with two workers and nothing else, every tenth reload."""
    figures = []
    for i in range(count + 1):
        if i % 10 == 0:
            run.wait_alone()
            figures.append(run.memory())
        if i < count:
            run.reload()
    # The first generation shares pages that none of the others does.
    settled = figures[1:]
    print("master's Pss in KB, each 10 reloads: %s" % " ".join(map(str, figures)))
    spread = (max(settled) - min(settled)) / min(settled) * 100
    print("after the first 10: %d to %d KB, %.2f %% apart" % (min(settled), max(settled), spread))
    if settled[-1] > settled[0] * 1.01:
        run.problems.append("the master's memory grew from %d to %d KB" % (settled[0], settled[-1]))


def table(run):
    columns = ("sent", "answered", "refused", "declined", "lost", "crossed", "ended_idle")
    print("%-16s" % "" + "".join("%11s" % c for c in columns) + "%14s" % "longest ms")
    everything = dict.fromkeys(columns, 0)
    for flow, figures in run.load.totals.items():
        print("%-16s" % flow + "".join("%11d" % figures[c] for c in columns) + "%14.0f" % (figures["longest_us"] / 1e3))
        for c in columns:
            everything[c] += figures[c]
    print("%-16s" % "all" + "".join("%11d" % everything[c] for c in columns))


def report(run, options):
    """Prints what came of it; returns whether all is well."""
    if run.traffic:
        table(run)
    unexcused = [loss for loss in run.load.losses if not run.excused(loss)]
    if run.kills:
        print("%d lost with a worker that was killed, %d otherwise" % (len(run.load.losses) - len(unexcused), len(unexcused)))
    for loss in unexcused[:options.losses]:
        print("  lost at %.6f: %s, port %d, worker %d, after %d us%s: %s" % (
            loss.at, loss.flow, loss.port, loss.worker, loss.waited_us, ", crossed" if loss.crossed else "", loss.why))
    for problem in run.problems:
        print("  " + problem)
    return not unexcused and not run.problems


def main():
    chosen = options()
    if chosen.product == "nginx":
        os.environ["SLUICE_BINARY"] = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin") \
            or sys.exit("nginx is not installed: contrib/install-deps --bench")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    from run import Run  # it reads which binary is meant
    with Run(chosen.scale, chosen.socket_life, chosen.shutdown, chosen.conf, not chosen.memory, chosen.generations) as run:
        if chosen.memory:
            measure_memory(run, chosen.reloads or 200)
        else:
            disturb(run, chosen)
    well = report(run, chosen)
    if chosen.keep:
        print("the logs are in " + run.dir)
    else:
        run.remove()
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
