"""The real binary: a configuration and a data directory of one test's own, and how to run it."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

BINARY = os.environ.get("TIDEMARK_BINARY", "build/tidemark")
COMMAND_SECONDS = 300
EVENTUALLY_SECONDS = 120
# The tests' own variables must not be read as configuration.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("TIDEMARK_")}


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def items(self):
        return json.loads(self.out)["items"]

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    def __repr__(self):
        return f"exit {self.code}\n--- stdout\n{self.out[-3000:]}\n--- stderr\n{self.err[-3000:]}"


class OperatorConnection(http.client.HTTPConnection):
    """HTTP over the Unix socket in the data directory."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def eventually(look, what):
    """Asks the process again and again, for what no signal tells, until the answer is true."""
    deadline = time.monotonic() + EVENTUALLY_SECONDS
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"never came: {what}")


class Tidemark:
    """Commands on one data directory. As a context manager it cleans up after itself."""

    def __init__(self, accounts="", head=""):
        self.directory = tempfile.mkdtemp(prefix="tidemark-e2e-")
        self.config = os.path.join(self.directory, "tidemark.toml")
        self.data = os.path.join(self.directory, "data")
        self.daemon = None
        self.port = 0
        self.configure(accounts, head)

    def configure(self, accounts, head=""):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f'data_dir = "data"\n{head}\n[server]\nlisten = "127.0.0.1:0"\n{accounts}')

    def write(self, name, content):
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(path, 0o600)
        return path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    def command(self, *arguments):
        return [BINARY, *arguments[:1], "--config", self.config, *arguments[1:]]

    def run(self, *arguments, code=0):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True,
                              errors="replace", timeout=COMMAND_SECONDS, check=False,
                              env=ENVIRONMENT)
        result = Result(done.returncode, done.stdout, done.stderr)
        if code is not None and result.code != code:
            raise AssertionError(f"{' '.join(arguments)}: wanted exit {code}, got {result!r}")
        return result

    def start(self, *arguments):
        """Starts a command and returns the process, its stderr to a pipe."""
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, errors="replace",
                                env=ENVIRONMENT)

    def serve(self, *arguments):
        """Starts `serve` and waits for the line that names its address."""
        log_path = os.path.join(self.directory, "serve.log")
        self.daemon = subprocess.Popen(self.command("serve", *arguments), stdout=subprocess.PIPE,
                                       stderr=open(log_path, "a", encoding="utf-8"), text=True,
                                       env=ENVIRONMENT)
        for line in self.daemon.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if found:
                self.port = int(found.group(1))
                return self
        with open(log_path, encoding="utf-8") as log:
            raise AssertionError("serve ended before it listened:\n" + log.read())

    def kill(self, sig=signal.SIGKILL):
        if self.daemon is not None:
            if self.daemon.poll() is None:
                self.daemon.send_signal(sig)
            self.daemon.wait(timeout=30)
            self.daemon.stdout.close()
            code, self.daemon = self.daemon.returncode, None
            return code
        return None

    def http(self, method, path, headers=None, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, dict(response.getheaders()), data

    def operator(self, method, path, body=None):
        """What a running `serve` answers to its operator; fails on a problem."""
        connection = OperatorConnection(os.path.join(self.data, "tidemark.sock"))
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"} if body is not None else {})
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise AssertionError(f"{method} {path}: {response.status} {data[:1000]!r}")
        return json.loads(data) if data else None

    def endpoint(self, name):
        return self.operator("GET", f"/v1/endpoints/{name}")

    def log(self):
        with open(os.path.join(self.directory, "serve.log"), encoding="utf-8") as file:
            return file.read()

    # What the tests compare.

    def calendars(self):
        return self.run("calendars", "--json").items()

    def feed(self, after=None):
        """Every event after a feed position, in order."""
        found, cursor = [], after
        while True:
            more = ["--after", cursor] if cursor else []
            page = self.run("feed", "--json", "--limit", "1000", *more).lines()
            found += page
            if len(page) < 1000:
                return found
            cursor = page[-1]["id"]

    def events(self, calendar):
        found, page = [], None
        while True:
            more = ["--page", page] if page else []
            answer = json.loads(self.run("events", calendar, "--json", "--limit", "1000", *more).out)
            found += answer["items"]
            page = answer.get("next_page")
            if not page:
                return found


def caldav_account(server, account="work", tenant=None, **more):
    lines = ["[[account]]", f'id = "{account}"', 'provider = "caldav"', f'url = "{server.url}"',
             f'username = "{server.username}"', f'password = {{ file = "secrets/{account}" }}']
    if tenant:
        lines.append(f'tenant = "{tenant}"')
    lines += [f"{key} = {json.dumps(value)}" for key, value in more.items()]
    return "\n".join(lines) + "\n"


def mirroring(server, account="work", **more):
    """A Tidemark that mirrors the server's one account."""
    mark = Tidemark(caldav_account(server, account, **more))
    mark.write(f"secrets/{account}", server.password + "\n")
    return mark
