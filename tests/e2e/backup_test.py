"""Backups by the real binary: made while it works, killed in the middle, damaged, restored."""
import glob
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

from support import ics, runner
from support.tidemark import BINARY, ENVIRONMENT, Tidemark, eventually

FOLDER = '[[account]]\nid = "folder"\nprovider = "ics"\npath = "calendars"\npoll = "1d"\n'
EVENTS = 300


def size_below(directory):
    return sum(os.path.getsize(os.path.join(place, name))
               for place, _, names in os.walk(directory) for name in names)


def flip(path):
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 16]))


class Backup(unittest.TestCase):
    def setUp(self):
        self.mark = Tidemark(FOLDER)
        self.addCleanup(self.mark.__exit__)
        self.backups = os.path.join(self.mark.directory, "backups")

    def put(self, numbers, revision=0):
        for number in numbers:
            self.mark.write(f"calendars/{ics.name(number)}", ics.event(number, revision))

    def mirror(self, count=EVENTS, revision=0):
        self.put(range(count), revision)
        self.mark.run("sync")

    def create(self, **more):
        return json.loads(self.mark.run("backup", "create", self.backups, "--json", **more).out)

    def verify(self, *arguments, code=0):
        return self.mark.run("backup", "verify", self.backups, *arguments, code=code)

    def listed(self):
        return json.loads(self.mark.run("backup", "list", self.backups, "--json").out)["items"]

    def tables(self):
        return sorted(glob.glob(self.backups + "/store/**/*.sst", recursive=True), key=os.path.getsize)

    def test_what_is_restored_is_what_was_there_and_goes_on(self):
        self.mirror()
        self.mark.run("audit", "checkpoint")
        events, feed = self.mark.events("folder/calendars"), self.mark.feed()
        key = self.mark.run("audit", "key").out
        made = self.create()
        self.assertEqual(made["rows"]["event"], len(feed))
        self.mirror(EVENTS + 10)
        target = os.path.join(self.mark.directory, "restored")
        self.mark.run("backup", "restore", self.backups, "--to", target)
        shutil.rmtree(self.mark.data)
        os.rename(target, self.mark.data)
        self.assertEqual(self.mark.events("folder/calendars"), events)
        self.assertEqual(self.mark.feed(), feed)
        self.mark.run("audit", "verify", "--payloads")
        self.assertEqual(self.mark.run("audit", "key").out, key)
        self.assertEqual(os.stat(self.mark.data).st_mode & 0o777, 0o700)
        self.assertEqual(os.stat(self.mark.data + "/audit.key").st_mode & 0o777, 0o600)
        self.mark.serve()
        self.mark.run("sync")
        self.assertEqual(len(self.mark.events("folder/calendars")), len(events) + 10)
        self.mark.run("audit", "checkpoint")
        verified = json.loads(self.mark.run("audit", "verify", "--json").out)
        self.assertEqual((verified["checkpoints"], verified["finding"]), (2, None))
        self.assertEqual(self.create()["id"], 2, "the restored store goes on in the same directory")

    def test_every_backup_made_while_it_works_is_a_whole_one(self):
        self.mirror(50)
        self.mark.serve()
        stop, failures = threading.Event(), []

        def work():
            revision = 0
            while not stop.is_set():
                revision += 1
                self.put(range(50), revision)
                try:
                    self.mark.run("sync")
                except AssertionError as error:
                    failures.append(error)
                    return

        worker = threading.Thread(target=work)
        worker.start()
        try:
            made = [self.create() for _ in range(6)]
        finally:
            stop.set()
            worker.join()
        self.assertEqual(failures, [])
        sequences = [backup["sequence"] for backup in made]
        self.assertEqual(sequences, sorted(sequences))
        self.assertGreater(sequences[-1], sequences[0], "nothing was committed meanwhile")
        for backup in made:
            told = json.loads(self.verify(str(backup["id"]), "--json").out)
            self.assertEqual((told["finding"], told["records"]), (None, backup["sequence"]))

    def test_unchanged_data_adds_next_to_nothing(self):
        self.mirror()
        first = self.create()
        before = size_below(self.backups)
        second = self.create()
        added = size_below(self.backups) - before
        self.assertLess(added, first["added_bytes"] / 2)
        self.assertLess(abs(added - second["added_bytes"]), 4096)
        print(f"# {EVENTS} events: first backup {first['added_bytes']} bytes, second {added}")

    def test_killed_in_the_middle_it_leaves_nothing_that_counts(self):
        self.mirror()
        whole = self.create()
        self.mirror(EVENTS, revision=1)
        killed = 0
        copying = os.path.join(self.backups, "store", "private")
        for _ in range(8):
            before = set(os.listdir(copying))
            process = self.mark.start("backup", "create", self.backups)
            eventually(lambda: process.poll() is not None or set(os.listdir(copying)) - before, "a copy")
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            process.stdout.close()
            process.stderr.close()
            for backup in self.listed():
                self.assertIsNone(backup["damage"])
        self.assertGreater(killed, 0, "none was killed in the middle")
        self.create()
        self.assertEqual(self.listed()[0]["id"], whole["id"])
        for backup in self.listed():
            self.verify(str(backup["id"]))
        known = {str(backup["id"]) for backup in self.listed()}
        self.assertEqual(set(os.listdir(copying)), known)
        self.assertEqual(set(os.listdir(self.backups + "/backups")), known)
        self.assertFalse(os.path.exists(self.mark.data + "/store/checkpoints/backup"))

    def test_a_flipped_byte_is_found_and_its_file_named(self):
        self.mirror()
        self.create()
        self.verify()
        table = self.tables()[-1]
        flip(table)
        wrong = self.verify(code=5)
        self.assertIn(os.path.basename(table), wrong.err)
        refused = self.mark.run("backup", "restore", self.backups, "--to",
                                os.path.join(self.mark.directory, "new"), code=3)
        self.assertIn(os.path.basename(table), refused.err)
        self.assertEqual(glob.glob(os.path.join(self.mark.directory, "new*")), [])
        self.assertIn("WRONG", self.mark.run("backup", "list", self.backups).out)
        flip(table)
        self.verify()
        self.assertIsNone(self.listed()[0]["verified"]["finding"])

    def test_a_missing_table_manifest_or_key_is_told(self):
        self.mirror(20)
        self.mark.run("audit", "checkpoint")
        self.create()
        key = self.backups + "/backups/1/audit.key"
        os.rename(key, key + ".away")
        self.assertIn("audit.key", self.verify(code=5).err)
        os.rename(key + ".away", key)
        flip(key)
        self.assertIn("audit.key", self.verify(code=5).err)
        flip(key)
        table = self.tables()[-1]
        os.rename(table, table + ".away")
        self.assertIn(os.path.basename(table), self.verify(code=5).err)
        os.rename(table + ".away", table)
        self.verify()
        with open(self.backups + "/backups/1/manifest.json", "w", encoding="utf-8") as file:
            file.write("{")
        self.assertIn("manifest.json", self.verify(code=5).err)
        os.remove(self.backups + "/backups/1/manifest.json")
        self.assertIn("no finished backup", self.verify(code=1).err)
        made = str(self.create()["id"])
        self.assertEqual(os.listdir(self.backups + "/store/private"), [made], "the old one was not freed")

    def test_refuses_what_cannot_be_meant(self):
        run = self.mark.run
        self.assertIn("[backup]", run("backup", "create", code=2).err)
        self.mirror(5)
        self.assertIn("data directory", run("backup", "create", self.mark.data, code=2).err)
        run("backup", "create", os.path.join(self.mark.data, "backups"), code=2)
        run("backup", "create", self.mark.directory, code=2)
        other = os.path.join(self.mark.directory, "calendars")
        self.assertIn("holds other things", run("backup", "create", other, code=2).err)
        run("backup", "create", self.mark.config, code=1)
        for command in (["list"], ["verify"], ["prune", "--keep", "1"]):
            run("backup", command[0], self.backups, *command[1:], code=1)
        run("backup", "prune", self.backups, "--keep", "0", code=2)
        self.create()
        self.assertIn("no id", self.verify("newest", code=2).err)
        self.assertIn("no backup 9", self.verify("9", code=1).err)
        full = run("backup", "restore", self.backups, "--to", self.mark.data, code=2)
        self.assertIn("exists already", full.err)
        run("backup", "restore", self.backups, code=2)
        newer = os.path.join(self.backups, "TIDEMARK-BACKUPS")
        with open(newer, "w", encoding="utf-8") as file:
            file.write("tidemark backups format 2\n")
        self.assertIn("newer version", self.verify(code=1).err)
        with open(newer, "w", encoding="utf-8") as file:
            file.write("tidemark")
        self.assertIn("is damaged", self.verify(code=5).err)

    def test_an_interrupted_command_leaves_nothing(self):
        self.mirror(50)
        self.create()
        new = os.path.join(self.mark.directory, "new")
        for command in (["verify", self.backups], ["restore", self.backups, "--to", new]):
            for after in (0, 0.02, 0.05, 0.1):
                running = self.mark.start("backup", *command)
                try:
                    running.wait(timeout=after)
                except subprocess.TimeoutExpired:
                    running.terminate()
                running.communicate(timeout=60)
                if command[0] == "restore":
                    self.assertEqual(os.path.exists(new), running.returncode == 0, "none, or a whole one")
                self.assertEqual(glob.glob(self.backups + "/verify-*") + glob.glob(new + ".*"), [])
                shutil.rmtree(new, ignore_errors=True)

    def test_restores_on_a_machine_that_has_nothing_else(self):
        self.mirror(20)
        self.create()
        with tempfile.TemporaryDirectory() as nowhere:
            def run(*arguments):
                return subprocess.run([BINARY, "backup", *arguments], cwd=nowhere, text=True, check=False,
                                      capture_output=True, env=ENVIRONMENT)
            self.assertEqual(run("verify", self.backups).returncode, 0)
            os.mkdir(os.path.join(nowhere, "empty"))
            done = run("restore", self.backups, "1", "--to", "empty/")
            self.assertEqual(done.returncode, 0, done)
            self.assertEqual(sorted(os.listdir(nowhere)), ["empty"])
            self.assertIn("store", os.listdir(os.path.join(nowhere, "empty")))
            os.mkdir(os.path.join(nowhere, "disk"))
            os.symlink("disk", os.path.join(nowhere, "link"))
            self.assertEqual(run("restore", self.backups, "--to", "link").returncode, 0)
            self.assertIn("store", os.listdir(os.path.join(nowhere, "disk")))

    def test_a_full_disk_fails_the_backup_and_nothing_else(self):
        self.mirror()
        os.mkdir(self.backups)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", self.backups],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("mounting a small tmpfs needs root")
        self.addCleanup(subprocess.run, ["umount", "-l", self.backups], check=False)
        elsewhere = os.path.join(self.mark.directory, "elsewhere")
        self.mark.run("backup", "create", elsewhere)
        refused = self.mark.run("backup", "restore", elsewhere, "--to", self.backups, code=2)
        self.assertIn("mount point", refused.err)
        self.assertIn("No space left", self.mark.run("backup", "create", self.backups, code=1).err)
        self.assertEqual(self.listed(), [])
        self.assertFalse(os.path.exists(self.mark.data + "/store/checkpoints/backup"))
        self.mark.run("audit", "verify")
        subprocess.run(["mount", "-o", "remount,size=64m", self.backups], check=True)
        self.create()
        self.verify()
        subprocess.run(["mount", "-o", "remount,ro", self.backups], check=True)
        self.mark.run("backup", "create", self.backups, code=1)
        self.assertIn("--scratch", self.verify(code=1).err)
        told = self.verify("--scratch", self.mark.directory, "--json")
        self.assertTrue(json.loads(told.out)["noted"])

    def test_serve_makes_them_on_schedule_and_tells_their_age(self):
        self.mirror(20)
        self.mark.configure(FOLDER, '[backup]\ndirectory = "backups"\nevery = "1h"\nkeep = 2\n')
        self.assertIn("never made", self.mark.run("status").out)
        self.mark.serve()
        eventually(lambda: self.mark.operator("GET", "/v1/status")["backup"]["last_created"], "a backup")
        self.assertIn("never verified", self.mark.run("status").out)
        self.mark.run("backup", "verify")
        self.mark.run("backup", "verify", "1")
        self.assertRegex(self.mark.run("status").out, "backup +last made .* ago, last verified one .* ago")
        metrics = self.mark.http("GET", "/metrics")[2].decode()
        self.assertRegex(metrics, r"\ntidemark_backup_last_verified_timestamp_seconds 1\.?\d+")
        self.assertEqual(self.mark.http("GET", "/v1/backups")[0], 403)
        self.mark.kill(signal.SIGTERM)
        self.mark.serve()
        self.mark.run("calendars")
        self.assertEqual(len(self.listed()), 1, "a restart is no reason for another one")


if __name__ == "__main__":
    runner.main()
