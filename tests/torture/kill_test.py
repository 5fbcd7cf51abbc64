"""kill -9 within milliseconds, again and again, under syncs, deliveries and API calls at once.

An oracle outside the process remembers every answer that was a success; after each restart all that
was acknowledged in the life before is looked up, and at the end everything is compared.

environment: TIDEMARK_KILLS (default 100), TIDEMARK_SEED (default 1), TIDEMARK_FILES (default 8000): so
many are there before the first kill, and a pass over them outlasts many lives. A failure prints all.
"""
import base64
import hashlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))

from support import compare, runner  # noqa: E402
from support.folder import Folder  # noqa: E402
from support.receiver import Receiver, accept  # noqa: E402
from support.tidemark import OperatorConnection, Tidemark, eventually  # noqa: E402

KILLS = int(os.environ.get("TIDEMARK_KILLS", "100"))
SEED = int(os.environ.get("TIDEMARK_SEED", "1"))
FILES = int(os.environ.get("TIDEMARK_FILES", "8000"))
CLIENTS = 3
MOST_OF_A_CLIENT = 8  # keys and endpoints that live at once

HEAD = '[secrets]\nmaster_key = { file = "master.key" }\n[delivery]\nallow = ["127.0.0.0/8"]\n'
ACCOUNT = '[[account]]\nid = "folder"\nprovider = "ics"\npath = "calendars"\npoll = "1s"\n'
RECEIVERS = {"healthy": {}, "ordered": {"ordered": True}, "flaky": {}}


class Gone(Exception):
    """The process is dead: nobody knows what became of the last request."""


class Client:
    """Calls the API as long as there is somebody to answer, and remembers what was acknowledged.

    Everything it makes has the client's name in it. `doubt` names what the last request of a life
    was about: that may be as before, or as it was to become.
    """

    def __init__(self, name, socket, rng):
        self.name, self.socket, self.rng = name, socket, rng
        self.keys = {}        # id -> name
        self.endpoints = {}   # id -> description
        self.gone = set()     # ids of what was removed
        self.records = []     # (sequence, correlation id) of this life's syncs
        self.checkpoints = []
        self.seen = {}        # event id -> event, as the feed gave it
        self.cursor = None
        self.doubt = {}       # id -> what it was to become, None: removed
        self.answers = self.made = 0
        self.connection = None
        self.failure = None

    def live(self):
        """One life of the process, on a thread of its own."""
        self.doubt, self.records, self.checkpoints = {}, [], []
        self.connection = OperatorConnection(self.socket)
        try:
            while True:
                self.step()
        except Gone:
            pass
        except Exception as error:  # told by the test's own thread
            self.failure = error
        finally:
            self.connection.close()

    def step(self):
        choices = [self.make_key, self.make_endpoint, self.change_endpoint, self.remove_one,
                   self.sync, self.read_feed, self.checkpoint]
        self.rng.choices(choices, [3, 3, 4, 2, 3, 4, 1])[0]()

    def call(self, method, path, body=None, wanted=200):
        try:
            self.connection.request(method, path, None if body is None else json.dumps(body),
                                    {"Content-Type": "application/json"} if body is not None else {})
            response = self.connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Gone from error
        if response.status != wanted:
            raise AssertionError(f"{method} {path}: {response.status} {data[:500]!r}")
        self.answers += 1
        return json.loads(data) if data else None

    def next_name(self):
        self.made += 1
        return f"{self.name}-{self.made}"

    def make_key(self):
        if len(self.keys) >= MOST_OF_A_CLIENT:
            return
        name = self.next_name()
        made = self.call("POST", "/v1/keys", {"tenant": "acme", "name": name}, 201)
        self.keys[made["id"]] = name

    def make_endpoint(self):
        if len(self.endpoints) >= MOST_OF_A_CLIENT:
            return
        name = self.next_name()
        self.doubt = {name: name}
        self.call("POST", "/v1/endpoints", {"id": name, "url": "http://127.0.0.1:9/", "types": ["none"],
                                            "description": name}, 201)
        self.endpoints[name], self.doubt = name, {}

    def change_endpoint(self):
        if not self.endpoints:
            return
        name, text = self.rng.choice(sorted(self.endpoints)), self.next_name()
        self.doubt = {name: text}
        self.call("PATCH", f"/v1/endpoints/{name}", {"description": text})
        self.endpoints[name], self.doubt = text, {}

    def remove_one(self):
        kind, own = self.rng.choice([("keys", self.keys), ("endpoints", self.endpoints)])
        if not own:
            return
        name = self.rng.choice(sorted(own))
        self.doubt = {name: None}
        self.call("DELETE", f"/v1/{kind}/{name}", None, 204)
        del own[name]
        self.gone.add(name)
        self.doubt = {}

    def sync(self):
        receipt = self.call("POST", "/v1/sync", {}, 202)
        self.records.append((receipt["sequence"], receipt["correlation_id"]))

    def read_feed(self):
        after = f"&after={self.cursor}" if self.cursor else ""
        for item in self.call("GET", f"/v1/feed?limit=50{after}")["items"]:
            self.seen[item["id"]] = item
            self.cursor = item["id"]

    def checkpoint(self):
        self.checkpoints.append(self.call("POST", "/v1/audit/checkpoints", {})["size"])


