"""Every file of a data directory, damaged in every way: the real binary refuses with exit 3 and says
what is wrong (exit 2 for the configuration), or all that was there still is.

What the store makes of single bits of its logs and tables is in tests/store/damage_test.cc.
"""
import json
import os
import shutil
import signal
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from support import ics, runner  # noqa: E402
from support.tidemark import Tidemark  # noqa: E402

HEAD = '[secrets]\nmaster_key = { file = "master.key" }\n[delivery]\nallow = ["127.0.0.0/8"]\n'
ACCOUNT = '[[account]]\nid = "folder"\nprovider = "ics"\npath = "calendars"\npoll = "1d"\n'
EVENTS = 20


def rewrite(path, change):
    with open(path, "rb") as file:
        content = file.read()
    with open(path, "wb") as file:
        file.write(change(content))


def flip(where):
    """One bit of the byte at that part of the file."""
    def damage(path):
        def change(content):
            at = min(len(content) - 1, int(len(content) * where))
            return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1:]
        rewrite(path, change)
    return damage


def replace_by_folder(path):
    os.remove(path)
    os.mkdir(path)


DAMAGES = {
    "flipped at its beginning": flip(0.0),
    "flipped in the middle": flip(0.5),
    "flipped near its end": flip(0.97),
    "cut in half": lambda path: rewrite(path, lambda content: content[:len(content) // 2]),
    "emptied": lambda path: rewrite(path, lambda content: b""),
    "overwritten with zeroes": lambda path: rewrite(path, lambda content: bytes(len(content))),
    "removed": os.remove,
    "replaced by a folder": replace_by_folder,
}
# The codes of a refusal by the file's name. 5: `audit verify` found it. 1 of the vault: its keys are
# asked for by the command that needs one, not when the store is opened.
REFUSALS = {"tidemark.toml": {1, 2}, "master.key": {1, 2}}
STORE_REFUSALS = {3, 5}
MUST_BE_NOTICED = {"data/store/wal/.log", "data/store/db/.sst", "data/store/db/MANIFEST-",
                   "data/store/db/CURRENT", "data/store/WATERMARK", "data/store/FORMAT",
                   "data/audit.key", "data/audit.pub", "master.key", "tidemark.toml"}


class Damage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mark = Tidemark(ACCOUNT, HEAD)
        cls.addClassCleanup(cls.mark.__exit__)
        cls.fill()
        cls.aside = cls.mark.directory + "-aside"
        cls.addClassCleanup(shutil.rmtree, cls.aside, True)
        shutil.copytree(cls.mark.directory, cls.aside, ignore=shutil.ignore_patterns("*.sock"))
        cls.whole = cls.everything()

    @classmethod
    def fill(cls):
        """A bit of everything, in logs and in tables."""
        mark = cls.mark
        mark.run("secrets", "generate-key", "--file", os.path.join(mark.directory, "master.key"))
        for number in range(EVENTS):
            mark.write(f"calendars/{ics.name(number)}", ics.event(number))
        mark.run("sync")
        mark.run("endpoint", "create", "--id", "e", "--url", "http://127.0.0.1:9/", "--types", "none")
        mark.run("audit", "checkpoint")
        for number in range(10):  # openings that leave logs behind, and then tables
            mark.run("key", "create", "--tenant", f"t{number}")
        mark.serve()
        mark.kill(signal.SIGTERM)

    @classmethod
    def everything(cls):
        """What is there, or (code, message) of the first command that was refused."""
        found = []
        for command in (["audit", "verify", "--payloads", "--json"], ["feed", "--json"],
                        ["events", "folder/calendars", "--json", "--limit", "1000"],
                        ["key", "list", "--json"], ["endpoint", "list", "--json"],
                        ["audit", "list", "--json", "--limit", "1000"],
                        ["audit", "checkpoints", "--json"]):
            result = cls.mark.run(*command, code=None)
            if result.code != 0:
                return result
            found.append(result.out)
        # What a signature or a sealed secret needs; they change what is there, so nothing of the
        # answers is compared.
        for command in (["audit", "checkpoint"], ["endpoint", "rotate-secret", "e"]):
            result = cls.mark.run(*command, code=None)
            if result.code != 0:
                return result
        return found

    def put_back(self):
        shutil.rmtree(self.mark.directory)
        shutil.copytree(self.aside, self.mark.directory)

    def files(self):
        """Of each kind one: a log, a table and so on, by the name that stands for the kind."""
        kinds = {}
        for folder, _, names in os.walk(self.aside):
            if "calendars" in folder:
                continue
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), self.aside)
                if name in ("LOCK", "serve.log"):
                    continue
                kind = "".join(c for c in path if not c.isdigit())
                kinds.setdefault(kind, []).append(path)
        return {kind: paths[-1] for kind, paths in kinds.items()}

    def test_every_damage_is_noticed_or_does_not_matter(self):
        self.assertIsInstance(self.whole, list, self.whole)
        told, wrong = {}, []
        for kind, path in sorted(self.files().items()):
            for name, damage in DAMAGES.items():
                self.put_back()
                damage(os.path.join(self.mark.directory, path))
                try:
                    verdict = self.judge(path, name, self.everything())
                    told.setdefault((kind, verdict), []).append(name)
                except AssertionError as error:
                    wrong.append(f"{path} {name}: {error}")
        for (kind, verdict), names in sorted(told.items()):
            print(f"# {kind}: {verdict}: {', '.join(names)}", flush=True)
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))
        refused = {kind for kind, verdict in told if verdict == "refused"}
        self.assertLessEqual(MUST_BE_NOTICED, refused)

    def judge(self, path, damage, now):
        if isinstance(now, list):
            for before, after in zip(self.whole, now):
                self.assertEqual(after, before, "answered with something else")
            return "whole"
        if damage == "replaced by a folder":
            # The disk says no, as it would to a file that nobody may read.
            self.assertIn(now.code, {1, 2, 3}, now)
            self.assertTrue(os.path.basename(path) in now.err or "lost commits" in now.err, now)
        else:
            self.assertIn(now.code, REFUSALS.get(os.path.basename(path), STORE_REFUSALS), now)
        self.assertGreater(len(now.err.strip() or now.out.strip()), 20, "refused without a word")
        return "refused"


if __name__ == "__main__":
    runner.main()
