"""The real binary against a fake Google: an initial sync killed at every page, a 410 in the middle."""
import json
import unittest

from support import runner
from support.google import Google
from support.tidemark import Tidemark, eventually

EVENTS = 10_000
PAGE = 2_500


def utc(time):
    return {"dateTime": time, "timeZone": "UTC"}


class GoogleCalendar(unittest.TestCase):
    def setUp(self):
        self.google = Google()
        self.addCleanup(self.google.__exit__)
        self.google.do("calendar", id="team", summary="Team")
        self.mark = Tidemark(self.google.account(poll="1d"))
        self.addCleanup(self.mark.__exit__)
        for name, secret in self.google.secrets().items():
            self.mark.write(name, secret + "\n")

    def assert_exact(self):
        """The mirror is what Google shows, and the feed told each event of it once."""
        truth = {event["id"]: event["summary"] for event in self.google.do("events", calendar="team")
                 if event["status"] != "cancelled"}
        mirror = {event["external_event_id"]: event["title"] for event in self.mark.events("Team")}
        self.assertEqual(mirror, truth)
        told = {}
        for event in self.mark.feed():
            if not event["type"].startswith("calendar.event."):
                continue
            payload = event["payload"]["event"]
            key = payload["external_event_id"]
            self.assertEqual(event["type"] == "calendar.event.created", key not in told, event)
            if event["type"] == "calendar.event.deleted":
                del told[key]
            else:
                told[key] = payload["title"]
        self.assertEqual(told, truth)

    def resources(self):
        found = self.mark.operator("GET", "/v1/calendars")["items"]
        return found[0]["resources"] if found else 0

    def test_goes_on_at_the_page_after_each_kill(self):
        self.google.do("fill", calendar="team", count=EVENTS)
        self.google.do("pages", size=PAGE)
        for page in range(4):
            # The page is being taken in: killed between two of its commits.
            self.google.do("hold", page=2)
            self.mark.serve()
            eventually(lambda before=page * PAGE: self.resources() > before, "a part of the page")
            self.mark.kill()
            self.google.do("go_on")
            if page == 3:
                break
            # The next page is asked for: all of this one is committed.
            self.google.do("hold", page=2)
            self.mark.serve()
            self.google.do("wait_for_held")
            self.assertEqual(self.resources(), (page + 1) * PAGE)
            self.mark.kill()
            self.google.do("go_on")
        asked = self.google.do("count", route="events.list")
        self.mark.run("sync")
        self.assert_exact()
        self.assertEqual(len(self.mark.feed()), EVENTS)
        self.assertEqual(self.google.do("count", route="events.list"), asked + 2,
                         "the last page, and the changes since, as `sync` was asked to get them")

    def test_a_410_on_page_three_of_a_reconcile_ends_exact(self):
        self.google.do("fill", calendar="team", count=40)
        self.mark.run("sync")
        events = self.google.do("events", calendar="team")
        self.google.do("delete", calendar="team", id=events[7]["id"])
        self.google.do("patch", calendar="team", id=events[9]["id"], changes={"summary": "Changed"})
        self.google.do("pages", size=10)
        self.google.do("gone_at", calendar="team", page=3)
        before = len(self.mark.feed())
        self.mark.run("sync", "--reconcile")
        self.assert_exact()
        self.assertEqual(sorted(event["type"] for event in self.mark.feed()[before:]),
                         ["calendar.event.deleted", "calendar.event.updated"])

    def test_series_are_shown_as_series(self):
        start = utc("2026-01-05T10:00:00Z")
        series = self.google.do("insert", calendar="team", event={
            "summary": "Daily", "start": start, "end": utc("2026-01-05T10:30:00Z"),
            "recurrence": ["RRULE:FREQ=DAILY;COUNT=5"]})
        self.google.do("cancel_instance", calendar="team", id=series, start=utc("2026-01-06T10:00:00Z"))
        self.google.do("change_instance", calendar="team", id=series,
                       start=utc("2026-01-07T10:00:00Z"), changes={"summary": "Moved"})
        self.mark.run("sync")
        self.assert_exact()
        shown = json.loads(self.mark.run("events", "Team", "--expand", "--from", "2026-01-01", "--to",
                                         "2026-02-01", "--json").out)["items"]
        self.assertEqual([(event["title"], event["start"]["date_time"]) for event in shown],
                         [("Daily", "2026-01-05T10:00:00"), ("Moved", "2026-01-07T10:00:00"),
                          ("Daily", "2026-01-08T10:00:00"), ("Daily", "2026-01-09T10:00:00")])
        ics = self.mark.run("events", "Team", "--format", "ics").out
        self.assertIn("RRULE:FREQ=DAILY;COUNT=5", ics)
        self.assertIn("EXDATE:20260106T100000Z", ics)
        self.assertIn("RECURRENCE-ID:20260107T100000Z", ics)

    def test_a_revoked_account_says_what_to_do(self):
        self.google.do("fill", calendar="team", count=3)
        self.mark.run("sync")
        self.google.do("revoke")
        refused = self.mark.run("sync", code=4)
        self.assertIn("needs re-authorization", refused.err)
        self.assertEqual(len(self.mark.events("Team")), 3)
        status = json.loads(self.mark.run("status", "--json").out)
        self.assertIn("needs re-authorization", status["accounts"][0]["error"])
        self.assertEqual(status["accounts"][0]["state"], "needs_credentials")

    def test_bad_configurations_say_what_is_wrong(self):
        head = '[[account]]\nid = "work"\nprovider = "google"\n'
        cases = {
            "": "client_id",
            'client_id = "c"\n': "refresh_token",
            'username = "ada"\nclient_id = "c"\n': "username",
            'service_account = { file = "secrets/client" }\n': "key file",
            'client_id = "c"\nsubject = "ada@example.com"\n'
            'refresh_token = { file = "secrets/refresh" }\n': "subject",
        }
        for body, wanted in cases.items():
            self.mark.configure(head + body)
            refused = self.mark.run("config", "check", code=2)
            self.assertIn(wanted, refused.err + refused.out, body)
            self.assertNotIn("hush", refused.err + refused.out)


if __name__ == "__main__":
    runner.main()
