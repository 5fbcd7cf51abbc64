"""The journal proved by the real binary: signed, verified, and refused when it is not what it was."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from support import ics, runner
from support.tidemark import BINARY, Tidemark, eventually

FOLDER = '[[account]]\nid = "folder"\nprovider = "ics"\npath = "calendars"\npoll = "1d"\n'
EVENTS = 12


class Audit(unittest.TestCase):
    def setUp(self):
        self.mark = Tidemark(FOLDER)
        self.addCleanup(self.mark.__exit__)
        self.put(range(EVENTS))
        self.mark.run("sync")

    def put(self, numbers, revision=0):
        for number in numbers:
            self.mark.write(f"calendars/{ics.name(number)}", ics.event(number, revision))

    def path(self, name):
        return os.path.join(self.mark.directory, name)

    def save(self, name, *command):
        self.mark.write(name, self.mark.run(*command).out)
        return self.path(name)

    def records(self):
        return [json.loads(line) for line in self.mark.run("audit", "list", "--json").out.splitlines()]

    def check(self, *arguments, code=0):
        """`check-proof` as a stranger runs it: no configuration, no data directory."""
        with tempfile.TemporaryDirectory() as nowhere:
            done = subprocess.run([BINARY, "audit", "check-proof", *arguments], cwd=nowhere, text=True,
                                  capture_output=True, check=False)
        self.assertEqual(done.returncode, code, done)
        return done

    def test_verifies_what_is_whole(self):
        self.mark.run("audit", "checkpoint")
        told = json.loads(self.mark.run("audit", "verify", "--payloads", "--json").out)
        self.assertIsNone(told["finding"])
        self.assertEqual(told["records"], told["last"])
        self.assertEqual(told["checkpoints"], 1)
        self.assertGreater(told["payloads"], told["records"] + EVENTS - 1)
        self.assertIn("1 signed checkpoints hold", self.mark.run("audit", "verify").out)

    def test_proves_a_record_to_a_stranger(self):
        sequence = str(self.records()[-1]["sequence"])
        refused = self.mark.run("audit", "prove", sequence, code=1)
        self.assertIn("tidemark audit checkpoint", refused.err)
        self.mark.run("audit", "checkpoint")
        key = self.save("key", "audit", "key")
        proof = self.save("proof", "audit", "prove", sequence)
        told = self.check(proof, "--key", key)
        self.assertIn(f"record {sequence} is in the journal of tidemark/", told.stdout)
        with open(key, encoding="utf-8") as file:
            text = file.read().strip()
        shown = json.loads(self.check(proof, "--key", text, "--json").stdout)
        self.assertEqual(shown["record"]["sequence"], int(sequence))

    def test_refuses_a_proof_that_was_changed_or_is_none(self):
        self.mark.run("audit", "checkpoint")
        key = self.save("key", "audit", "key")
        proof = self.save("proof", "audit", "prove", "3")
        with open(proof, encoding="utf-8") as file:
            content = file.read()
        self.mark.write("changed", content.replace("index 2", "index 1"))
        self.assertIn("does not hold", self.check(self.path("changed"), "--key", key, code=5).stderr)
        self.mark.write("none", "nothing\n")
        self.assertIn("not a proof", self.check(self.path("none"), "--key", key, code=5).stderr)
        self.check(self.path("missing"), "--key", key, code=2)
        self.check(proof, "--key", "no key", code=2)

    def test_proves_that_nothing_before_was_changed(self):
        kept = self.save("kept", "audit", "checkpoint")
        size = self.mark.run("audit", "checkpoints", "--json").out.splitlines()[0]
        size = str(json.loads(size)["size"])
        self.put(range(3), revision=1)
        self.mark.run("sync")
        self.mark.run("audit", "checkpoint")
        key = self.save("key", "audit", "key")
        proof = self.save("proof", "audit", "consistency", size)
        told = self.check(proof, "--key", key, "--checkpoint", kept)
        self.assertIn(f"begins with those {size}", told.stdout)
        self.assertIn("--checkpoint", self.check(proof, "--key", key, code=2).stderr)
        self.assertIn(f"begin with the {size} of", self.verify_against(kept, key).out)
        told = json.loads(self.verify_against(kept, key, "--json").out)
        self.assertEqual((told["finding"], told["begins_with"]), (None, int(size)))

    def verify_against(self, checkpoint, key, *more, code=0):
        return self.mark.run("audit", "verify", "--checkpoint", checkpoint, "--key", key, *more, code=code)

    def test_a_journal_that_was_rewritten_and_signed_anew_is_not_the_one_of_a_kept_checkpoint(self):
        """By somebody who can write the data directory, and so make a key of his own."""
        kept, key = self.save("kept", "audit", "checkpoint"), self.save("key", "audit", "key")
        shutil.rmtree(self.mark.data)
        self.mark.run("sync")
        self.mark.run("audit", "verify")
        self.assertIn("has none of so many", self.verify_against(kept, key, code=5).err)
        self.mark.run("audit", "checkpoint")
        self.mark.run("audit", "verify")
        self.assertIn("checkpoint that was kept", self.verify_against(kept, key, code=5).err)
        own = self.save("own", "audit", "key")
        self.assertIn("--checkpoint: ", self.verify_against(kept, own, code=5).err)
        self.verify_against(self.path("none"), key, code=2)
        self.mark.run("audit", "verify", "--checkpoint", kept, code=2)

    def test_lists_by_type_time_and_dedupe_key(self):
        made = [record for record in self.records() if record["events"]]
        listed = [json.loads(line) for line in self.mark.run(
            "audit", "list", "--json", "--type", "calendar.event.*").out.splitlines()]
        self.assertEqual(listed, made)
        key = made[0]["events"][0]["dedupe_key"]
        for tenant in ([], ["--tenant", "default"]):
            found = self.mark.run("audit", "list", "--json", "--dedupe-key", key, *tenant).out
            self.assertEqual([json.loads(line) for line in found.splitlines()], made[:1])
        self.assertEqual(self.mark.run("audit", "list", "--until", "2001-01-01").out, "")
        self.assertEqual(self.mark.run("audit", "list", "--tenant", "another").out, "")
        self.mark.run("audit", "list", "--until", "soon", code=2)

    def test_draws_what_led_to_a_record_and_what_came_of_it(self):
        made = next(record for record in self.records() if record["events"])
        sequence = str(made["sequence"])
        drawn = self.mark.run("audit", "show", sequence, "--tree").out.splitlines()
        self.assertEqual(drawn[0], made["correlation_id"])
        depth = {name: next(len(line) - len(line.lstrip("|`-│├└─ ")) for line in drawn if name in line)
                 for name in ("account.sync", "effect discover", "message calendar.configured",
                              "effect pull", "<- this one", "event calendar.event.created")}
        self.assertEqual(list(depth.values()), sorted(set(depth.values())), drawn)
        below = json.loads(self.mark.run("audit", "show", sequence, "--tree", "--below", "--json").out)
        self.assertEqual([node["sequence"] for node in below["children"]], [made["sequence"]])
        few = self.mark.run("audit", "show", sequence, "--tree", "--limit", "2").out
        self.assertRegex(few, r"\.\.\. \d+ more")
        self.mark.run("audit", "show", sequence, "--below", code=2)

    def test_serve_signs_on_schedule_and_verifies_while_it_runs(self):
        self.mark.configure(FOLDER, '[audit]\ncheckpoint_every = "1s"\nname = "acme.example/audit"\n')
        self.mark.serve()
        eventually(lambda: self.mark.operator("GET", "/v1/audit/checkpoints")["items"], "a checkpoint")
        self.assertTrue(self.mark.run("audit", "key").out.startswith("acme.example/audit+"))
        verified = json.loads(self.mark.run("audit", "verify", "--json").out)
        self.assertIsNone(verified["finding"])
        events = [json.loads(line) for line in
                  self.mark.run("feed", "--json", "--type", "audit.*").out.splitlines()]
        self.assertIn("acme.example/audit\n", events[0]["payload"]["checkpoint"])

    def test_a_journal_that_went_another_way_does_not_fit_a_checkpoint_kept_elsewhere(self):
        """An old copy put back and used: it is whole in itself, and signed with the same key."""
        self.mark.run("audit", "checkpoint")
        shutil.copytree(self.mark.data, self.path("old"))
        self.put(range(3), revision=1)
        self.mark.run("sync")
        kept = self.save("kept", "audit", "checkpoint")
        shutil.rmtree(self.mark.data)
        shutil.copytree(self.path("old"), self.mark.data)
        self.put(range(3), revision=2)
        self.mark.run("sync")
        self.mark.run("audit", "checkpoint")
        self.mark.run("audit", "verify")
        with open(kept, encoding="utf-8") as file:
            size = file.read().splitlines()[1]
        key = self.save("key", "audit", "key")
        proof = self.save("proof", "audit", "consistency", size)
        refused = self.check(proof, "--key", key, "--checkpoint", kept, code=5)
        self.assertIn("is not the beginning of the later", refused.stderr)
        self.assertIn("is not the beginning of the later", self.verify_against(kept, key, code=5).err)


class Forgotten(unittest.TestCase):
    """Retention and erasure by the real binary, killed in the middle."""

    def setUp(self):
        self.mark = Tidemark("", '[retention]\nrecords = "1s"\ncheck_every = "1h"\n')
        self.addCleanup(self.mark.__exit__)

    def make_keys(self, count):
        for _ in range(count):
            self.mark.operator("POST", "/v1/keys", {"tenant": "acme"})

    def verified(self):
        told = json.loads(self.mark.run("audit", "verify", "--payloads", "--json").out)
        self.assertIsNone(told["finding"])
        self.assertEqual(told["records"] + told["dropped"], told["last"])
        return told

    def wait_until_old(self):
        newest = self.mark.operator("GET", "/v1/audit/verify")["last"]
        eventually(lambda: any(cut["kind"] == "records" and cut["through"] >= newest // 256 * 256 for cut in
                               self.mark.operator("GET", "/v1/audit/retention")["next"]["cuts"]),
                   "records that are old enough")

    def test_backups_go_on_after_retention(self):
        self.mark.serve()
        self.make_keys(300)
        backups = os.path.join(self.mark.directory, "backups")
        self.mark.run("backup", "create", backups)
        self.mark.operator("POST", "/v1/audit/checkpoints", {})
        self.wait_until_old()
        self.mark.run("audit", "retention", "--run")
        self.mark.run("backup", "create", backups)
        self.mark.run("backup", "verify", backups)
        new = os.path.join(self.mark.directory, "new")
        self.mark.run("backup", "restore", backups, "--to", new)
        self.mark.run("audit", "verify", "--payloads", "--data-dir", new)
        self.assertIn("dropped", self.mark.run("audit", "show", "1", "--data-dir", new, code=1).err)
        self.assertIn("is not in the journal", self.mark.run("replay", code=1).err)

    def test_retention_is_whole_again_after_each_kill(self):
        for kill_after in (0, 0.002, 0.01, None):
            self.mark.serve()
            self.make_keys(300)
            self.mark.operator("POST", "/v1/audit/checkpoints", {})
            self.wait_until_old()
            if kill_after is None:
                self.mark.run("audit", "retention", "--run")
            else:
                asked = self.mark.start("audit", "retention", "--run")
                try:
                    asked.wait(timeout=kill_after)
                except subprocess.TimeoutExpired:
                    pass
            self.mark.kill()
            if kill_after is not None:
                asked.communicate(timeout=60)  # it may have opened the directory itself
            self.verified()
        dropped = self.verified()["dropped"]
        self.assertGreaterEqual(dropped, 1024)
        self.assertEqual(dropped % 256, 0)
        self.assertIn(f"records 1 to {dropped} were dropped by retention", self.mark.run("audit", "verify").out)
        self.assertIn("dropped by retention", self.mark.run("audit", "show", "1", code=1).err)
        self.assertEqual(json.loads(self.mark.run("audit", "list", "--limit", "1", "--json").out)["sequence"],
                         dropped + 1)

    def test_erases_a_tenant_and_says_so(self):
        self.mark.configure(FOLDER)
        self.mark.write(f"calendars/{ics.name(1)}", ics.event(1))
        self.mark.run("sync")
        self.mark.run("audit", "erase", "--why", "asked for", code=2)
        self.mark.run("audit", "erase", "--tenant", "default", code=2)
        would = self.mark.run("audit", "erase", "--tenant", "default", "--dry-run").out
        self.assertIn("would erase", would)
        self.assertTrue(self.mark.feed())
        done = self.mark.run("audit", "erase", "--tenant", "default", "--why", "asked for").out
        self.assertEqual("would erase" + done.removeprefix("erased"), would)
        self.assertEqual([item["type"] for item in self.mark.feed()], ["audit.payloads.erased"])
        self.assertIn("asked for", self.mark.run("audit", "retention").out)
        self.assertIn("gone by retention or erasure", self.mark.run("audit", "verify", "--payloads").out)
        self.verified()


if __name__ == "__main__":
    runner.main()
