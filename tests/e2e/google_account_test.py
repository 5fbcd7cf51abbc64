"""Accounts that are added, connected, revoked and removed while the real binary runs."""
import json
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

from support import runner
from support.google import Google
from support.tidemark import Tidemark, eventually

SECRETS = '[secrets]\nmaster_key = { file = "master.key" }\n'


class ByHand(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def where_the_browser_goes(link):
    """The address that consent ends on, without going there."""
    try:
        urllib.request.build_opener(ByHand).open(link)
    except urllib.error.HTTPError as answer:
        return answer.headers["Location"]
    raise AssertionError("the consent page does not redirect")


class GoogleAccount(unittest.TestCase):
    def setUp(self):
        self.google = Google()
        self.addCleanup(self.google.__exit__)
        self.google.do("calendar", id="team", summary="Team")
        self.google.do("fill", calendar="team", count=7)
        self.mark = Tidemark(head=SECRETS)
        self.addCleanup(self.mark.__exit__)
        self.mark.run("secrets", "generate-key", "--file", self.mark.directory + "/master.key")
        self.secret = self.mark.write("client-secret", self.google.facts["client_secret"] + "\n")

    def add(self, *more):
        return self.mark.run("account", "add", "google", "--id", "work", "--url", self.google.url,
                             "--client-id", self.google.facts["client_id"],
                             "--client-secret-file", self.secret, *more)

    def connecting(self):
        """`account connect` on its way, and the link it shows."""
        process = self.mark.start("account", "connect", "work")
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        link = process.stdout.readline().strip()
        self.assertTrue(link.startswith(self.google.url), process.stderr.read() if not link else link)
        return process, link

    def connect(self):
        process, link = self.connecting()
        with urllib.request.urlopen(link) as page:  # follows the redirect to the command's own port
            self.assertIn(b"Thank you", page.read())
        self.assertEqual(process.wait(timeout=60), 0, process.stderr.read())

    def account(self):
        return json.loads(self.mark.run("account", "show", "work", "--json").out)

    def mirrored(self):
        calendars = self.mark.operator("GET", "/v1/calendars")["items"]
        return calendars[0]["events"] if calendars else 0

    def test_a_running_service_reads_what_it_is_connected_to(self):
        self.mark.serve()
        self.assertIn("account connect work", self.add("--poll", "1s").err)
        self.connect()
        eventually(lambda: self.mirrored() == 7, "the mirror")
        shown = self.account()
        self.assertEqual((shown["state"], shown["connection"]["state"]), ("ok", "connected"))
        self.assertIn("connected", self.mark.run("account", "list").out)
        # Killed and started again it needs nobody.
        self.mark.kill()
        self.google.do("fill", calendar="team", count=1)
        self.mark.serve()
        eventually(lambda: self.mirrored() == 8, "the new event")

    def test_the_address_is_pasted_over_ssh(self):
        self.add()
        process = subprocess.Popen(self.mark.command("account", "connect", "work"), text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        link = process.stdout.readline().strip()
        address = where_the_browser_goes(link)
        _, errors = process.communicate("something else\n" + address + "\n", timeout=60)
        self.assertEqual(process.returncode, 0, errors)
        self.assertIn("neither such an address", errors)
        self.mark.run("sync")
        self.assertEqual(len(self.mark.events("Team")), 7)

    def test_the_service_takes_the_browser_back(self):
        self.add()
        self.mark.serve()
        callback = f"http://127.0.0.1:{self.mark.port}/oauth/callback"
        consent = self.mark.operator("POST", "/v1/accounts/work/connect", {"redirect_uri": callback})
        with urllib.request.urlopen(consent["link"]) as page:
            self.assertIn(b"Connected", page.read())
        eventually(lambda: self.mirrored() == 7, "the mirror")
        address = where_the_browser_goes(consent["link"])
        path = address[address.index("/oauth"):]
        status, headers, _ = self.mark.http("GET", path)
        self.assertEqual(status, 400, "the consent was used already")
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(self.mark.http("GET", "/oauth/callback")[0], 400)
        self.assertEqual(self.mark.http("GET", "/oauth/callback?state=a.b.c&code=x")[0], 400)
        self.assertNotIn(urllib.parse.parse_qs(address.split("?")[1])["code"][0], self.mark.log())

    def test_a_revoked_account_says_so_everywhere_and_is_mended(self):
        self.mark.serve()
        self.add("--poll", "1s")
        self.connect()
        eventually(lambda: self.mirrored() == 7, "the mirror")
        self.google.do("revoke")
        eventually(lambda: self.account()["state"] == "needs_credentials", "the refusal")
        mend = "tidemark account connect work"
        self.assertIn(mend, self.account()["error"])
        self.assertIn(mend, json.loads(self.mark.run("status", "--json").out)["accounts"][0]["error"])
        self.assertIn(mend, self.mark.operator("GET", "/healthz")["parts"]["accounts"]["reason"])
        status, _, metrics = self.mark.http("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn('tidemark_accounts{provider="google",state="needs_credentials"} 1',
                      metrics.decode())
        told = [event for event in self.mark.feed() if event["type"] == "account.needs_authorization"]
        self.assertEqual(told[-1]["payload"]["mend"], "run: " + mend)
        asked = self.google.do("count", route="oauth.token")
        self.mark.run("sync", code=None)
        self.google.do("fill", calendar="team", count=1)
        self.connect()
        eventually(lambda: self.mirrored() == 8, "the new event")
        self.assertLess(self.google.do("count", route="oauth.token") - asked, 6, "no storm")
        self.assertEqual(self.account()["state"], "ok")

    def test_removing_an_account(self):
        self.mark.serve()
        self.add()
        self.connect()
        eventually(lambda: self.mirrored() == 7, "the mirror")
        self.mark.run("account", "remove", "work")
        self.assertEqual(self.mirrored(), 7)
        asked = self.google.do("count", route="events.list")
        self.mark.run("sync", code=None)
        self.assertEqual(self.google.do("count", route="events.list"), asked)
        self.assertIn("no account", self.mark.run("account", "show", "work", code=1).err)

    def test_bad_accounts_are_refused_and_nothing_is_kept(self):
        run = self.mark.run
        self.assertIn("client_id", run("account", "add", "google", "--id", "work", code=2).err)
        self.assertIn("provider", run("account", "add", "gogle", "--id", "work", code=2).err)
        self.assertIn("id", run("account", "add", "google", "--id", "Wörk", code=2).err)
        self.assertIn("cannot read", run("account", "add", "google", "--id", "work", "--client-id",
                                         "c", "--client-secret-file", "/nowhere", code=2).err)
        self.assertIn("url", run("account", "add", "caldav", "--id", "dav", code=2).err)
        self.assertIn("there are no accounts", run("account", "list").err)
        self.assertIn("no account", run("account", "connect", "work", code=1).err)
        self.add()
        self.assertIn("already", self.mark.run(
            "account", "add", "google", "--id", "work", "--client-id", "c", code=1).err)
        self.mark.configure("")  # no master key any more
        refused = run("account", "add", "google", "--id", "other", "--client-id", "c",
                      "--client-secret-file", self.secret, code=None)
        self.assertNotEqual(refused.code, 0)
        self.assertIn("master_key", refused.err)
        self.assertNotIn(self.google.facts["client_secret"], refused.err)


if __name__ == "__main__":
    runner.main()
