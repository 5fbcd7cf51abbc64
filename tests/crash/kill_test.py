"""kill -9 at random moments of syncing while the server changes too; then compare everything.

environment: TIDEMARK_KILLS (default 20), TIDEMARK_SEED (default 1). A failure prints both.
"""
import os
import random
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from support import compare, ics, runner, servers  # noqa: E402
from support.dav import Dav  # noqa: E402
from support.tidemark import mirroring  # noqa: E402

KILLS = int(os.environ.get("TIDEMARK_KILLS", "20"))
SEED = int(os.environ.get("TIDEMARK_SEED", "1"))
INITIAL = int(os.environ.get("TIDEMARK_KILL_EVENTS", "1500"))


class Editor:
    """Edits the server at random and remembers what each resource went through."""

    def __init__(self, dav, rng):
        self.dav, self.rng = dav, rng
        self.revision = {}  # live resource number -> revision
        self.history = {}   # number -> list of revisions, None for a deletion
        self.next = 0

    def _put(self, number, revision):
        self.dav.put("cal", ics.name(number), ics.event(number, revision))
        self.revision[number] = revision
        self.history.setdefault(number, []).append(revision)

    def create(self):
        number, self.next = self.next, self.next + 1
        self._put(number, 0)

    def load(self, count, directory):
        """Fills the calendar by files, before anyone looks."""
        for number in range(count):
            with open(os.path.join(directory, ics.name(number)), "w", encoding="utf-8", newline="") as file:
                file.write(ics.event(number))
            self.revision[number] = 0
            self.history[number] = [0]
        self.next = count

    def step(self):
        choice = self.rng.random()
        if choice < 0.35 or len(self.revision) < 5:
            self.create()
            return
        number = self.rng.choice(sorted(self.revision))
        if choice < 0.8:
            self._put(number, max(r for r in self.history[number] if r is not None) + 1)
        else:
            self.dav.delete("cal", ics.name(number))
            del self.revision[number]
            self.history[number].append(None)


def told_history(feed):
    """number -> list of revisions as the feed tells them, None for a deletion."""
    told = {}
    for item in feed:
        event = item["payload"]["event"]
        number = int(event["ical_uid"].split("@")[0].split("-")[1])
        kind = item["type"].rsplit(".", 1)[1]
        revision = None if kind == "deleted" else int(event["title"].rsplit(" ", 1)[1])
        told.setdefault(number, []).append(revision)
    return told


def is_subsequence(short, long):
    rest = iter(long)
    return all(any(x == y for y in rest) for x in short)


class Kill(unittest.TestCase):
    def test_nothing_is_lost_or_doubled_by_kill_9(self):
        print(f"# repeat with: TIDEMARK_SEED={SEED} TIDEMARK_KILLS={KILLS} {sys.argv[0]}", flush=True)
        rng = random.Random(SEED)
        with servers.Radicale() as server:
            dav = Dav(server)
            dav.make_calendar("cal")
            editor = Editor(dav, rng)
            editor.load(INITIAL, server.calendar_directory("cal"))
            with mirroring(server, calendars=["cal"]) as mark:
                killed = self.kill_many(mark, editor, rng)
                mark.run("sync")
                mark.run("sync")
                self.compare(mark, dav, editor, killed)
            dav.close()

    def kill_many(self, mark, editor, rng):
        killed = 0
        while killed < KILLS:
            mode = rng.choice([[], [], [], ["--reconcile"], ["--full"]])
            edits = rng.randrange(0, 12)
            editing = threading.Thread(target=lambda count=edits: [editor.step() for _ in range(count)])
            process = mark.start("sync", *mode)
            editing.start()
            try:
                process.communicate(timeout=rng.uniform(0.02, 2.5))
                self.assertEqual(process.returncode, 0, "a sync that nobody killed failed")
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                killed += 1
            editing.join()
        return killed

    def compare(self, mark, dav, editor, killed):
        feed = mark.feed()
        events = compare.assert_mirror_equals_server(self, mark, dav, "cal")
        compare.assert_feed_equals_mirror(self, feed, events)
        self.assertEqual({int(e["ical_uid"].split("@")[0].split("-")[1]): int(e["title"].split()[-1])
                          for e in events}, editor.revision)
        for number, told in told_history(feed).items():
            self.assertTrue(is_subsequence(told, editor.history[number]),
                            f"event {number}: feed {told}, server {editor.history[number]}")
        records = self.all_records(mark)
        self.assertEqual(records, list(range(1, len(records) + 1)), "sequences are not contiguous")
        mark.run("audit", "verify", "--payloads")
        mark.run("replay")
        print(f"# {killed} kills, {len(events)} events, {len(feed)} feed events, "
              f"{len(records)} journal records", flush=True)

    def all_records(self, mark):
        sequences, after = [], "0"
        while True:
            page = mark.run("audit", "list", "--json", "--limit", "1000", "--after", after).lines()
            sequences += [record["sequence"] for record in page]
            if len(page) < 1000:
                return sequences
            after = str(sequences[-1])


if __name__ == "__main__":
    runner.main()
