"""Deliveries by the real binary: signed webhooks that receivers' own libraries accept, and what an
operator does with them."""
import base64
import json
import os
import re
import shutil
import signal
import unittest

from support import ics, runner, servers, verifiers
from support.dav import Dav
from support.receiver import Receiver, accept, refuse
from support.tidemark import Tidemark, caldav_account, eventually

SECRETS = '[secrets]\nmaster_key = { file = "master.key" }\n'
ALLOW = '[delivery]\nallow = ["127.0.0.0/8"]\n'
FOLDER = '[[account]]\nid = "folder"\nprovider = "ics"\npath = "calendars"\npoll = "1d"\n'
SECRET = re.compile(r"^whsec_[A-Za-z0-9+/]+=*$", re.MULTILINE)


def kinds(requests):
    return [request.headers["content-type"] for request in requests]


class Deliveries(unittest.TestCase):
    """A folder of events, a receiver, and what it takes to make and watch endpoints."""

    accounts = FOLDER

    def setUp(self):
        self.receiver = Receiver()
        self.addCleanup(self.receiver.__exit__)
        self.mark = Tidemark(self.accounts, SECRETS + ALLOW)
        self.addCleanup(self.mark.__exit__)
        self.make_master_key("master.key")
        os.makedirs(os.path.join(self.mark.directory, "calendars"))

    def make_master_key(self, name):
        path = os.path.join(self.mark.directory, name)
        self.mark.run("secrets", "generate-key", "--file", path)
        return path

    def create(self, name, *options, **result):
        """Makes an endpoint at the receiver's path of its name, and returns its secret."""
        made = self.mark.run("endpoint", "create", "--id", name, "--url",
                             self.receiver.url("/" + name), *options, **result)
        found = SECRET.findall(made.out)
        self.assertEqual(len(found), 1, made)
        return found[0]

    def put(self, *numbers, revision=0):
        for number in numbers:
            self.mark.write(f"calendars/{ics.name(number)}", ics.event(number, revision))

    def sync(self):
        """Returns the events that it made."""
        before = self.mark.feed()
        self.mark.run("sync")
        return self.mark.feed(after=before[-1]["id"] if before else None)

    def emit(self, *numbers, revision=0):
        before = self.mark.feed()
        after = before[-1]["id"] if before else None
        self.put(*numbers, revision=revision)
        made = []
        # A pass that ran already when the events were put may not have seen them.
        while len(made) < len(numbers):
            self.mark.run("sync")
            made = [item for item in self.mark.feed(after=after)
                    if item["type"].startswith("calendar.event.")]
        self.assertEqual(len(made), len(numbers))
        return [item["id"] for item in made]

    def explain(self, name, event):
        return json.loads(self.mark.run("delivery", "show", name, event, "--json").out)

    def explained(self, name, event, state):
        """The explanation once it tells this state: it is told after the commit that made it so."""
        def look():
            what = self.mark.operator("GET", f"/v1/endpoints/{name}/deliveries/{event}")
            return what if what["state"] == state else None
        return eventually(look, f"event {event} of {name} is {state}")

    def settled(self, name):
        """The endpoint once nothing of the feed is left for it and its counts are stored."""
        last = self.mark.feed()[-1]["id"]
        path = f"/v1/endpoints/{name}/deliveries/{last}"
        eventually(lambda: self.mark.operator("GET", path)["state"] != "pending", f"{name} settled")
        return self.mark.endpoint(name)


