"""The fake Google as a process (tests/support/google/server_main.cc), driven line by line."""
import json
import os
import subprocess

# Where a proxy would stand; the tests are the proxy.
PUBLIC_URL = "https://tidemark.example.org"

FAKE_GOOGLE = os.environ.get("FAKE_GOOGLE_BINARY", "build-gcc/tests/support/google/fake_google")


class Google:
    """As a context manager it ends its process."""

    def __init__(self):
        self.process = subprocess.Popen([FAKE_GOOGLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.facts = json.loads(self.process.stdout.readline())
        self.url = self.facts["url"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=30)

    def do(self, what, **more):
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "ok" not in answer:
            raise AssertionError(f"{what}: {answer}")
        return answer["ok"]

    def account(self, account="work", **more):
        """The account's table for tidemark.toml; its secrets are in the files that secrets() names."""
        lines = ["[[account]]", f'id = "{account}"', 'provider = "google"', f'url = "{self.url}"',
                 f'client_id = "{self.facts["client_id"]}"',
                 'client_secret = { file = "secrets/client" }',
                 'refresh_token = { file = "secrets/refresh" }']
        lines += [f"{key} = {json.dumps(value)}" for key, value in more.items()]
        return "\n".join(lines) + "\n"

    def secrets(self):
        return {"secrets/client": self.facts["client_secret"],
                "secrets/refresh": self.facts["refresh_token"]}


def pushed_account(google, **more):
    """The account's table, and before it what belongs to [server] so that Google can notify it."""
    return f'behind_proxy = true\npublic_url = "{PUBLIC_URL}"\n' + google.account(**more)


def deliver(mark, push, body=b""):
    """Posts a notification as the proxy would; the status."""
    path = push["url"].removeprefix(PUBLIC_URL)
    return mark.http("POST", path, push["headers"], body)[0]
