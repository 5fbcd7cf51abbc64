#!/usr/bin/env python3
"""How soon a change that Google tells of is in the feed, and what a burst of notifications costs.

usage: push_bench.py [--notifications N]
environment: TIDEMARK_BINARY (default build/tidemark), FAKE_GOOGLE_BINARY
"""
import argparse
import http.client
import os
import statistics
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
os.environ.setdefault("TIDEMARK_BINARY", os.path.join(ROOT, "build", "tidemark"))

from support.google import PUBLIC_URL, Google, deliver, pushed_account  # noqa: E402
from support.tidemark import OperatorConnection, Tidemark, eventually  # noqa: E402

MOST_MEDIAN_MS = 50
BURST = 100


def insert(google, title):
    google.do("insert", calendar="team", event={
        "summary": title, "start": {"dateTime": "2026-01-05T10:00:00Z"},
        "end": {"dateTime": "2026-01-05T10:30:00Z"}})


class Feed:
    """The events as they are streamed."""

    def __init__(self, mark):
        self.connection = OperatorConnection(os.path.join(mark.data, "tidemark.sock"))
        self.connection.request("GET", "/v1/feed?after=latest", headers={"Accept": "text/event-stream"})
        self.lines = self.connection.getresponse()

    def next(self):
        while not self.lines.readline().startswith(b"data:"):
            pass


def posted(mark, push):
    """One notification over a connection of its own; milliseconds."""
    connection = http.client.HTTPConnection("127.0.0.1", mark.port)
    connection.connect()
    begin = time.monotonic()
    connection.request("POST", push["url"].removeprefix(PUBLIC_URL), b"", push["headers"])
    response = connection.getresponse()
    response.read()
    took = time.monotonic() - begin
    assert response.status == 200, response.status
    connection.close()
    return took * 1000


def latencies(google, mark, count):
    feed = Feed(mark)
    answers, events = [], []
    for i in range(count):
        insert(google, f"Event {i}")
        (push,) = google.do("pushes")
        begin = time.monotonic()
        answers.append(posted(mark, push))
        feed.next()
        events.append((time.monotonic() - begin) * 1000)
    return answers, events


def told(what, values):
    print(f"{what}: median {statistics.median(values):.1f} ms, "
          f"90 % {sorted(values)[len(values) * 9 // 10]:.1f} ms, most {max(values):.1f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--notifications", type=int, default=30)
    options = parser.parse_args()
    with Google() as google:
        google.do("calendar", id="team", summary="Team")
        with Tidemark(pushed_account(google, poll="1d")) as mark:
            for name, secret in google.secrets().items():
                mark.write(name, secret + "\n")
            mark.serve()
            eventually(lambda: google.do("channels", calendar="team"), "a channel")
            for push in google.do("pushes"):
                deliver(mark, push)
            answers, events = latencies(google, mark, options.notifications)
            told("notification -> answer", answers)
            told("notification -> feed", events)

            lists = google.do("count", route="events.list")
            for i in range(BURST):
                insert(google, f"Burst {i}")
            pushes = google.do("pushes")
            threads = [threading.Thread(target=posted, args=(mark, push)) for push in pushes]
            begin = time.monotonic()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took = (time.monotonic() - begin) * 1000
            wanted = options.notifications + BURST
            eventually(lambda: mark.calendars()[0]["events"] == wanted, "all events")
            print(f"a burst of {BURST} in {took:.0f} ms: "
                  f"{google.do('count', route='events.list') - lists} incremental runs")
    return 0 if statistics.median(events) < MOST_MEDIAN_MS else 1


if __name__ == "__main__":
    sys.exit(main())