@unittest.skipIf(verifiers.missing(), verifiers.missing())
class Signed(Deliveries):
    """What is sent, judged by the libraries of its receivers."""

    @classmethod
    def setUpClass(cls):
        cls.verifiers = verifiers.Verifiers()
        cls.addClassCleanup(cls.verifiers.close)

    def assert_genuine(self, secret, request):
        self.assertEqual(self.verifiers.verdicts(secret, request),
                         {library: None for library in verifiers.LIBRARIES})

    def assert_refused(self, secret, request, body=None):
        for library, verdict in self.verifiers.verdicts(secret, request, body).items():
            self.assertIn("No matching signature", verdict or "it was accepted", library)

    def test_a_change_on_a_calendar_server_arrives_as_a_signed_webhook(self):
        with servers.Radicale() as server:
            dav = Dav(server)
            self.addCleanup(dav.close)
            dav.make_calendar("cal")
            self.mark.configure(caldav_account(server, poll="1d"), SECRETS + ALLOW)
            self.mark.write("secrets/work", server.password + "\n")
            # One that stays, for an emptied calendar is looked at twice before it is believed.
            dav.put("cal", ics.name(0), ics.event(0))
            self.mark.run("sync")
            there = self.mark.feed()[-1]["id"]
            secret = self.create("hook", "--types", "calendar.event.*")
            self.mark.serve()
            for change in (lambda: dav.put("cal", ics.name(1), ics.event(1)),
                           lambda: dav.put("cal", ics.name(1), ics.event(1, revision=1)),
                           lambda: dav.delete("cal", ics.name(1))):
                change()
                self.mark.run("sync")
            got = self.receiver.wait_for("/hook", 3)
        feed = self.mark.feed(after=there)
        self.assertEqual([item["type"].rsplit(".", 1)[1] for item in feed],
                         ["created", "updated", "deleted"])
        for request in got:
            item = next(item for item in feed if item["id"] == request.id)
            self.assertEqual(json.loads(request.body), item)
            self.assertEqual(request.headers["content-type"], "application/json")
            self.assert_genuine(secret, request)
            self.assert_refused(secret, request, request.body.replace(b"Meeting", b"Meating"))
            self.assert_refused("whsec_" + base64.b64encode(bytes(32)).decode(), request)
        self.assertEqual({request.id for request in got}, {item["id"] for item in feed})

    def test_formats_are_cloud_events_when_asked_for(self):
        secrets = {name: self.create(name, "--format", f"cloudevents_{name}")
                   for name in ("structured", "binary")}
        self.mark.serve()
        self.emit(1)
        event = self.mark.feed()[0]
        wanted = {"specversion": "1.0", "id": event["id"], "source": event["source"],
                  "type": event["type"], "time": event["occurred_at"],
                  "subject": event["payload"]["event"]["external_event_id"]}
        structured = self.receiver.wait_for("/structured", 1)[0]
        self.assertTrue(structured.headers["content-type"].startswith("application/cloudevents+json"))
        body = json.loads(structured.body)
        self.assertEqual({name: body[name] for name in wanted}, wanted)
        self.assertEqual(body["data"], event["payload"])
        binary = self.receiver.wait_for("/binary", 1)[0]
        self.assertEqual({name: binary.headers["ce-" + name] for name in wanted}, wanted)
        self.assertTrue(binary.headers["content-type"].startswith("application/json"))
        self.assertEqual(json.loads(binary.body), event["payload"])
        self.assert_genuine(secrets["structured"], structured)
        self.assert_genuine(secrets["binary"], binary)

    def test_a_rotated_secret_signs_beside_the_new_one_until_its_overlap_ends(self):
        old = self.create("hook")
        self.mark.serve()

        def rotate(overlap):
            done = self.mark.run("endpoint", "rotate-secret", "hook", "--overlap", overlap)
            return SECRET.findall(done.out)[0]

        def sent(number):
            self.emit(number)
            return self.receiver.wait_for("/hook", number + 1)[-1]

        before = sent(0)
        self.assert_genuine(old, before)
        new = rotate("1h")
        self.assert_refused(new, before)
        during = sent(1)
        self.assert_genuine(old, during)
        self.assert_genuine(new, during)
        newest = rotate("1s")
        eventually(lambda: len(self.mark.endpoint("hook")["secrets"]) == 1, "the overlap's end")
        after = sent(2)
        self.assert_genuine(newest, after)
        self.assert_refused(new, after)
        self.assert_refused(old, after)

    def test_a_declared_endpoint_signs_with_the_secrets_of_the_configuration(self):
        secrets = ["whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]
        for number, secret in enumerate(secrets):
            self.mark.write(f"secrets/{number}", secret + "\n")
        self.mark.configure(FOLDER + f"""
[[endpoint]]
id = "declared"
url = "{self.receiver.url("/declared")}"
types = ["calendar.event.*"]
headers = {{ "X-Environment" = "test" }}
secrets = [{{ file = "secrets/1" }}, {{ file = "secrets/0" }}]
""", ALLOW)
        self.mark.serve()
        self.emit(1)
        request = self.receiver.wait_for("/declared", 1)[0]
        self.assertEqual(request.headers["x-environment"], "test")
        for secret in secrets:
            self.assert_genuine(secret, request)

    def test_a_test_message_is_signed_and_its_answer_told(self):
        secret = self.create("hook")
        self.mark.serve()
        done = self.mark.run("endpoint", "test", "hook")
        self.assertIn("HTTP 200", done.out)
        request = self.receiver.wait_for("/hook", 1)[0]
        self.assertEqual(json.loads(request.body)["type"], "tidemark.endpoint.test")
        self.assert_genuine(secret, request)
        self.receiver.answer("/hook", refuse(503, body=b"down for repairs"))
        failed = self.mark.run("endpoint", "test", "hook", code=4)
        self.assertIn("503", failed.out)
        self.assertIn("down for repairs", failed.out)
        self.assertEqual(self.mark.feed(), [], "a test became part of the feed")


class Operated(Deliveries):
    """What an operator does with endpoints and deliveries."""

    def watch(self):
        """An endpoint that takes everything: what arrives there has been looked at by all."""
        self.create("watch", "--types", "calendar.event.*")

    def test_a_paused_endpoint_gets_nothing_and_everything_once_it_goes_on(self):
        self.create("hook")
        self.watch()
        self.mark.serve()
        self.mark.run("endpoint", "pause", "hook", "--reason", "moving house")
        events = self.emit(1, 2, 3)
        self.receiver.wait_for("/watch", 3)
        what = self.explain("hook", events[0])
        self.assertEqual((what["state"], what["reason"]), ("pending", "paused"))
        self.assertEqual(self.mark.endpoint("hook")["reason"], "moving house")
        self.assertEqual(self.receiver.got("/hook"), [])
        self.mark.run("endpoint", "resume", "hook")
        self.receiver.wait_for("/hook", 3)
        self.assertEqual(sorted(self.receiver.ids("/hook")), events)
        self.assertEqual(self.explained("hook", events[0], "delivered")["attempt"], 1)

    def test_a_rewind_delivers_again_from_where_it_is_told(self):
        self.create("hook", "--ordered")
        self.mark.serve()
        events = self.emit(*range(5))
        first = self.receiver.wait_for("/hook", 5)
        self.assertEqual([request.id for request in first], events)
        self.settled("hook")
        self.mark.run("endpoint", "rewind", "hook", "--event", events[2])
        again = self.receiver.wait_for("/hook", 8)[5:]
        self.assertEqual([request.id for request in again], events[2:])
        bodies = {request.id: request.body for request in first}
        for request in again:
            self.assertEqual(request.body, bodies[request.id])
        eventually(lambda: self.mark.endpoint("hook")["replaying_until"] is None, "the replay's end")
        self.mark.run("endpoint", "rewind", "hook", "--from", "2020-01-01T00:00:00Z")
        self.receiver.wait_for("/hook", 13)
        self.assertEqual(self.receiver.ids("/hook")[8:], events)

    def test_dead_letters_are_counted_replayed_and_dropped(self):
        self.receiver.answer("/hook", refuse(500, body=b"no such table"))
        self.create("hook", "--schedule", "0s,0s", "--types", "calendar.event.*")
        self.create("news", "--types", "delivery.*")
        self.mark.serve()
        events = self.emit(1, 2, 3)
        news = [json.loads(request.body) for request in self.receiver.wait_for("/news", 3)]
        self.assertEqual({one["type"] for one in news}, {"delivery.dead_lettered"})
        self.assertEqual(sorted(one["payload"]["event_id"] for one in news), events)
        dead = self.mark.run("deadletter", "list", "hook", "--json").items()
        self.assertEqual([one["event_id"] for one in dead], events)
        for one in dead:
            self.assertEqual((one["attempts"], one["last_attempt"]["status"]), (2, 500))
            self.assertEqual(one["last_attempt"]["answer"], "no such table")
        self.assertEqual(len(self.receiver.got("/hook")), 6)
        what = self.explain("hook", events[0])
        self.assertEqual((what["state"], what["reason"]), ("dead", "all 2 attempts failed"))

        self.receiver.answer("/hook", accept)
        dry = json.loads(self.mark.run("deadletter", "replay", "hook", "--dry-run", "--json").out)
        self.assertEqual(dry, {"matched": 3, "changed": 0, "dry_run": True})
        self.assertEqual(self.mark.endpoint("hook")["counts"]["dead"], 3)
        one = json.loads(self.mark.run("deadletter", "replay", "hook", "--event", events[1],
                                       "--json").out)
        self.assertEqual(one, {"matched": 1, "changed": 1, "dry_run": False})
        replayed = self.receiver.wait_for("/hook", 7)[6]
        self.assertEqual(replayed.id, events[1])
        self.explained("hook", events[1], "delivered")
        self.mark.run("deadletter", "drop", "hook", code=2)
        self.mark.run("deadletter", "drop", "hook", "--event", events[0])
        self.mark.run("deadletter", "drop", "hook", "--all")
        self.assertEqual(self.mark.run("deadletter", "list", "hook", "--json").items(), [])
        self.assertEqual(self.explain("hook", events[0])["state"], "settled")

    def test_what_waits_is_retried_at_once_or_given_up_when_asked(self):
        self.receiver.answer("/hook", refuse(500))
        self.create("hook", "--schedule", "0s,1h,1h")
        self.mark.serve()
        events = self.emit(1, 2)
        for event in events:
            what = self.explained("hook", event, "waiting")
            self.assertEqual(what["reason"], "attempt 2 is due")
            self.assertEqual([attempt["status"] for attempt in what["attempts"]], [500])
            self.assertGreater(what["until"], what["attempts"][0]["at"])
        self.receiver.answer("/hook", accept)
        self.mark.run("delivery", "retry", "hook", events[0])
        self.assertEqual(self.receiver.wait_for("/hook", 3)[2].id, events[0])
        self.assertEqual(self.explained("hook", events[0], "delivered")["attempt"], 2)
        self.mark.run("delivery", "cancel", "hook", events[1])
        self.assertEqual(self.explain("hook", events[1])["state"], "settled")
        self.assertEqual(self.mark.run("delivery", "list", "hook", "--json").items(), [])

    def test_the_tree_of_its_record_shows_an_event_s_attempts(self):
        self.receiver.answer("/hook", refuse(503))
        self.create("hook", "--schedule", "0s,1h,1h")
        self.mark.serve()
        event = self.emit(1)[0]
        self.explained("hook", event, "waiting")
        record = json.loads(self.mark.run("audit", "list", "--id", event, "--json").out)
        drawn = self.mark.run("audit", "show", str(record["sequence"]), "--tree").out
        self.assertRegex(drawn, r"event calendar.event.created  " + event +
                         r"\n[^a-z]*endpoint hook  waiting\n[^a-z]*attempt  .*  HTTP 503  \d+ ms\n")

    def test_says_why_an_event_was_not_sent(self):
        self.create("bytype", "--types", "calendar.event.deleted")
        self.create("byfield", "--filter",
                    '[{"field": "payload.event.title", "op": "glob", "value": "*urgent*"}]')
        self.create("slow", "--rate", "0.001", "--burst", "1", "--ordered")
        self.watch()
        self.mark.serve()
        events = self.emit(1, 2)
        self.receiver.wait_for("/watch", 2)
        self.receiver.wait_for("/slow", 1)
        for name in ("bytype", "byfield"):
            what = self.explained(name, events[0], "filtered")
            self.assertIn("leave it out", what["reason"])
            self.assertEqual(self.receiver.got("/" + name), [])
        self.explained("slow", events[0], "delivered")
        what = self.explain("slow", events[1])
        self.assertEqual((what["state"], what["reason"]), ("pending", "rate_limited"))
        self.assertIsNotNone(what["until"])
        told = self.mark.run("delivery", "show", "slow", events[1]).out
        self.assertIn("rate_limited", told)
        unknown = self.mark.run("delivery", "show", "slow", "evt_00000000000000000000000000", code=1)
        self.assertIn("evt_00000000000000000000000000", unknown.err)

    def test_an_endpoint_in_trouble_is_spared_and_goes_on_when_resumed(self):
        self.receiver.answer("/hook", refuse(503))
        self.create("hook", "--schedule", "0s,1h", "--concurrency", "1")
        self.mark.serve()
        events = self.emit(*range(15))
        self.receiver.wait_for("/hook", 10)
        what = eventually(lambda: self.held(events[14], "breaker_open"), "the breaker opens")
        self.assertEqual(what["state"], "pending")
        self.assertIsNotNone(what["until"])
        self.assertEqual(self.mark.endpoint("hook")["breaker"], "open")
        self.assertEqual(len(self.receiver.got("/hook")), 10)
        self.receiver.answer("/hook", accept)
        self.mark.run("endpoint", "resume", "hook")
        self.assertEqual({request.id for request in self.receiver.wait_for("/hook", 15)[10:]},
                         set(events[10:]))

    def held(self, event, reason):
        what = self.mark.operator("GET", f"/v1/endpoints/hook/deliveries/{event}")
        return what if what["reason"] == reason else None

    def test_an_endpoint_that_is_gone_is_disabled_and_says_so(self):
        self.receiver.answer("/hook", refuse(410))
        self.create("hook", "--types", "calendar.event.*")
        self.create("news", "--types", "endpoint.*")
        self.mark.serve()
        events = self.emit(1)
        news = json.loads(self.receiver.wait_for("/news", 1)[0].body)
        self.assertEqual(news["type"], "endpoint.disabled")
        self.assertEqual(news["payload"]["endpoint"], "hook")
        shown = self.mark.endpoint("hook")
        self.assertEqual(shown["status"], "disabled")
        self.assertIn("410", shown["reason"])
        self.receiver.answer("/hook", accept)
        self.mark.run("endpoint", "resume", "hook")
        self.mark.run("delivery", "retry", "hook", events[0])
        self.assertEqual(self.receiver.wait_for("/hook", 2)[1].id, events[0])


class Restarted(Deliveries):
    def test_goes_on_after_a_restart_with_what_waits_and_what_is_new(self):
        self.receiver.answer("/hook", refuse(500))
        self.create("hook", "--schedule", "0s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s")
        self.create("good")
        self.mark.serve()
        events = self.emit(1, 2)
        for event in events:
            self.explained("hook", event, "waiting")
        self.settled("good")
        self.assertEqual(self.mark.kill(signal.SIGTERM), 0)
        self.put(3)
        self.receiver.answer("/hook", accept)
        self.mark.run("sync")
        before = len(self.receiver.got("/hook"))
        self.assertEqual(sorted(self.receiver.ids("/good")), events, "a sync by hand delivered")
        self.mark.serve()
        events = [item["id"] for item in self.mark.feed()]
        self.receiver.wait_for("/hook", before + 3)
        self.receiver.wait_for("/good", 3)
        self.assertEqual(sorted(self.receiver.ids("/hook")[before:]), events)
        self.assertEqual(sorted(self.receiver.ids("/good")), events)
        bodies = {}
        for request in self.receiver.got("/hook"):
            self.assertEqual(bodies.setdefault(request.id, request.body), request.body)


class Guarded(Deliveries):
    """Addresses of the machine itself, which nobody has allowed."""

    def assert_refused(self, text):
        self.assertIn("127.0.0.1", text)
        self.assertIn("allow", text)

    def forbid(self, more=""):
        self.mark.configure(FOLDER + more, SECRETS)

    def test_is_refused_when_an_endpoint_is_made(self):
        self.forbid()
        for url in (self.receiver.url("/hook"), self.receiver.url("/hook").replace("127.0.0.1", "0x7f.1"),
                    "http://localhost:1/", "http://[::ffff:127.0.0.1]/"):
            refused = self.mark.run("endpoint", "create", "--id", "hook", "--url", url, code=2)
            self.assertIn("allow", refused.err, url)
        self.assertEqual(self.mark.run("endpoint", "list", "--json").items(), [])

    def test_is_refused_when_the_configuration_declares_it(self):
        self.mark.write("secrets/hook", "whsec_" + base64.b64encode(bytes(32)).decode())
        self.forbid(f'[[endpoint]]\nid = "hook"\nurl = "{self.receiver.url("/hook")}"\n'
                    'secret = { file = "secrets/hook" }\n')
        refused = self.mark.run("serve", code=2)
        self.assert_refused(refused.err)
        self.assertIn("tidemark.toml", refused.err)

    def test_is_refused_when_something_is_about_to_be_sent(self):
        self.create("hook", "--schedule", "0s,1h")
        self.forbid()
        self.mark.serve()
        event = self.emit(1)[0]
        attempt = self.explained("hook", event, "waiting")["attempts"][0]
        self.assertIsNone(attempt["status"])
        self.assert_refused(attempt["error"])
        self.assertEqual(self.receiver.got("/hook"), [])
        self.assert_refused(self.mark.run("endpoint", "test", "hook", code=2).err)


class Sealed(Deliveries):
    """A data directory in strange hands, without the master key."""

    def files(self, directory):
        for folder, _, names in os.walk(directory):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        yield path, file.read()

    def assert_nowhere(self, directory, *needles):
        for path, content in self.files(directory):
            for needle in needles:
                self.assertNotIn(needle, content, path)

    def use(self):
        """An endpoint with a secret that has been sealed, opened, used and rotated."""
        secrets = [self.create("hook", "--header", "X-Marker=plain-to-see")]
        self.mark.serve()
        self.emit(1)
        self.receiver.wait_for("/hook", 1)
        secrets += SECRET.findall(self.mark.run("endpoint", "rotate-secret", "hook").out)
        self.assertEqual(len(secrets), 2)
        self.mark.run("endpoint", "test", "hook")
        self.mark.kill(signal.SIGTERM)
        return secrets

    def needles(self, secrets):
        with open(os.path.join(self.mark.directory, "master.key"), "rb") as file:
            found = [file.read().strip()]
        for secret in secrets:
            text = secret.removeprefix("whsec_").encode()
            found += [text, base64.b64decode(text), base64.b64decode(text).hex().encode()]
        return found

    def test_a_copy_of_the_data_directory_holds_no_secret(self):
        secrets = self.use()
        copy = os.path.join(self.mark.directory, "copy")
        shutil.copytree(self.mark.data, copy, ignore=shutil.ignore_patterns("*.sock"))
        self.assert_nowhere(copy, *self.needles(secrets))
        self.assert_nowhere(os.path.join(self.mark.directory, "serve.log"), *self.needles(secrets))
        found = [path for path, content in self.files(copy) if b"plain-to-see" in content]
        self.assertNotEqual(found, [], "looking finds nothing, not even what is there")

    def held_back(self, secrets, why):
        """Serves, and shows that the endpoint is held back, says why, and others get theirs."""
        before = len(self.receiver.got("/hook"))
        self.mark.serve()
        event = self.emit(2)[0]
        self.receiver.wait_for("/declared", 1)
        what = self.explain("hook", event)
        self.assertEqual((what["state"], what["reason"]), ("pending", "no_key"))
        hold = self.mark.endpoint("hook")["hold"]
        self.assertIn(why, hold["detail"])
        self.assertIn("hook", self.mark.run("endpoint", "list").out)
        self.assertIn(why, self.mark.run("endpoint", "test", "hook", code=1).err)
        self.assertEqual(len(self.receiver.got("/hook")), before)
        self.assert_nowhere(self.mark.data, *self.needles(secrets))
        self.mark.kill(signal.SIGTERM)

    def test_a_wrong_key_or_none_sends_nothing_and_says_so(self):
        secrets = self.use()
        self.mark.write("secrets/declared", "whsec_" + base64.b64encode(bytes(32)).decode())
        declared = (f'[[endpoint]]\nid = "declared"\nurl = "{self.receiver.url("/declared")}"\n'
                    'secret = { file = "secrets/declared" }\n')
        self.make_master_key("other.key")
        self.mark.configure(FOLDER + declared, SECRETS.replace("master.key", "other.key") + ALLOW)
        self.held_back(secrets, "master key")
        self.mark.configure(FOLDER, ALLOW)
        self.mark.serve()
        self.assertIn("master key", eventually(lambda: self.mark.endpoint("hook")["hold"],
                                               "the endpoint is held back")["detail"])
        refused = self.mark.run("endpoint", "create", "--id", "new", "--url",
                                self.receiver.url("/new"), code=1)
        self.assertIn("master_key", refused.err)
        self.mark.kill(signal.SIGTERM)
        # The right one: what waited arrives.
        self.mark.configure(FOLDER, SECRETS + ALLOW)
        before = len(self.receiver.got("/hook"))
        self.mark.serve()
        event = self.mark.feed()[-1]["id"]
        self.assertEqual(self.receiver.wait_for("/hook", before + 1)[-1].id, event)


if __name__ == "__main__":
    runner.main()
