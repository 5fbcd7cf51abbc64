"""What was done, done again by the real binary: compared, rebuilt as of then, and found out when forged."""
import json
import os
import shutil
import unittest

from support import ics, runner
from support.tidemark import Tidemark

FOLDER = """
[[account]]
id = "folder"
provider = "ics"
path = "calendars"
poll = "1d"

[secrets]
master_key = { file = "master.key" }

[delivery]
allow = ["127.0.0.0/8"]
"""
EVENTS = 12


class Replay(unittest.TestCase):
    def setUp(self):
        self.mark = Tidemark(FOLDER)
        self.addCleanup(self.mark.__exit__)
        self.mark.write("master.key", "11" * 32 + "\n")
        os.chmod(self.path("master.key"), 0o600)
        self.put(range(EVENTS))
        self.mark.run("sync")

    def put(self, numbers, revision=0):
        for number in numbers:
            self.mark.write(f"calendars/{ics.name(number)}", ics.event(number, revision))

    def path(self, name):
        return os.path.join(self.mark.directory, name)

    def events(self, *arguments):
        told = self.mark.run("events", "folder/calendars", "--format", "json", "--limit", "1000",
                             *arguments).out
        return {item["ical_uid"]: item["title"] for item in json.loads(told)["items"]}

    def last_record(self):
        return json.loads(self.mark.run("audit", "list", "--json").out.splitlines()[-1])

    def live(self):
        """A life that makes every kind of machine work."""
        self.mark.run("endpoint", "create", "--url", "https://127.0.0.1:9/hook", "--id", "hook")
        self.mark.run("endpoint", "pause", "hook")
        self.mark.run("key", "create", "--name", "somebody")
        self.put(range(3), revision=1)
        os.remove(self.path(f"calendars/{ics.name(5)}"))
        self.mark.run("sync")
        self.mark.run("audit", "checkpoint")

    def test_finds_the_same_again_for_every_kind_of_machine(self):
        self.live()
        told = json.loads(self.mark.run("replay", "--json").out)
        self.assertEqual((told["different"], told["passed_over"]), (0, 0))
        self.assertEqual(told["records"], told["last"])
        self.assertIsNone(told["different_value"])
        self.assertGreater(told["values"], EVENTS)
        self.assertEqual({made["kind"] for made in told["machines"]},
                         {"account", "api_keys", "audit", "calendar", "endpoint", "vault"})
        self.assertTrue(all(made["version"] == made["current_version"] for made in told["machines"]))
        self.assertIn("records replayed and the same", self.mark.run("replay").out)
        self.assertFalse(os.path.exists(self.path("data/scratch")))

    def test_rebuilds_the_data_directory_as_of_a_record_or_a_time(self):
        before, then = self.events(), self.last_record()
        self.live()
        now = self.events()
        self.assertNotEqual(before, now)
        for name, to in (("by-sequence", str(then["sequence"])), ("by-time", then["at"])):
            self.mark.run("replay", "--to", to, "--into", self.path(name))
            self.assertEqual(self.events("--data-dir", self.path(name)), before)
            verified = json.loads(self.mark.run("audit", "verify", "--payloads", "--json",
                                                "--data-dir", self.path(name)).out)
            self.assertEqual((verified["last"], verified["finding"]), (then["sequence"], None))
            self.assertEqual(self.events("--as-of", to), before, "without rebuilding anything")
        self.mark.run("replay", "--into", self.path("all"))
        self.assertEqual(self.events("--data-dir", self.path("all")), now)
        self.assertEqual(self.events(), now)
        refused = self.mark.run("replay", "--into", self.path("all"), code=2)
        self.assertIn("exists already and is no empty directory", refused.err)

    def test_replays_while_serve_runs_and_from_a_copy_that_it_does_not_touch(self):
        self.live()
        shutil.copytree(self.path("data"), self.path("copy"))
        before = {name: os.stat(os.path.join(folder, name)).st_mtime_ns
                  for folder, _, names in os.walk(self.path("copy")) for name in names if name != "LOCK"}
        self.mark.serve()
        self.assertIn("records replayed and the same", self.mark.run("replay").out)
        self.assertIn("records replayed and the same", self.mark.run("replay", "--from", self.path("copy")).out)
        after = {name: os.stat(os.path.join(folder, name)).st_mtime_ns
                 for folder, _, names in os.walk(self.path("copy")) for name in names if name != "LOCK"}
        self.assertEqual(before, after)

    def test_replays_and_rebuilds_from_a_backup(self):
        self.mark.run("audit", "checkpoint")
        before, then = self.events(), self.last_record()
        self.mark.run("backup", "create", self.path("backups"))
        self.live()
        told = json.loads(self.mark.run("replay", "--from", self.path("backups"), "--json").out)
        self.assertEqual((told["last"], told["different"]), (then["sequence"], 0))
        self.mark.run("replay", "--from", self.path("backups"), "--into", self.path("rebuilt"))
        self.assertEqual(self.events("--data-dir", self.path("rebuilt")), before)
        self.assertTrue(os.path.exists(self.path("rebuilt/audit.key")))
        self.assertFalse(os.path.exists(self.path("data/scratch")))

    def test_reads_the_mirror_as_of_then_while_serve_runs(self):
        before, then = self.events(), self.last_record()
        self.live()
        now = self.events()
        self.mark.serve()
        for to in (str(then["sequence"]), then["at"]):
            self.assertEqual(self.events("--as-of", to), before)
            file = self.mark.run("events", "folder/calendars", "--format", "ics", "--as-of", to).out
            self.assertEqual(file.count("BEGIN:VEVENT"), EVENTS)
            told = json.loads(self.mark.run("calendars", "--json", "--as-of", to).out)["items"]
            self.assertEqual([calendar["events"] for calendar in told], [EVENTS])
        self.assertEqual(json.loads(self.mark.run("calendars", "--json", "--as-of", "0").out)["items"], [])
        self.assertEqual(self.events("--as-of", str(self.last_record()["sequence"])), now)
        for as_of, message in (("soon", "as_of: a time"), ("99999", "the journal ends at")):
            refused = self.mark.run("calendars", "--as-of", as_of, code=2)
            self.assertIn(message, refused.err)

    def test_says_what_is_wrong_with_what_it_is_told(self):
        for arguments, code, message in (
                (["--from", self.path("nowhere")], 1, "there is no store in "),
                (["--to", "3"], 2, "--into"),
                (["--to", "soon", "--into", self.path("x")], 2, "--to soon: a record's sequence, or a time")):
            refused = self.mark.run("replay", *arguments, code=code)
            self.assertIn(message, refused.err)
            self.assertFalse(os.path.exists(self.path("x")))


if __name__ == "__main__":
    runner.main()
