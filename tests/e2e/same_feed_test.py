"""One script of edits, made in a fake Google and in a real Radicale: the feeds must say the same.

What names the provider, its ids and its versions are left aside; everything else is compared, event by
event, after each edit.
"""
import unittest

from support import ics, runner, servers
from support.dav import Dav
from support.google import Google
from support.tidemark import Tidemark, caldav_account

ASIDE = ("external_event_id", "recurring_event_id", "ical_uid", "etag", "updated_at", "source_hash")
PEOPLE = [("ada@example.org", "Ada", "ACCEPTED", "accepted"),
          ("alan@example.org", "Alan", "NEEDS-ACTION", "needsAction")]


class Event:
    """An event as both sides understand it; times are Berlin's in winter."""

    def __init__(self, uid, title, start, end, rule="", people=False):
        self.uid, self.title, self.start, self.end = uid, title, start, end
        self.rule, self.people = rule, people

    def for_google(self):
        def time(local):
            if len(local) == 8:
                return {"date": f"{local[:4]}-{local[4:6]}-{local[6:]}"}
            clock = f"{local[:4]}-{local[4:6]}-{local[6:11]}:{local[11:13]}:00+01:00"
            return {"dateTime": clock, "timeZone": "Europe/Berlin"}
        event = {"summary": self.title, "start": time(self.start), "end": time(self.end)}
        if self.rule:
            event["recurrence"] = [self.rule]
        if self.people:
            event["organizer"] = {"email": "office@example.org", "displayName": "Office"}
            event["attendees"] = [{"email": email, "displayName": name, "responseStatus": response}
                                  for email, name, _, response in PEOPLE]
        return event

    def for_caldav(self, more=""):
        extra = f"{self.rule}\n" if self.rule else ""
        if self.people:
            extra += "ORGANIZER;CN=Office:mailto:office@example.org\n"
            extra += "".join(f"ATTENDEE;CN={name};PARTSTAT={response}:mailto:{email}\n"
                             for email, name, response, _ in PEOPLE)
        return ics.vevent(self.uid, self.title, self.start, self.end, extra + more)


class SameFeed(unittest.TestCase):
    def setUp(self):
        self.google = Google()
        self.addCleanup(self.google.__exit__)
        self.google.do("calendar", id="cal", summary="cal")
        self.of_google = Tidemark(self.google.account())
        self.addCleanup(self.of_google.__exit__)
        for name, secret in self.google.secrets().items():
            self.of_google.write(name, secret + "\n")

        self.server = servers.Radicale()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.dav = Dav(self.server)
        self.addCleanup(self.dav.close)
        self.dav.make_calendar("cal")
        self.of_caldav = Tidemark(caldav_account(self.server))
        self.addCleanup(self.of_caldav.__exit__)
        self.of_caldav.write("secrets/work", self.server.password + "\n")
        self.seen = {self.of_google: 0, self.of_caldav: 0}

    def put(self, name, *components):
        self.dav.put("cal", f"{name}.ics", ics.calendar(ics.ZONE, *components))

    def news(self, mark):
        """What the feed tells of a sync, without what may differ, in an order of its own."""
        mark.run("sync")
        feed = mark.feed()
        told = []
        for event in feed[self.seen[mark]:]:
            payload = event["payload"]
            content = {key: value for key, value in payload["event"].items() if key not in ASIDE}
            # Raw lines in the server's order, which says nothing.
            content["recurrence"] = sorted(content["recurrence"])
            told.append((event["type"], event["version"], content.get("title"),
                         str(content.get("recurrence_id")), payload.get("changed"), content))
        self.seen[mark] = len(feed)
        return sorted(told, key=lambda one: (one[0], one[2], one[3]))

    def assert_same_news(self, count):
        google, caldav = self.news(self.of_google), self.news(self.of_caldav)
        self.maxDiff = None
        self.assertEqual(google, caldav)
        self.assertEqual(len(google), count, google)

    def test_tells_the_same_of_the_same_edits(self):
        lunch = Event("lunch@x", "Lunch", "20260105T120000", "20260105T130000", people=True)
        holiday = Event("holiday@x", "Holiday", "20260110", "20260112")
        standup = Event("standup@x", "Standup", "20260106T090000", "20260106T091500",
                        "RRULE:FREQ=WEEKLY;BYDAY=TU", people=True)
        ids = {event.uid: self.google.do("insert", calendar="cal", event=event.for_google())
               for event in (lunch, holiday, standup)}
        for event in (lunch, holiday, standup):
            self.put(event.uid[:-2], event.for_caldav())
        self.assert_same_news(3)
        self.assert_same_news(0)

        lunch.title, lunch.end = "Long lunch", "20260105T140000"
        self.google.do("patch", calendar="cal", id=ids["lunch@x"], changes={
            key: lunch.for_google()[key] for key in ("summary", "end")})
        self.put("lunch", lunch.for_caldav())
        self.assert_same_news(1)

        # One instance is moved to another day and renamed.
        moved = Event("standup@x", "Standup later", "20260114T100000", "20260114T101500", people=True)
        self.google.do("change_instance", calendar="cal", id=ids["standup@x"],
                       start={"dateTime": "2026-01-13T09:00:00+01:00", "timeZone": "Europe/Berlin"},
                       changes={key: moved.for_google()[key] for key in ("summary", "start", "end")})
        override = moved.for_caldav("RECURRENCE-ID;TZID=Europe/Berlin:20260113T090000\n")
        self.put("standup", standup.for_caldav(), override)
        self.assert_same_news(1)

        # Another one is cancelled.
        self.google.do("cancel_instance", calendar="cal", id=ids["standup@x"],
                       start={"dateTime": "2026-01-20T09:00:00+01:00", "timeZone": "Europe/Berlin"})
        without = standup.for_caldav("EXDATE;TZID=Europe/Berlin:20260120T090000\n")
        self.put("standup", without, override)
        self.assert_same_news(1)

        # The moved one is cancelled, too: the series loses it, and its override goes.
        self.google.do("cancel_instance", calendar="cal", id=ids["standup@x"],
                       start={"dateTime": "2026-01-13T09:00:00+01:00", "timeZone": "Europe/Berlin"})
        self.put("standup", standup.for_caldav("EXDATE;TZID=Europe/Berlin:20260113T090000\n"
                                               "EXDATE;TZID=Europe/Berlin:20260120T090000\n"))
        self.assert_same_news(2)

        # This and all following ones become a series of their own.
        later = Event("later@x", "Standup in the afternoon", "20260203T140000", "20260203T141500",
                      standup.rule, people=True)
        self.google.do("split", calendar="cal", id=ids["standup@x"],
                       start={"dateTime": "2026-02-03T09:00:00+01:00", "timeZone": "Europe/Berlin"},
                       changes={key: later.for_google()[key] for key in ("summary", "start", "end")})
        items = {event["id"]: event for event in self.google.do("events", calendar="cal")}
        standup.rule = items[ids["standup@x"]]["recurrence"][0]
        self.put("standup", standup.for_caldav("EXDATE;TZID=Europe/Berlin:20260113T090000\n"
                                               "EXDATE;TZID=Europe/Berlin:20260120T090000\n"))
        self.put("later", later.for_caldav())
        self.assert_same_news(2)

        for uid, name in (("lunch@x", "lunch"), ("standup@x", "standup")):
            self.google.do("delete", calendar="cal", id=ids[uid])
            self.dav.delete("cal", f"{name}.ics")
        self.assert_same_news(2)
        self.assert_same_news(0)


if __name__ == "__main__":
    runner.main()
