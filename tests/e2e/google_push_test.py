"""The real binary told by a fake Google that a calendar has changed: watched, notified, restarted."""
import os
import stat
import unittest

from support import runner
from support.google import PUBLIC_URL, Google, deliver, pushed_account
from support.tidemark import OperatorConnection, Tidemark, eventually


class GooglePush(unittest.TestCase):
    def setUp(self):
        self.google = Google()
        self.addCleanup(self.google.__exit__)
        self.google.do("calendar", id="team", summary="Team")
        # Polling is too rare to be what brings anything.
        self.mark = Tidemark(pushed_account(self.google, poll="1d"))
        self.addCleanup(self.mark.__exit__)
        for name, secret in self.google.secrets().items():
            self.mark.write(name, secret + "\n")

    def channels(self):
        return self.google.do("channels", calendar="team")

    def watch(self):
        self.mark.serve()
        eventually(lambda: self.calendar().get("watched_until"), "a watched calendar")
        self.assertEqual(self.channels(), [PUBLIC_URL + "/hooks/google"])

    def calendar(self):
        found = self.mark.operator("GET", "/v1/calendars")["items"]
        return found[0] if found else {}

    def insert(self, title):
        self.google.do("insert", calendar="team", event={
            "summary": title, "start": {"dateTime": "2026-01-05T10:00:00Z"},
            "end": {"dateTime": "2026-01-05T10:30:00Z"}})

    def titles(self):
        return sorted(event["title"] for event in self.mark.events("Team"))

    def at_rest(self):
        engine = self.mark.operator("GET", "/v1/status")["engine"]
        return self.calendar()["state"] == "ok" and engine["outbox"] == engine["inbox"] == 0

    def last_sequence(self):
        return self.mark.operator("GET", "/v1/status")["store"]["last_sequence"]

    def test_a_change_comes_by_notification_also_after_a_kill(self):
        self.watch()
        self.assertEqual([deliver(self.mark, push) for push in self.google.do("pushes")], [200], "sync")
        self.insert("First")
        self.assertEqual([deliver(self.mark, push) for push in self.google.do("pushes")], [200])
        eventually(lambda: self.titles() == ["First"], "the event")
        self.mark.kill()
        self.watch()
        self.insert("Second")
        for push in self.google.do("pushes"):
            self.assertEqual(deliver(self.mark, push, body=b"whatever"), 200)
        eventually(lambda: self.titles() == ["First", "Second"], "the second event")
        connection = OperatorConnection(os.path.join(self.mark.data, "tidemark.sock"))
        self.addCleanup(connection.close)
        connection.request("GET", "/metrics")
        metrics = connection.getresponse().read().decode()
        self.assertIn('calendar_push_notifications_total{outcome="accepted"} 1', metrics)

    def test_forged_notifications_are_refused_and_set_nothing_off(self):
        self.watch()
        self.google.do("pushes")
        self.insert("Real")
        real = self.google.do("pushes")[0]
        eventually(self.at_rest, "the end of the first sync")
        before = self.last_sequence()

        def forged(**headers):
            changed = {**real["headers"], **{name.replace("_", "-"): value
                                             for name, value in headers.items()}}
            return deliver(self.mark, {"url": real["url"], "headers": changed})

        self.assertEqual(forged(X_Goog_Channel_ID="01ARZ3NDEKTSV4RRFFQ69G5FAV-cal_0"), 404)
        self.assertEqual(forged(X_Goog_Channel_Token="guessed"), 403)
        self.assertEqual(forged(X_Goog_Resource_ID="another"), 403)
        self.assertEqual(forged(X_Goog_Resource_State="add"), 400)
        self.assertEqual(deliver(self.mark, {"url": real["url"], "headers": {}}), 400)
        self.assertEqual(self.mark.http("GET", "/hooks/google")[0], 405)
        self.assertEqual(self.last_sequence(), before)
        self.assertEqual(deliver(self.mark, real), 200)
        eventually(lambda: self.titles() == ["Real"], "the event")

    def test_channels_are_stopped_when_the_calendar_is_not_selected_any_more(self):
        self.watch()
        self.mark.kill()
        self.mark.configure(pushed_account(self.google, poll="1d", calendars=["other"]))
        self.mark.serve()
        eventually(lambda: not self.channels(), "no channel left")

    def test_the_key_is_private_and_goes_with_a_backup(self):
        self.watch()
        key = os.path.join(self.mark.data, "push.key")
        self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        backups = os.path.join(self.mark.directory, "backups")
        restored = os.path.join(self.mark.directory, "restored")
        self.mark.run("backup", "create", backups)
        self.mark.run("backup", "restore", backups, "--to", restored)
        with open(key, "rb") as one, open(os.path.join(restored, "push.key"), "rb") as other:
            self.assertEqual(one.read(), other.read())


if __name__ == "__main__":
    runner.main()
