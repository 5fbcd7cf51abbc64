"""kill -9 at random moments of delivering to receivers in trouble; then compare what they got with
the feed.

environment: TIDEMARK_KILLS (default 12), TIDEMARK_SEED (default 1). A failure prints both.
"""
import base64
import hashlib
import hmac
import json
import os
import random
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from support import runner  # noqa: E402
from support.folder import Folder  # noqa: E402
from support.receiver import Exchange, Receiver, accept  # noqa: E402
from support.tidemark import Tidemark, eventually  # noqa: E402

KILLS = int(os.environ.get("TIDEMARK_KILLS", "12"))
SEED = int(os.environ.get("TIDEMARK_SEED", "1"))

HEAD = '[secrets]\nmaster_key = { file = "master.key" }\n[delivery]\nallow = ["127.0.0.0/8"]\n'
ACCOUNT = '[[account]]\nid = "folder"\nprovider = "ics"\npath = "calendars"\npoll = "1s"\n'
CALENDAR = ["calendar.event.*"]
MANY = 20
FEW = 3


def fail(exchange):
    exchange.reply(500, body=b"not today")


def limit(exchange):
    exchange.reply(429, {"Retry-After": "1"})


class Endpoint:
    """`troubles`: (likelihood, answer) of one request; the rest is accepted."""

    def __init__(self, name, troubles=(), attempts=MANY, **config):
        self.name, self.path, self.troubles, self.attempts = name, "/" + name, troubles, attempts
        self.ordered = config.get("ordered", False)
        self.types = config.get("types", CALENDAR)
        self.healthy = not troubles
        self.secret = hashlib.sha256(f"{SEED}/{name}".encode()).digest()
        self.config = {"types": CALENDAR, "timeout": "30s",
                       "schedule": ["0s"] + ["1s"] * (attempts - 1), **config}

    def answer(self, exchange):
        """Chosen by the seed and the request's number, so that a run can be repeated."""
        dice = random.Random(f"{SEED}/{self.name}/{exchange.received.number}").random()
        for likelihood, answer in self.troubles:
            if dice < likelihood:
                return answer(exchange)
            dice -= likelihood
        return exchange.reply(200)

    def secret_text(self):
        return "whsec_" + base64.b64encode(self.secret).decode()

    def is_genuine(self, received):
        signed = f"{received.id}.{received.headers['webhook-timestamp']}.".encode() + received.body
        mac = base64.b64encode(hmac.new(self.secret, signed, hashlib.sha256).digest()).decode()
        return f"v1,{mac}" in received.headers["webhook-signature"].split(" ")

    def wants(self, item):
        if item["source"] == "endpoint:" + self.name:
            return False
        return self.types == ["*"] or item["type"].startswith("calendar.event.")


def endpoints():
    hang, cut, drop = Exchange.hang, Exchange.cut, Exchange.drop
    short = {"timeout": "1s"}
    return [
        Endpoint("healthy-1"),
        Endpoint("healthy-2", concurrency=1),
        Endpoint("healthy-3", format="cloudevents_structured"),
        Endpoint("healthy-4", format="cloudevents_binary"),
        Endpoint("healthy-5", rate={"per_second": 100, "burst": 5}),
        Endpoint("healthy-all", types=["*"]),
        Endpoint("ordered-healthy", ordered=True),
        Endpoint("ordered-all", types=["*"], ordered=True),
        Endpoint("ordered-failing", [(0.2, fail)], ordered=True),
        Endpoint("ordered-dropping", [(0.2, drop)], ordered=True),
        Endpoint("ordered-mixed", [(0.08, fail), (0.08, limit), (0.08, cut)], ordered=True),
        Endpoint("failing-1", [(0.3, fail)]),
        Endpoint("failing-2", [(0.3, fail)], attempts=FEW),
        Endpoint("limiting", [(0.3, limit)]),
        Endpoint("hanging", [(0.1, hang)], **short),
        Endpoint("cutting", [(0.3, cut)]),
        Endpoint("dropping", [(0.3, drop)]),
        Endpoint("mixed-1", [(0.06, answer) for answer in (fail, limit, hang, cut, drop)], **short),
        Endpoint("mixed-2", [(0.06, answer) for answer in (fail, limit, hang, cut, drop)],
                 attempts=FEW, **short),
        Endpoint("dead", [(1.0, fail)], attempts=FEW),
    ]


