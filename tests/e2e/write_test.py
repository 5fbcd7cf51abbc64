"""The real binary changes events: on Radicale and on a fake Google, killed in the middle of it."""
import json
import unittest
import urllib.parse

from support import ics, runner, servers
from support.dav import Dav
from support.google import Google
from support.tidemark import Tidemark, caldav_account, eventually, mirroring

COMMANDS = 40


def new_event(title):
    return {"title": title, "start": {"date_time": "2026-01-05T09:00:00", "zone": "Europe/Berlin"},
            "end": {"date_time": "2026-01-05T10:00:00", "zone": "Europe/Berlin"}}


class Writing:
    """What holds for any provider; `titles` is what the server itself has."""

    def calendar(self):
        return self.mark.operator("GET", "/v1/calendars?name=" + self.name)["items"][0]["id"]

    def ends(self):
        """The end of each command, by id; a second one is a failure."""
        found = {}
        for event in self.mark.feed():
            if event["type"].startswith("calendar.write."):
                self.assertNotIn(event["payload"]["write"], found)
                found[event["payload"]["write"]] = event
        return found

    def event(self, *arguments, code=0):
        return self.mark.run("event", *arguments, code=code)

    def test_creates_changes_and_deletes_from_the_command_line(self):
        self.mark.run("sync")
        created = self.event("create", self.name, "--title", "Lunch", "--start",
                             "2026-01-05T12:00:00", "--end", "2026-01-05T13:00:00", "--zone",
                             "Europe/Berlin")
        event = created.out.strip()
        self.assertEqual(self.titles(), ["Lunch"])
        changed = json.loads(self.event("update", self.name, event, "--title", "Late lunch",
                                        "--json").out)
        self.assertEqual(changed["status"], "done")
        self.assertEqual(changed["event"]["title"], "Late lunch")
        self.assertEqual(changed["event"]["start"]["date_time"], "2026-01-05T12:00:00")
        self.assertEqual(self.titles(), ["Late lunch"])
        before = len(self.mark.feed())
        self.mark.run("sync")
        self.assertEqual(len(self.mark.feed()), before, "our own changes are no news")
        self.event("delete", self.name, event)
        self.assertEqual(self.titles(), [])
        self.assertEqual([write["status"] for write in
                          self.event("writes", self.name, "--json").items()], ["done"] * 3)

    def test_each_change_carries_the_command_that_made_it(self):
        self.mark.run("sync")
        write = json.loads(self.event("create", self.name, "--title", "A", "--start", "2026-01-05",
                                      "--json").out)
        told = [(event["type"], event["correlation_id"]) for event in self.mark.feed()]
        self.assertEqual(told, [("calendar.event.created", write["correlation_id"]),
                                ("calendar.write.done", write["correlation_id"])])

    def test_what_is_wrong_is_refused_with_its_reason(self):
        self.mark.run("sync")
        refused = self.event("create", self.name, "--title", "A", "--start", "tomorrow", code=2)
        self.assertIn("start", refused.err)
        self.event("update", self.name, "nobody", "--title", "A", code=1)
        self.mark.configure(self.account(write=False))
        refused = self.event("create", self.name, "--title", "A", "--start", "2026-01-05", code=1)
        self.assertIn("write = true", refused.err)

    def test_commands_outlive_kills(self):
        self.mark.run("sync")
        self.mark.serve()
        calendar = self.calendar()
        accepted = {}
        for number in range(COMMANDS):
            answer = self.mark.operator("POST", f"/v1/calendars/{calendar}/events",
                                        new_event(f"Meeting {number}"))
            accepted[answer["id"]] = answer["correlation_id"]
            if number % 10 == 9:
                self.mark.kill()
                self.mark.serve()
        eventually(lambda: len(self.ends()) == COMMANDS, "the end of each command")
        self.assertEqual(sorted(self.titles()), sorted(f"Meeting {n}" for n in range(COMMANDS)))
        ends = self.ends()
        self.assertEqual({one: ends[one]["type"] for one in accepted},
                         {one: "calendar.write.done" for one in accepted})
        self.assertEqual({one: ends[one]["correlation_id"] for one in accepted}, accepted)
        created = [event for event in self.mark.feed()
                   if event["type"] == "calendar.event.created"]
        self.assertEqual(len(created), COMMANDS)
        self.mark.kill()
        self.mark.run("audit", "verify")


