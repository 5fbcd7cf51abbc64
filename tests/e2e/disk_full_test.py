"""A disk that fills up while Tidemark serves: loud errors, no crash, reading goes on, recovery alone.
And one that can only be read: refused, and unharmed."""
import json
import os
import subprocess
import unittest

from support import compare, ics, runner
from support.tidemark import Tidemark

ACCOUNT = '[[account]]\nid = "folder"\nprovider = "ics"\npath = "calendars"\npoll = "1d"\n'
EVENTS = 3000


class DiskFull(unittest.TestCase):
    def setUp(self):
        self.mark = Tidemark(ACCOUNT)
        self.addCleanup(self.mark.__exit__)
        os.makedirs(self.mark.data)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", self.mark.data],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("mounting a small tmpfs needs root")
        self.addCleanup(subprocess.run, ["umount", "-l", self.mark.data], check=False)
        self.filler = os.path.join(self.mark.data, "filler")

    def fill_the_disk(self):
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 65536)
            except OSError:
                pass
            try:
                while True:
                    file.write(b"x")
            except OSError:
                pass

    def put(self, numbers):
        for number in numbers:
            self.mark.write(f"calendars/{ics.name(number)}", ics.event(number))

    def post_sync(self):
        calendar = self.calendar()["id"]
        status, headers, body = self.mark.http(
            "POST", f"/v1/calendars/{calendar}/sync", {**self.key, "Content-Type": "application/json"},
            json.dumps({"mode": "incremental"}))
        return status, headers, json.loads(body)

    def ready(self):
        return self.mark.http("GET", "/readyz")[0]

    def calendar(self):
        status, _, body = self.mark.http("GET", "/v1/calendars", self.key)
        self.assertEqual(status, 200)
        return json.loads(body)["items"][0]

    def test_answers_503_keeps_reading_and_recovers_by_itself(self):
        self.put(range(10))
        self.mark.run("sync")
        key = self.mark.run("key", "create", "--tenant", "default").out.split()[-1]
        self.key = {"Authorization": f"Bearer {key}"}
        self.mark.serve()
        self.put(range(10, EVENTS))
        self.fill_the_disk()

        # The log's file may hold some space in reserve: the pass needs more than that.
        self.post_sync()
        for _ in range(50_000):
            if self.ready() != 200:
                break
        self.assertEqual(self.ready(), 503)
        status, headers, problem = self.post_sync()
        self.assertEqual((status, problem.get("code")), (503, "disk_full"), problem)
        self.assertIn("Retry-After", headers)
        self.assertGreaterEqual(self.calendar()["events"], 10, "reading stopped with the disk")
        self.assertIsNone(self.mark.daemon.poll(), "the process ended")

        os.remove(self.filler)
        self.mark.run("sync")
        self.assertEqual(compare.by_kind(self.mark.feed()), {"created": EVENTS})
        self.assertEqual(self.ready(), 200)
        self.mark.kill()
        self.assertEqual(len(self.mark.events("folder/calendars")), EVENTS)

    def mount_again(self, how):
        subprocess.run(["mount", "-o", f"remount,{how}", self.mark.data], check=True)

    def test_a_read_only_one_is_refused_and_left_as_it_is(self):
        self.put(range(10))
        self.mark.run("sync")
        self.put(range(10, 20))
        self.mount_again("ro")
        for command in ("sync", "serve", "status", "events folder/calendars", "feed"):
            refused = self.mark.run(*command.split(), code=1)
            self.assertIn("Read-only file system", refused.err)
            self.assertIn(self.mark.data, refused.err)
        self.mount_again("rw")
        self.assertEqual(len(self.mark.events("folder/calendars")), 10)
        self.mark.run("sync")
        self.assertEqual(len(self.mark.events("folder/calendars")), 20)
        self.mark.run("audit", "verify")


if __name__ == "__main__":
    runner.main()