class DeliveryKill(unittest.TestCase):
    def setUp(self):
        print(f"# repeat with: TIDEMARK_SEED={SEED} TIDEMARK_KILLS={KILLS} {sys.argv[0]}", flush=True)
        self.rng = random.Random(SEED)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.__exit__)
        self.mark = Tidemark()
        self.addCleanup(self.mark.__exit__)
        self.endpoints = endpoints()
        self.folder = Folder(self.mark, self.rng)
        self.feed = []
        self.feed_ids = {}
        self.checked = {}   # endpoint -> how many of its requests have been compared
        self.configure()

    def configure(self):
        """Every other endpoint is declared, the others are made and have a stored secret."""
        declared = ""
        self.mark.run("secrets", "generate-key", "--file",
                      os.path.join(self.mark.directory, "master.key"))
        self.mark.configure(ACCOUNT, HEAD)
        for number, endpoint in enumerate(self.endpoints):
            secret = self.mark.write(f"secrets/{endpoint.name}", endpoint.secret_text() + "\n")
            config = {"url": self.receiver.url(endpoint.path), **endpoint.config}
            if number % 2 == 0:
                made = self.mark.write(f"{endpoint.name}.json", json.dumps(config))
                self.mark.run("endpoint", "create", "--id", endpoint.name, "--from-file", made,
                              "--secret-file", secret)
                continue
            declared += f'[[endpoint]]\nid = "{endpoint.name}"\n'
            declared += f'secret = {{ file = "secrets/{endpoint.name}" }}\n'
            declared += "".join(f"{key} = {json.dumps(value)}\n" for key, value in config.items())
        self.mark.configure(ACCOUNT + declared, HEAD)

    def test_nothing_is_lost_altered_or_sent_too_early_by_kill_9(self):
        for endpoint in self.endpoints:
            self.receiver.answer(endpoint.path, endpoint.answer)
        self.mark.run("sync")  # an endpoint that is declared begins here
        for _ in range(KILLS):
            self.kill_once()
            self.compare_with_feed()
        self.drain()
        self.compare_with_feed()
        self.compare_all()

    # One life of the process.

    def edit(self, count):
        for _ in range(count):
            self.folder.step()

    def kill_once(self):
        self.edit(self.rng.randrange(0, 12))
        editing = threading.Thread(target=self.edit, args=(self.rng.randrange(0, 12),))
        if self.rng.random() < 0.15:
            process, life = self.mark.start("serve"), self.rng.uniform(0.0, 0.2)
        else:
            process, life = self.mark.serve().daemon, self.rng.uniform(0.05, 2.5)
        editing.start()
        with self.assertRaises(subprocess.TimeoutExpired, msg="serve ended by itself"):
            process.wait(timeout=life)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if process is self.mark.daemon:
            self.mark.kill()
        else:
            process.communicate()
        editing.join()
        self.receiver.wait_until_alone()

    def compare_with_feed(self):
        """Whatever has arrived is in the feed, which is read from the disk that is left."""
        self.read_feed()
        for endpoint in self.endpoints:
            got = self.receiver.got(endpoint.path)
            accepted = set()
            for received in got[self.checked.get(endpoint.name, 0):]:
                where = f"{endpoint.name} got {received.id}"
                self.assertIn(received.id, self.feed_ids, f"{where}, which is not in the feed")
                item = self.feed[self.feed_ids[received.id]]
                self.assertTrue(endpoint.wants(item), f"{where}, which it does not want")
                self.assertEqual(self.content(endpoint, received.body), self.wanted(endpoint, item))
                self.assertTrue(endpoint.is_genuine(received), f"{where}, wrongly signed")
                if endpoint.healthy:
                    self.assertNotIn(received.id, accepted, f"{where} twice from one process")
                    accepted.add(received.id)
            self.checked[endpoint.name] = len(got)

    def read_feed(self):
        self.feed += self.mark.feed(after=self.feed[-1]["id"] if self.feed else None)
        self.feed_ids = {item["id"]: place for place, item in enumerate(self.feed)}

    def content(self, endpoint, body):
        content = json.loads(body)
        return content["data"] if endpoint.config.get("format") == "cloudevents_structured" else content

    def wanted(self, endpoint, item):
        return item["payload"] if "format" in endpoint.config else item

    # The end: everybody is well again, and gets what is left.

    def drain(self):
        for endpoint in self.endpoints:
            self.receiver.answer(endpoint.path, accept)
        self.mark.serve()
        self.mark.run("sync")
        for endpoint in self.endpoints:
            self.check_attempts(endpoint)
            self.mark.operator("POST", f"/v1/endpoints/{endpoint.name}/resume", {})
        self.read_feed()
        for endpoint in self.endpoints:
            self.wait_until_drained(endpoint)
        for endpoint in self.endpoints:
            endpoint.dead = {one["event_id"] for one in self.listed(endpoint, "dead")}
            self.mark.operator("POST", "/v1/deadletters/replay",
                               {"endpoint": endpoint.name, "per_second": 1000})
        for endpoint in self.endpoints:
            self.wait_until_drained(endpoint)
            self.assertEqual(self.mark.endpoint(endpoint.name)["counts"]["dead"], 0, endpoint.name)
        self.assertEqual(self.mark.kill(signal.SIGTERM), 0)
        self.mark.run("audit", "verify", "--payloads")
        self.mark.run("replay")
        self.receiver.wait_until_alone()

    def wait_until_drained(self, endpoint):
        last = self.feed[-1]["id"]
        path = f"/v1/endpoints/{endpoint.name}"

        def drained():
            return (self.mark.endpoint(endpoint.name)["counts"]["waiting"] == 0
                    and self.mark.operator("GET", f"{path}/deliveries/{last}")["state"] != "pending")
        eventually(drained, f"endpoint {endpoint.name} is drained: {self.mark.endpoint(endpoint.name)}")

    def listed(self, endpoint, state):
        found, query = [], f"endpoints/{endpoint.name}/deliveries?state={state}&limit=1000"
        page = self.mark.operator("GET", f"/v1/{query}")
        found += page["items"]
        while page.get("next_page"):
            page = self.mark.operator("GET", f"/v1/{query}&page={page['next_page']}")
            found += page["items"]
        return found

    def check_attempts(self, endpoint):
        for state in ("waiting", "dead", "delivered"):
            for one in self.listed(endpoint, state):
                self.assertLessEqual(one["attempts"], endpoint.attempts, f"{endpoint.name}: {one}")
                if state == "dead":
                    self.assertEqual(one["attempts"], endpoint.attempts, f"{endpoint.name}: {one}")

    def compare_all(self):
        requests = duplicates = 0
        for endpoint in self.endpoints:
            got = self.receiver.got(endpoint.path)
            wanted = [item["id"] for item in self.feed if endpoint.wants(item)]
            accepted = list(dict.fromkeys(r.id for r in got if r.accepted))
            self.assertEqual(sorted(set(wanted) - set(accepted)), [], f"{endpoint.name} misses events")
            self.compare_duplicates(endpoint, got)
            if endpoint.ordered:
                self.assertEqual(endpoint.dead, set(), "an ordered endpoint has dead letters")
                self.assertEqual(list(dict.fromkeys(r.id for r in got)), wanted,
                                 f"{endpoint.name} saw events out of order")
                self.assertEqual(accepted, wanted, f"{endpoint.name} went on before one was accepted")
            requests += len(got)
            duplicates += len(got) - len(wanted)
        self.assertGreater(len(self.feed), KILLS)
        print(f"# {KILLS} kills, {len(self.feed)} events, {len(self.endpoints)} endpoints, "
              f"{requests} requests, {duplicates} of them again", flush=True)

    def compare_duplicates(self, endpoint, got):
        """The same id, the same body; as often as the schedule and the kills explain."""
        bodies, sights = {}, {}
        for received in got:
            self.assertEqual(bodies.setdefault(received.id, received.body), received.body,
                             f"{endpoint.name}: {received.id} came with two bodies")
            sights[received.id] = sights.get(received.id, 0) + 1
        most = 1 if endpoint.healthy else endpoint.attempts
        for event, count in sights.items():
            self.assertLessEqual(count, most + KILLS + (1 if event in endpoint.dead else 0),
                                 f"{endpoint.name}: {event} came too often")


if __name__ == "__main__":
    runner.main()
