"""The sync scenarios against real Radicale, and what only Radicale can show."""
import os
import unittest

import sync_scenarios
from support import compare, ics, runner, servers


class Radicale(sync_scenarios.SyncScenarios, unittest.TestCase):
    def make_server(self):
        return servers.Radicale()

    def fill(self, numbers, calendar="cal"):
        if len(numbers) <= 100:
            super().fill(numbers, calendar)
            return
        directory = self.server.calendar_directory(calendar)
        for number in numbers:
            path = os.path.join(directory, ics.name(number))
            with open(path, "w", encoding="utf-8", newline="") as file:
                file.write(ics.event(number))

    def test_an_expired_token_leads_to_a_comparison(self):
        self.dav.make_calendar("cal")
        self.fill(range(30))
        mark = self.mirror()
        seen = len(self.check(mark, 0))
        # Tokens of the age 0 are forgotten by the next request that looks.
        self.server.stop()
        self.server.max_sync_token_age = 0
        self.server.start()
        self.dav.close()
        self.dav.put("cal", ics.name(4), ics.event(4, revision=1))
        self.dav.put("cal", ics.name(40), ics.event(40))
        self.dav.delete("cal", ics.name(9))
        step = self.check(mark, seen)
        self.assertEqual(compare.by_kind(step), {"created": 1, "updated": 1, "deleted": 1})
        self.assertEqual(self.check(mark, seen + len(step)), [])

    def test_finds_the_calendars_from_any_url_of_the_server(self):
        self.dav.make_calendar("cal")
        self.dav.make_calendar("other")
        self.fill(range(2))
        root = self.server.url
        for path in ("", "alice", "alice/", "alice/cal/", ".well-known/caldav"):
            mark = sync_scenarios.mirroring(self.server)
            self.addCleanup(mark.__exit__)
            text = open(mark.config, encoding="utf-8").read().replace(root, root + path)
            with open(mark.config, "w", encoding="utf-8") as file:
                file.write(text)
            mark.run("sync")
            names = sorted(calendar["name"] for calendar in mark.calendars())
            self.assertIn("cal", names, path)

    def test_calendars_come_and_go(self):
        self.dav.make_calendar("cal")
        self.fill(range(3))
        mark = sync_scenarios.mirroring(self.server)
        self.addCleanup(mark.__exit__)
        mark.run("sync")
        self.dav.make_calendar("new")
        self.dav.put("new", ics.name(100), ics.event(100))
        mark.run("sync")
        self.assertEqual(compare.by_kind(mark.feed()), {"created": 4})
        self.dav.delete_calendar("cal")
        mark.run("sync")
        self.assertEqual(compare.by_kind(mark.feed()), {"created": 4, "deleted": 3})
        self.assertEqual([calendar["name"] for calendar in mark.calendars()], ["new"])


if __name__ == "__main__":
    runner.main()
