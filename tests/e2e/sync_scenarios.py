"""What a mirror must do against any CalDAV server: one scenario a test, run for each real server."""
from support import compare, ics
from support.dav import Dav
from support.relay import Relay
from support.tidemark import mirroring

SERIES = "series@example.org"


def series(*overrides, until="", exdate="", title="Weekly"):
    rule = "RRULE:FREQ=WEEKLY" + (f";UNTIL={until}" if until else "") + "\n"
    excluded = f"EXDATE;TZID=Europe/Berlin:{exdate}\n" if exdate else ""
    return ics.calendar(ics.ZONE, ics.vevent(SERIES, title, extra=rule + excluded), *overrides)


def override(instance, title, start, end):
    return ics.vevent(SERIES, title, start, end, f"RECURRENCE-ID;TZID=Europe/Berlin:{instance}\n")


def bodies(relay):
    """How many calendar bodies the server has sent since last asked."""
    return sum(sent.count(b"BEGIN:VCALENDAR") for sent in relay.take())


class SyncScenarios:
    """Mixed into a TestCase with `make_server()`."""

    initial_events = 1000

    def setUp(self):
        self.server = self.make_server()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__)
        self.dav = Dav(self.server)
        self.addCleanup(self.dav.close)

    def mirror(self, server=None, **more):
        mark = mirroring(server or self.server, calendars=["cal"], **more)
        self.addCleanup(mark.__exit__)
        return mark

    def fill(self, numbers, calendar="cal"):
        for number in numbers:
            self.dav.put(calendar, ics.name(number), ics.event(number))

    def check(self, mark, seen):
        """Syncs, compares everything, and returns the events that are new since `seen`."""
        mark.run("sync")
        feed = mark.feed()
        events = compare.assert_mirror_equals_server(self, mark, self.dav, "cal")
        compare.assert_feed_equals_mirror(self, feed, events)
        return feed[seen:]

    def test_mirrors_a_thousand_events_then_nothing_then_exactly_ten_changes(self):
        self.dav.make_calendar("cal")
        self.fill(range(self.initial_events))
        relay = Relay(self.server)
        self.addCleanup(relay.close)
        mark = self.mirror(relay)
        first = self.check(mark, 0)
        self.assertEqual(compare.by_kind(first), {"created": self.initial_events})
        self.assertEqual(bodies(relay), self.initial_events)

        self.assertEqual(self.check(mark, len(first)), [])
        self.assertEqual(bodies(relay), 0, "a sync without changes fetched bodies")

        for number in (3, 141, 592, 653, 999):
            self.dav.put("cal", ics.name(number), ics.event(number, revision=1))
        for number in (5000, 5001, 5002):
            self.dav.put("cal", ics.name(number), ics.event(number))
        for number in (7, 77):
            self.dav.delete("cal", ics.name(number))
        changes = self.check(mark, len(first))
        self.assertEqual(compare.by_kind(changes), {"created": 3, "updated": 5, "deleted": 2})
        self.assertEqual(bodies(relay), 8)
        changed = {item["payload"]["event"]["ical_uid"].split("@")[0]: item["type"].rsplit(".", 1)[1]
                   for item in changes}
        self.assertEqual(changed["event-141"], "updated")
        self.assertEqual(changed["event-5001"], "created")
        self.assertEqual(changed["event-77"], "deleted")
        for item in changes:
            if item["type"] == "calendar.event.updated":
                self.assertEqual(item["payload"]["changed"], ["title"])

    def test_follows_a_series_through_override_exdate_and_split(self):
        self.dav.make_calendar("cal")
        self.dav.put("cal", "series.ics", series())
        mark = self.mirror()
        seen = len(self.check(mark, 0))
        self.assertEqual(seen, 1)

        moved = override("20260119T090000", "Moved", "20260119T140000", "20260119T150000")
        self.dav.put("cal", "series.ics", series(moved))
        step = self.check(mark, seen)
        seen += len(step)
        self.assertEqual(compare.by_kind(step), {"created": 1})
        event = step[0]["payload"]["event"]
        self.assertEqual(event["recurrence_id"], "2026-01-19T08:00:00Z")
        self.assertTrue(event["recurring_event_id"].endswith("/series.ics"))

        self.dav.put("cal", "series.ics", series(moved, exdate="20260126T090000"))
        step = self.check(mark, seen)
        seen += len(step)
        self.assertEqual([item["payload"]["changed"] for item in step], [["recurrence"]])

        # "This and following" as clients write it: the old series ends, a new one begins.
        self.dav.put("cal", "series.ics",
                     series(moved, exdate="20260126T090000", until="20260208T225959Z"))
        self.dav.put("cal", "series-2.ics", ics.calendar(ics.ZONE, ics.vevent(
            "series-2@example.org", "Weekly\\, later", "20260209T110000", "20260209T120000",
            "RRULE:FREQ=WEEKLY\n")))
        step = self.check(mark, seen)
        self.assertEqual(compare.by_kind(step), {"created": 1, "updated": 1})

        shown = mark.run("events", "work/cal", "--expand", "--from", "2026-01-01", "--to", "2026-03-01",
                         "--json").items()
        self.assertEqual([(e["title"], e["start"]["date_time"]) for e in shown], [
            ("Weekly", "2026-01-05T09:00:00"), ("Weekly", "2026-01-12T09:00:00"),
            ("Moved", "2026-01-19T14:00:00"), ("Weekly", "2026-02-02T09:00:00"),
            ("Weekly, later", "2026-02-09T11:00:00"), ("Weekly, later", "2026-02-16T11:00:00"),
            ("Weekly, later", "2026-02-23T11:00:00")])

    def test_a_removed_override_reverts_and_a_removed_series_takes_all_with_it(self):
        self.dav.make_calendar("cal")
        moved = override("20260119T090000", "Moved", "20260119T140000", "20260119T150000")
        self.dav.put("cal", "series.ics", series(moved))
        mark = self.mirror()
        seen = len(self.check(mark, 0))
        self.dav.put("cal", "series.ics", series())
        mark.run("sync")
        step = mark.feed()[seen:]
        self.assertEqual(compare.by_kind(step), {"updated": 1})
        self.assertEqual(step[0]["payload"]["event"]["title"], "Weekly")
        self.assertEqual(step[0]["payload"]["event"]["start"]["date_time"], "2026-01-19T09:00:00")

    def test_a_deleted_and_recreated_calendar_is_compared_not_replayed(self):
        self.dav.make_calendar("cal")
        self.fill(range(20))
        mark = self.mirror()
        seen = len(self.check(mark, 0))
        self.dav.delete_calendar("cal")
        self.dav.make_calendar("cal")
        self.fill(range(10))
        self.dav.put("cal", ics.name(50), ics.event(50))
        self.dav.put("cal", ics.name(3), ics.event(3, revision=2))
        step = self.check(mark, seen)
        self.assertEqual(compare.by_kind(step), {"created": 1, "updated": 1, "deleted": 10})

    def test_an_emptied_calendar_is_believed_only_after_it_was_confirmed(self):
        self.dav.make_calendar("cal")
        self.fill(range(12))
        mark = self.mirror()
        seen = len(self.check(mark, 0))
        for number in range(12):
            self.dav.delete("cal", ics.name(number))
        step = self.check(mark, seen)
        self.assertEqual(compare.by_kind(step), {"deleted": 12})

    def test_a_renamed_resource_is_one_update(self):
        self.dav.make_calendar("cal")
        self.fill(range(5))
        mark = self.mirror()
        seen = len(self.check(mark, 0))
        self.rename("cal", ics.name(2), "renamed.ics")
        step = self.check(mark, seen)
        self.assertEqual(compare.by_kind(step), {"updated": 1})
        self.assertIn("external_event_id", step[0]["payload"]["changed"])

    def rename(self, calendar, old, new):
        self.dav.move(calendar, old, new)

    def test_what_cannot_be_parsed_is_kept_aside_and_harms_nothing(self):
        self.dav.make_calendar("cal")
        self.fill(range(3))
        self.put_unparsable()
        mark = self.mirror()
        mark.run("sync")
        self.assertEqual(compare.by_kind(mark.feed()), {"created": 3})
        calendar = mark.calendars()[0]
        self.assertEqual((calendar["resources"], calendar["quarantined"]), (4, 1))

    def put_unparsable(self):
        """Something the server accepts, with more attendees than an event may have."""
        crowd = "".join(f"ATTENDEE:mailto:guest-{number}@example.org\n" for number in range(5001))
        self.dav.put("cal", "crowd.ics",
                     ics.calendar(ics.ZONE, ics.vevent("crowd@example.org", "All", extra=crowd)))

    def test_a_task_is_neither_an_event_nor_damage(self):
        self.dav.make_calendar("cal")
        self.fill(range(3))
        todo = "BEGIN:VTODO\nUID:todo-1\nDTSTAMP:20260101T000000Z\nSUMMARY:Not an event\nEND:VTODO\n"
        self.dav.put("cal", "todo.ics", ics.calendar(todo))
        mark = self.mirror()
        for _ in range(2):
            mark.run("sync")
            self.assertEqual(compare.by_kind(mark.feed()), {"created": 3})
            calendar = mark.calendars()[0]
            self.assertEqual((calendar["resources"], calendar["events"], calendar["quarantined"]),
                             (4, 3, 0))
        self.dav.delete("cal", "todo.ics")
        mark.run("sync")
        self.assertEqual(compare.by_kind(mark.feed()), {"created": 3})
        self.assertEqual(mark.calendars()[0]["resources"], 3)