class KillUnderLoad(unittest.TestCase):
    def setUp(self):
        print(f"# repeat with: TIDEMARK_SEED={SEED} TIDEMARK_KILLS={KILLS} TIDEMARK_FILES={FILES} {sys.argv[0]}", flush=True)
        self.rng = random.Random(SEED)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.__exit__)
        self.mark = Tidemark()
        self.addCleanup(self.mark.__exit__)
        self.mark.run("secrets", "generate-key", "--file",
                      os.path.join(self.mark.directory, "master.key"))
        self.folder = Folder(self.mark, self.rng)
        declared = ""
        for name, config in RECEIVERS.items():
            secret = base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()
            self.mark.write(f"secrets/{name}", f"whsec_{secret}\n")
            declared += f'[[endpoint]]\nid = "{name}"\nsecret = {{ file = "secrets/{name}" }}\n'
            wanted = {"url": self.receiver.url("/" + name), "types": ["calendar.event.*"],
                      "schedule": ["0s"] + ["1s"] * 49, **config}
            declared += "".join(f"{key} = {json.dumps(value)}\n" for key, value in wanted.items())
        self.mark.configure(ACCOUNT + declared, HEAD)
        self.receiver.answer("/flaky", self.refuse_some)
        socket = os.path.join(self.mark.data, "tidemark.sock")
        self.clients = [Client(f"c{i}", socket, random.Random(f"{SEED}/{i}")) for i in range(CLIENTS)]
        self.lookups = 0

    def refuse_some(self, exchange):
        dice = random.Random(f"{SEED}/{exchange.received.number}").random()
        exchange.reply(500 if dice < 0.3 else 200)

    def test_nothing_acknowledged_is_lost_by_kill_9(self):
        self.folder.fill(FILES)
        self.mark.run("sync")
        for _ in range(KILLS):
            if self.rng.random() < 0.2:
                self.kill_while_starting()
            else:
                self.kill_while_working()
        self.finish()

    # One life of the process.

    def kill_while_starting(self):
        process = self.mark.start("serve")
        with self.assertRaises(subprocess.TimeoutExpired, msg="serve ended by itself"):
            process.wait(timeout=self.rng.uniform(0.0, 0.1))
        process.kill()
        process.communicate()

    def kill_while_working(self):
        self.mark.serve()
        self.look_up()
        threads = [threading.Thread(target=client.live) for client in self.clients]
        for _ in range(self.rng.randrange(0, 6)):
            self.folder.step()
        for thread in threads:
            thread.start()
        with self.assertRaises(subprocess.TimeoutExpired, msg="serve ended by itself"):
            self.mark.daemon.wait(timeout=self.rng.uniform(0.02, 0.2))
        self.mark.kill()
        for thread in threads:
            thread.join()
        for client in self.clients:
            if client.failure:
                raise client.failure

    def look_up(self):
        """All that was acknowledged is there, and nothing else but what was on its way."""
        keys = {key["id"]: key["name"] for key in self.all_items("/v1/keys")}
        endpoints = {one["id"]: one["description"] for one in self.all_items("/v1/endpoints")}
        signed = [size for client in self.clients for size in client.checkpoints]
        stored = f"/v1/audit/checkpoints?limit=1000&size={min(signed, default=0)}"
        checkpoints = {one["size"] for one in self.all_items(stored)} if signed else set()
        for client in self.clients:
            self.compare(client, client.keys, keys)
            self.compare(client, client.endpoints, endpoints)
            self.take_what_nobody_acknowledged(client, keys, endpoints)
            for name in client.gone:
                self.assertTrue(name not in keys and name not in endpoints, f"{name} came back")
            for sequence, correlation in client.records:
                record = self.mark.operator("GET", f"/v1/audit/{sequence}")
                self.assertEqual(record["correlation_id"], correlation, f"record {sequence}")
            self.assertEqual(set(client.checkpoints) - checkpoints, set(), "a checkpoint is gone")
            self.lookups += len(client.keys) + len(client.endpoints) + len(client.records)

    def all_items(self, path):
        found, page = [], ""
        while True:
            answer = self.mark.operator("GET", path + page)
            found += answer["items"]
            if not answer.get("next_page"):
                return found
            page = ("&" if "?" in path else "?") + "page=" + answer["next_page"]

    def compare(self, client, own, stored):
        for name, value in list(own.items()):
            found = stored.get(name)
            if name in client.doubt and found == client.doubt[name]:
                if found is None:
                    del own[name]
                    client.gone.add(name)
                else:
                    own[name] = found
                continue
            self.assertEqual(found, value, f"{name} is not what was acknowledged")

    def take_what_nobody_acknowledged(self, client, keys, endpoints):
        mine = client.name + "-"
        extra = [name for name in endpoints if name.startswith(mine) and name not in client.endpoints]
        self.assertLessEqual(set(extra), set(client.doubt), "endpoints that nobody asked for")
        client.endpoints.update({name: endpoints[name] for name in extra})
        extra = {key: name for key, name in keys.items()
                 if name.startswith(mine) and key not in client.keys}
        self.assertLessEqual(len(extra), 1, "keys that nobody asked for")
        client.keys.update(extra)
        client.doubt = {}

    # The end: nobody is killed any more.

    def finish(self):
        self.mark.serve()
        self.look_up()
        for name in RECEIVERS:
            self.receiver.answer("/" + name, accept)
            self.mark.operator("POST", f"/v1/endpoints/{name}/resume", {})
        self.mark.run("sync")
        self.mark.run("sync")
        feed = self.mark.feed()
        last = [item["id"] for item in feed if item["type"].startswith("calendar.")][-1]
        for name in RECEIVERS:
            self.wait_until_drained(name, last)
        self.assertEqual(self.mark.kill(signal.SIGTERM), 0)
        self.mark.run("audit", "verify", "--payloads")
        self.compare_mirror(feed)
        self.compare_feed(feed)
        self.compare_deliveries(feed)
        answers = sum(client.answers for client in self.clients)
        print(f"# {KILLS} kills, {answers} answers, {self.lookups} looked up again, {len(feed)} events",
              flush=True)
        self.assertGreater(answers, KILLS)

    def wait_until_drained(self, name, last):
        path = f"/v1/endpoints/{name}/deliveries/{last}"
        eventually(lambda: self.mark.endpoint(name)["counts"]["waiting"] == 0
                   and self.mark.operator("GET", path)["state"] != "pending", f"{name} is drained")

    def compare_mirror(self, feed):
        events = self.mark.events("folder/calendars")
        compare.assert_feed_equals_mirror(
            self, [item for item in feed if item["type"].startswith("calendar.")], events)
        self.assertEqual({int(event["ical_uid"].split("@")[0].split("-")[1]):
                          int(event["title"].split()[-1]) for event in events}, self.folder.revision)

    def compare_feed(self, feed):
        told = {item["id"]: item for item in feed}
        for client in self.clients:
            for event, item in client.seen.items():
                self.assertEqual(told.get(event), item, "the feed is not what it was")

    def compare_deliveries(self, feed):
        wanted = [item["id"] for item in feed if item["type"].startswith("calendar.event.")]
        for name in RECEIVERS:
            accepted = list(dict.fromkeys(r.id for r in self.receiver.got("/" + name) if r.accepted))
            self.assertEqual(set(wanted) - set(accepted), set(), f"{name} misses events")
            self.assertEqual(set(accepted) - set(wanted), set(), f"{name} got what is not in the feed")
        self.assertEqual(list(dict.fromkeys(r.id for r in self.receiver.got("/ordered") if r.accepted)),
                         wanted, "ordered saw events out of order")


if __name__ == "__main__":
    runner.main()
