#!/usr/bin/env python3
"""The demonstration behind scripts/demo; every figure it prints is read from the running programs."""
import argparse
import http.client
import os
import re
import signal
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
os.environ.setdefault("TIDEMARK_BINARY", os.path.join(ROOT, "build", "tidemark"))

from support import compare, ics, servers  # noqa: E402
from support.dav import Dav  # noqa: E402
from support.tidemark import mirroring  # noqa: E402

ANNIVERSARIES = "/usr/share/calendar/calendar.history"  # of Debian's package "calendar"
LARGE = 5000
KILL_AFTER = 1500


def say(text=""):
    print(text, flush=True)


def step(text):
    say(f"\n== {text}")


def show(mark, *arguments, lines=None):
    """Runs a command as a user would and shows what it prints."""
    say("$ tidemark " + " ".join(arguments))
    out = mark.run(*arguments).out.splitlines()
    for line in out[:lines]:
        say("  " + (line if len(line) <= 150 else line[:147] + "..."))
    if lines is not None and len(out) > lines:
        say(f"  ... {len(out) - lines} more lines")


def anniversaries():
    """Real data: dated events of history, one yearly all-day event each."""
    found = []
    with open(ANNIVERSARIES, encoding="utf-8", errors="replace") as file:
        for line in file:
            entry = re.match(r"(\d\d)/(\d\d)\t(.*?),? ?(\d{4})?\s*$", line)
            if entry:
                month, day, title, year = entry.groups()
                found.append((f"{year or 2000}{month}{day}", title.replace(",", "\\,").replace(";", "\\;")))
    return found


def fill_history(dav):
    for number, (day, title) in enumerate(anniversaries()):
        dav.put("history", f"day-{number}.ics", history_event(number, day, title))


def history_event(number, day, title):
    return ics.calendar(f"BEGIN:VEVENT\nUID:day-{number}@history\nDTSTAMP:20260101T000000Z\n"
                        f"DTSTART;VALUE=DATE:{day}\nRRULE:FREQ=YEARLY\nSUMMARY:{title}\nEND:VEVENT\n")


def fill_large(server):
    directory = server.calendar_directory("large")
    for number in range(LARGE):
        with open(os.path.join(directory, ics.name(number)), "w", encoding="utf-8", newline="") as file:
            file.write(ics.event(number))


def check(condition, text):
    say(f"  {'ok ' if condition else 'NO '} {text}")
    if not condition:
        raise SystemExit("the demonstration failed")


def first_mirror(mark, dav):
    step("A calendar of real anniversaries on a real CalDAV server, mirrored")
    dav.make_calendar("history")
    fill_history(dav)
    count = len(dav.listing("history"))
    say(f"  {count} events are on the server ({ANNIVERSARIES})")
    show(mark, "sync")
    show(mark, "calendars")
    show(mark, "feed", "--limit", "3")
    check(len(mark.feed()) == count, f"{count} events on the server, {len(mark.feed())} events in the feed")


def three_changes(mark, dav):
    step("Three changes on the server, three events")
    seen = mark.feed()
    dav.put("history", "day-1.ics", history_event(1, "19690720", "People walk on the Moon"))
    dav.delete("history", "day-2.ics")
    dav.put("history", "new.ics", history_event(9999, "20260101", "Tidemark is shown"))
    show(mark, "sync")
    show(mark, "feed", "--after", seen[-1]["id"])
    new = mark.feed(after=seen[-1]["id"])
    check(compare.by_kind(new) == {"created": 1, "updated": 1, "deleted": 1}, "exactly three events")


def wait_for_events(mark, after, count):
    """Follows the feed as a server-sent event stream until `count` events came."""
    connection = http.client.HTTPConnection("127.0.0.1", mark.port, timeout=120)
    connection.request("GET", "/v1/feed", headers={"Accept": "text/event-stream", "Last-Event-ID": after,
                                                   "Authorization": f"Bearer {mark.key}"})
    stream = connection.getresponse()
    while count > 0:
        line = stream.readline()
        if not line:
            raise SystemExit("the feed ended early")
        count -= line.startswith(b"id:")
    connection.close()


def killed_in_the_middle(mark, server, dav):
    step(f"kill -9 in the middle of an initial sync of {LARGE} events")
    dav.make_calendar("large")
    fill_large(server)
    before = mark.feed()
    mark.key = mark.run("key", "create", "--tenant", "default").out.split()[-1]
    mark.serve()
    say("$ tidemark serve &  tidemark sync &")
    asking = mark.start("sync")  # goes to the running server, which looks for new calendars
    wait_for_events(mark, before[-1]["id"], KILL_AFTER)
    mark.kill(signal.SIGKILL)
    asking.communicate()
    at_kill = mark.feed(after=before[-1]["id"])
    say(f"  killed; the store holds {len(at_kill)} of {LARGE} events")
    check(0 < len(at_kill) < LARGE, "the initial sync was cut off in the middle")
    show(mark, "sync")
    after = mark.feed(after=before[-1]["id"])
    check(after[:len(at_kill)] == at_kill, f"the first {len(at_kill)} events are the same ones: resumed")
    check(len({item["id"] for item in after}) == len(after) == LARGE, f"{LARGE} events, none lost, none doubled")
    events = mark.events("work/large")
    check(compare.mirror_listing(events) == dav.listing("large"), "the mirror equals the server, ETag by ETag")


def look(mark, keep):
    step("What the system did, and where to look")
    show(mark, "status", lines=12)
    show(mark, "audit", "list", "--limit", "3")
    if not keep:
        return
    mark.serve()
    say(f"\n  http://127.0.0.1:{mark.port}/v1/calendars  (Authorization: Bearer {mark.key})")
    say(f"  tidemark status --config {mark.config}")
    say("  Ctrl-C ends it.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("\nbye")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", action="store_true", help="leave it running and print a URL")
    keep = parser.parse_args().keep
    with servers.Radicale() as server, mirroring(server) as mark:
        say(f"Radicale: {server.url}   data directory: {mark.data}")
        dav = Dav(server)
        first_mirror(mark, dav)
        three_changes(mark, dav)
        killed_in_the_middle(mark, server, dav)
        look(mark, keep)
        dav.close()
    say("\nAll of it held.")


if __name__ == "__main__":
    main()
