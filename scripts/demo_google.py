#!/usr/bin/env python3
"""The demonstration behind scripts/demo --google: consent, sync, a kill, push, writing, a revoked account.

Google is the fake one of tests/support/google, a real HTTP server on loopback.
"""
import os
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
os.environ.setdefault("TIDEMARK_BINARY", os.path.join(ROOT, "build", "tidemark"))

from demo import check, say, show, step  # noqa: E402
from support import compare  # noqa: E402
from support.google import PUBLIC_URL, Google, deliver  # noqa: E402
from support.tidemark import Tidemark, eventually  # noqa: E402

EVENTS = 10_000
PAGE = 2_500


def utc(time):
    return {"dateTime": time, "timeZone": "UTC"}


def mirrored(mark):
    calendars = mark.operator("GET", "/v1/calendars")["items"]
    return calendars[0]["events"] if calendars else 0


def add_account(mark, google):
    step("An account is added while the service runs")
    secret = mark.write("client-secret", google.facts["client_secret"] + "\n")
    show(mark, "account", "add", "google", "--id", "ada", "--url", google.url, "--client-id",
         google.facts["client_id"], "--client-secret-file", secret, "--poll", "1d", "--write")
    show(mark, "account", "list")


def connect(mark):
    say("$ tidemark account connect ada")
    process = mark.start("account", "connect", "ada")
    link = process.stdout.readline().strip()
    say(f"  {link[:110]}...")
    say("  (somebody opens the link, allows access, and the browser comes back)")
    urllib.request.urlopen(link).close()
    _, errors = process.communicate(timeout=60)
    say("  " + errors.strip().splitlines()[-1])
    check(process.returncode == 0, "the account is connected")


def first_mirror(mark, google):
    step(f"A first sync of {EVENTS} events in pages of {PAGE}, killed at the third")
    google.do("calendar", id="team", summary="Team")
    google.do("fill", calendar="team", count=EVENTS)
    google.do("pages", size=PAGE)
    google.do("hold", page=3)
    connect(mark)
    google.do("wait_for_held")
    mark.kill()
    google.do("go_on")
    say(f"  killed with -9; the store holds {len(mark.feed(after=None))} events of the feed")
    mark.serve()
    eventually(lambda: mirrored(mark) == EVENTS, "the whole mirror")
    told = [item for item in mark.feed() if item["type"] == "calendar.event.created"]
    check(len(told) == EVENTS, f"{EVENTS} events, none lost, none told twice; nobody was asked again")


def changes(mark, google):
    step("A series, one of its days moved, one cancelled")
    seen = mark.feed()[-1]["id"]
    series = google.do("insert", calendar="team", event={
        "summary": "Standup", "start": utc("2026-01-05T10:00:00Z"), "end": utc("2026-01-05T10:15:00Z"),
        "recurrence": ["RRULE:FREQ=DAILY;COUNT=5"]})
    google.do("change_instance", calendar="team", id=series, start=utc("2026-01-06T10:00:00Z"),
              changes={"summary": "Standup, later", "start": utc("2026-01-06T15:00:00Z"),
                       "end": utc("2026-01-06T15:15:00Z")})
    google.do("cancel_instance", calendar="team", id=series, start=utc("2026-01-07T10:00:00Z"))
    mark.run("sync")
    show(mark, "feed", "--after", seen)
    check(set(compare.by_kind(mark.feed(after=seen))) <= {"created", "updated"}, "told as a series")
    google.do("expire", calendar="team")
    before = len(mark.feed())
    mark.run("sync")
    check(len(mark.feed()) == before, "Google forgot its sync tokens (410): compared, nothing told twice")


def pushed(mark, google):
    step("Google notifies: nothing is polled, a change is here at once")
    google.do("pushes")  # the greeting of the channel
    google.do("insert", calendar="team", event={
        "summary": "Pushed", "start": utc("2026-01-15T10:00:00Z"), "end": utc("2026-01-15T11:00:00Z")})
    before, begun = mirrored(mark), time.monotonic()
    statuses = {deliver(mark, push) for push in google.do("pushes")}
    answered = time.monotonic() - begun
    eventually(lambda: mirrored(mark) > before, "the event")
    check(statuses == {200}, f"answered after {answered * 1000:.0f} ms, mirrored after "
                             f"{(time.monotonic() - begun) * 1000:.0f} ms")


def written(mark, google):
    step("An event is created through Tidemark, and nobody else's change is overwritten")
    made = mark.run("event", "create", "ada/Team", "--title", "Lunch", "--zone", "Europe/Berlin",
                    "--start", "2026-01-16T12:00:00", "--end", "2026-01-16T13:00:00").out.strip()
    say(f"$ tidemark event create ada/Team --title Lunch ...\n  {made}")
    at_google = [event for event in google.do("events", calendar="team") if event.get("summary") == "Lunch"]
    check(len(at_google) == 1, "it is at Google, once")
    google.do("patch", calendar="team", id=made, changes={"summary": "Late lunch"})
    say("  (somebody renames it at Google meanwhile)")
    refused = mark.run("event", "update", "ada/Team", made, "--title", "Early lunch", code=1)
    say("  " + refused.err.strip().splitlines()[-1])
    show(mark, "feed", "--type", "calendar.write.*")
    names = [event["summary"] for event in google.do("events", calendar="team") if event["id"] == made]
    check(names == ["Late lunch"], "the conflict was reported, Google's version stands")


def revoked(mark, google):
    step("The account is revoked at Google, and connected again")
    google.do("revoke")
    mark.run("sync", code=None)
    eventually(lambda: mark.operator("GET", "/v1/accounts/ada")["state"] == "needs_credentials",
               "the refusal")
    show(mark, "account", "list")
    google.do("insert", calendar="team", event={
        "summary": "Meanwhile", "start": utc("2026-02-05T10:00:00Z"), "end": utc("2026-02-05T11:00:00Z")})
    before = mirrored(mark)
    connect(mark)
    eventually(lambda: mirrored(mark) == before + 1, "what happened meanwhile")
    show(mark, "feed", "--type", "account.*")
    check(True, "the mirror was kept, and goes on where it was")


def main():
    with Google() as google, Tidemark(head='[secrets]\nmaster_key = { file = "master.key" }\n',
                                      accounts=f'behind_proxy = true\npublic_url = "{PUBLIC_URL}"\n') as mark:
        mark.run("secrets", "generate-key", "--file", os.path.join(mark.directory, "master.key"))
        say(f"fake Google: {google.url}   data directory: {mark.data}")
        mark.serve()
        add_account(mark, google)
        first_mirror(mark, google)
        changes(mark, google)
        pushed(mark, google)
        written(mark, google)
        revoked(mark, google)
    say("\nAll of it held.")


if __name__ == "__main__":
    main()