class Radicale(Writing, unittest.TestCase):
    name = "cal"

    def setUp(self):
        self.server = servers.Radicale()
        self.addCleanup(self.server.__exit__)
        self.server.__enter__()
        self.dav = Dav(self.server)
        self.addCleanup(self.dav.close)
        self.dav.make_calendar("cal")
        self.mark = mirroring(self.server, poll="1s", write=True)
        self.addCleanup(self.mark.__exit__)

    def account(self, **more):
        return caldav_account(self.server, **more)

    def texts(self):
        return [self.dav.get("cal", name).decode() for name in self.dav.listing("cal")]

    def titles(self):
        return [line.split(":", 1)[1].strip() for text in self.texts()
                for line in text.splitlines() if line.startswith("SUMMARY:")]

    def test_a_conflict_shows_the_other_version_and_changes_nothing(self):
        self.dav.put("cal", ics.name(1), ics.event(1))
        self.mark.run("sync")
        event = self.mark.events("cal")[0]["external_event_id"]
        self.dav.put("cal", ics.name(1), ics.event(1, revision=1))
        refused = self.event("update", "cal", event, "--title", "Ours", code=1)
        self.assertIn("conflict", refused.err)
        self.assertIn("Meeting 1 rev 1", refused.err)
        self.assertEqual(self.titles(), ["Meeting 1 rev 1"])
        self.mark.run("sync")
        self.event("update", "cal", event, "--title", "Ours")
        text = self.texts()[0]
        self.assertIn("SUMMARY:Ours", text)
        self.assertIn("CATEGORIES:WORK", text)
        self.assertIn("SEQUENCE:2", text)

    def test_an_event_is_reached_over_http_by_its_encoded_id(self):
        self.dav.put("cal", ics.name(1), ics.event(1))
        self.mark.run("sync")
        self.mark.serve()
        calendar = self.calendar()
        event = self.mark.operator("GET", f"/v1/calendars/{calendar}/events")["items"][0]
        path = (f"/v1/calendars/{calendar}/events/"
                + urllib.parse.quote(event["external_event_id"], safe=""))
        accepted = self.mark.operator("PUT", path, {"title": "By HTTP"})
        write = self.mark.operator(
            "GET", f"/v1/calendars/{calendar}/writes/{accepted['id']}?wait=30")
        self.assertEqual(write["status"], "done")
        self.assertEqual(self.titles(), ["By HTTP"])
        # The running server, from the command line.
        self.event("delete", "cal", event["external_event_id"])
        self.assertEqual(self.titles(), [])


class GoogleCalendar(Writing, unittest.TestCase):
    name = "Team"

    def setUp(self):
        self.google = Google()
        self.addCleanup(self.google.__exit__)
        self.google.do("calendar", id="team", summary="Team")
        self.mark = Tidemark(self.account(write=True))
        self.addCleanup(self.mark.__exit__)
        for name, secret in self.google.secrets().items():
            self.mark.write(name, secret + "\n")

    def account(self, **more):
        return self.google.account(poll="1s", **more)

    def titles(self):
        return [event["summary"] for event in self.google.do("events", calendar="team")
                if event["status"] != "cancelled"]

    def test_keeps_what_it_does_not_know(self):
        time = {"dateTime": "2026-01-05T10:00:00Z", "timeZone": "UTC"}
        event = self.google.do("insert", calendar="team", event={
            "summary": "Old", "start": time, "end": time, "colorId": "7",
            "extendedProperties": {"private": {"k": "v"}}})
        self.mark.run("sync")
        self.event("update", "Team", event, "--title", "New")
        found = self.google.do("events", calendar="team")[0]
        self.assertEqual((found["summary"], found["colorId"], found["extendedProperties"]),
                         ("New", "7", {"private": {"k": "v"}}))


if __name__ == "__main__":
    runner.main()
