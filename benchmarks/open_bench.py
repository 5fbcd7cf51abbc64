#!/usr/bin/env python3
"""Opening, idling and answering with a mirror of 100,000 events.

usage: open_bench.py [--events N] [--seconds S] [--check]
environment: TIDEMARK_BINARY (default build/tidemark)

ready: from the start of the process to 200 on /readyz. Queries: wrk on eight connections with
keep-alive, the server pinned to one core, wrk on the other; so what is measured is the server.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
os.environ.setdefault("TIDEMARK_BINARY", os.path.join(ROOT, "build", "tidemark"))

from support import ics  # noqa: E402
from support.tidemark import Tidemark  # noqa: E402

ACCOUNT = '[[account]]\nid = "big"\nprovider = "ics"\npath = "big.ics"\npoll = "1d"\n'


def write_calendar(path, count):
    with open(path, "w", encoding="utf-8") as file:
        file.write("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
        for number in range(count):
            one = ics.event(number)
            begin, end = one.index("BEGIN:VEVENT"), one.index("END:VCALENDAR")
            file.write(one[begin:end])
        file.write("END:VCALENDAR\r\n")


def rss_mib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS")


def rate(url, key, seconds, core):
    """Answers per second, all of them 200."""
    out = subprocess.run(["taskset", "-c", str(core), "wrk", "-t1", "-c8", f"-d{seconds:g}s", "-H",
                          f"Authorization: Bearer {key}", url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise SystemExit(f"{url}: {out}")
    return float(re.search(r"Requests/sec:\s+([0-9.]+)", out).group(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    held = []

    def verdict(what, value, unit, target, at_most):
        good = value <= target if at_most else value >= target
        held.append(good)
        print(f"{what:34} {value:10.3f} {unit:5} ({'at most' if at_most else 'at least'} {target}: "
              f"{'held' if good else 'MISSED'})", flush=True)

    with Tidemark(ACCOUNT) as mark:
        write_calendar(os.path.join(mark.directory, "big.ics"), options.events)
        mark.run("sync")
        key = mark.run("key", "create", "--tenant", "default").out.split()[-1]
        ready = []
        for _ in range(5):
            begin = time.monotonic()
            mark.serve()
            status, _, body = mark.http("GET", "/readyz")
            ready.append(time.monotonic() - begin)
            if status != 200:
                raise SystemExit(f"/readyz: {status} {body!r}")
            mark.kill(15)
        verdict("ready", statistics.median(ready), "s", 0.3, True)
        mark.serve()
        cores = sorted(os.sched_getaffinity(0))
        for task in os.listdir(f"/proc/{mark.daemon.pid}/task"):
            os.sched_setaffinity(int(task), {cores[0]})
        mark.http("GET", "/readyz")
        verdict("idle RSS", rss_mib(mark.daemon.pid), "MiB", 40, True)
        calendar = mark.calendars()[0]["id"]
        base = f"http://127.0.0.1:{mark.port}/v1"
        events = f"{base}/calendars/{calendar}/events?from=2026-06-01T00:00:00Z&to=2026-06-02T00:00:00Z&limit=10"
        verdict("event queries", rate(events, key, options.seconds, cores[-1]), "/s", 2000, False)
        feed = f"{base}/feed?limit=10"
        verdict("feed queries", rate(feed, key, options.seconds, cores[-1]), "/s", 2000, False)
        print(f"RSS after the queries: {rss_mib(mark.daemon.pid):.1f} MiB")
    return 1 if options.check and not all(held) else 0


if __name__ == "__main__":
    sys.exit(main())
