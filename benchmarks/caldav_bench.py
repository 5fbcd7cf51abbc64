#!/usr/bin/env python3
"""Syncing 10,000 events from Radicale, against one curl request to the same server and vdirsyncer.

usage: caldav_bench.py [--events N] [--rounds N] [--check] [--no-vdirsyncer]
environment: TIDEMARK_BINARY (default build/tidemark)

Prints times, and the ratios that count: both sides are measured in turn in the same run, medians.
--check: exit 1 when a target is missed.
"""
import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
os.environ.setdefault("TIDEMARK_BINARY", os.path.join(ROOT, "build", "tidemark"))

from support import ics, servers  # noqa: E402
from support.dav import Dav  # noqa: E402
from support.tidemark import mirroring  # noqa: E402

QUERY = ('<?xml version="1.0"?><D:sync-collection xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
         "<D:sync-token>{}</D:sync-token><D:sync-level>1</D:sync-level><D:prop><D:getetag/>"
         "<C:calendar-data/></D:prop></D:sync-collection>")


def timed(command, **options):
    """Seconds and peak RSS in MiB of one process."""
    # Not a second pipe: whoever logs more than a pipe holds would wait for its reader for ever.
    with tempfile.TemporaryFile() as errors:
        begin = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, **options)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            raise SystemExit(f"{command[0]} failed: {errors.read().decode()[-2000:]}")
    return seconds, usage.ru_maxrss / 1024, out


def curl(server, token=""):
    url = f"{server.url.rstrip('/')}/alice/cal/"
    return timed(["curl", "-sS", "--fail", "-u", "alice:secret", "-X", "REPORT", "-H", "Depth: 0",
                  "-H", "Content-Type: application/xml", "--data", QUERY.format(token), url])


class Vdirsyncer:
    def __init__(self, server):
        self.directory = tempfile.mkdtemp(prefix="tidemark-vdirsyncer-")
        with open(f"{self.directory}/config", "w", encoding="utf-8") as file:
            file.write(f'''
[general]
status_path = "{self.directory}/status"
[pair p]
a = "local"
b = "remote"
collections = ["cal"]
[storage local]
type = "filesystem"
path = "{self.directory}/mirror"
fileext = ".ics"
[storage remote]
type = "caldav"
url = "{server.url}"
username = "alice"
password = "secret"
''')
        subprocess.run(["vdirsyncer", "-c", f"{self.directory}/config", "discover"], input=b"y\ny\n",
                       check=True, capture_output=True)

    def sync(self):
        return timed(["vdirsyncer", "-c", f"{self.directory}/config", "sync"])

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def report(what, ours, theirs, target, better="at most"):
    ratio = statistics.median(a / b for a, b in zip(ours, theirs))
    held = ratio <= target if better == "at most" else ratio >= target
    print(f"{what:34} {ratio:8.2f}x   ({better} {target}x: {'held' if held else 'MISSED'})")
    return held


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--no-vdirsyncer", action="store_true")
    options = parser.parse_args()

    with servers.Radicale() as server:
        dav = Dav(server)
        dav.make_calendar("cal")
        for number in range(options.events):
            path = os.path.join(server.calendar_directory("cal"), ics.name(number))
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(ics.event(number))
        print(f"{options.events} events of {len(ics.event(0))} bytes, {options.rounds} rounds, medians")
        _, _, out = curl(server)  # Radicale parses every file once and keeps its cache
        token = re.search(rb"<sync-token>([^<]+)", out).group(1).decode()

        curl_initial, curl_none, ours_initial, ours_none, peak = [], [], [], [], 0.0
        for _ in range(options.rounds):
            curl_initial.append(curl(server)[0])
            with mirroring(server, calendars=["cal"]) as mark:
                seconds, rss, _ = timed(mark.command("sync"))
                ours_initial.append(seconds)
                peak = max(peak, rss)
                curl_none.append(curl(server, token)[0])
                seconds, rss, _ = timed(mark.command("sync"))
                ours_none.append(seconds)
                peak = max(peak, rss)
                assert mark.calendars()[0]["events"] == options.events
        for name, values in (("curl, initial", curl_initial), ("tidemark, initial", ours_initial),
                             ("curl, 0 changes", curl_none), ("tidemark, 0 changes", ours_none)):
            print(f"{name:34} {statistics.median(values):8.3f} s   {['%.3f' % v for v in values]}")
        print(f"{'tidemark, peak RSS':34} {peak:8.1f} MiB")
        held = [report("initial / curl", ours_initial, curl_initial, 1.15),
                report("0 changes / curl", ours_none, curl_none, 1.1), peak <= 64]
        if not options.no_vdirsyncer:
            peer = Vdirsyncer(server)
            first, none = peer.sync(), peer.sync()
            peer.close()
            print(f"vdirsyncer: initial {first[0]:.1f} s, 0 changes {none[0]:.1f} s, "
                  f"peak RSS {max(first[1], none[1]):.0f} MiB")
            held += [report("vdirsyncer / tidemark, initial", [first[0]],
                            [statistics.median(ours_initial)], 5, "at least"),
                     report("vdirsyncer / tidemark, 0 changes", [none[0]],
                            [statistics.median(ours_none)], 20, "at least")]
        dav.close()
    return 1 if options.check and not all(held) else 0


if __name__ == "__main__":
    sys.exit(main())
