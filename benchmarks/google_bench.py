#!/usr/bin/env python3
"""Syncing a Google calendar of many events for the first time: the time and the memory it takes.

usage: google_bench.py [--events N]
environment: TIDEMARK_BINARY (default build/tidemark), FAKE_GOOGLE_BINARY
"""
import argparse
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
sys.path.insert(0, os.path.join(ROOT, "benchmarks"))
os.environ.setdefault("TIDEMARK_BINARY", os.path.join(ROOT, "build", "tidemark"))

from caldav_bench import timed  # noqa: E402
from support.google import Google  # noqa: E402
from support.tidemark import Tidemark  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=100_000)
    options = parser.parse_args()
    with Google() as google:
        google.do("calendar", id="team", summary="Team")
        google.do("fill", calendar="team", count=options.events)
        with Tidemark(google.account()) as mark:
            for name, secret in google.secrets().items():
                mark.write(name, secret + "\n")
            seconds, peak, _ = timed(mark.command("sync"))
            assert mark.calendars()[0]["events"] == options.events
            print(f"{options.events} events: initial sync {seconds:.1f} s, peak RSS {peak:.1f} MiB "
                  f"(at most 96 MiB: {'held' if peak <= 96 else 'MISSED'})")
            seconds, _, _ = timed(mark.command("sync"))
            print(f"0 changes: {seconds:.2f} s")


if __name__ == "__main__":
    sys.exit(main())
