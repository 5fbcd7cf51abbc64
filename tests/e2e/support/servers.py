"""Real CalDAV servers on free loopback ports, each with a directory and a process of its own."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

READY_SECONDS = 60


class Server:
    """A server process; ready once `ready_pattern` (whose group 1 is the port) was in its output."""

    command = ()
    ready_pattern = None

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="tidemark-server-")
        self.process = None
        self.port = 0
        self._log = []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def arguments(self):
        raise NotImplementedError

    def start(self):
        self.process = subprocess.Popen(
            self.arguments(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"})
        watchdog = threading.Timer(READY_SECONDS, self.process.kill)
        watchdog.start()
        for line in self.process.stdout:
            self._log.append(line)
            found = re.search(self.ready_pattern, line)
            if found and found.group(1):
                self.port = int(found.group(1))
            if self.is_ready(line):
                break
        else:
            raise RuntimeError(f"{self.command} did not become ready:\n" + "".join(self._log))
        watchdog.cancel()
        threading.Thread(target=self._drain, args=(self.process,), daemon=True).start()

    def is_ready(self, line):
        return re.search(self.ready_pattern, line) is not None

    def _drain(self, process):
        for line in process.stdout:
            self._log.append(line)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process and self.process.stdout:
            self.process.stdout.close()
        self.process = None

    def log(self):
        return "".join(self._log)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"


class Radicale(Server):
    """Radicale with user alice / secret."""

    command = "radicale"
    ready_pattern = r"Listening on '\[?127\.0\.0\.1\]?:(\d+)'|server ready"
    username, password = "alice", "secret"
    home = "/alice/"

    def __init__(self, max_sync_token_age=2592000):
        super().__init__()
        self.max_sync_token_age = max_sync_token_age

    def is_ready(self, line):
        return "server ready" in line

    def arguments(self):
        users = os.path.join(self.directory, "users")
        with open(users, "w", encoding="utf-8") as file:
            file.write(f"{self.username}:{self.password}\n")
        config = os.path.join(self.directory, "config")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"""
[server]
hosts = 127.0.0.1:{self.port}
max_connections = 64
max_content_length = 300000000
timeout = 120
[auth]
type = htpasswd
htpasswd_filename = {users}
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {self.directory}/collections
max_sync_token_age = {self.max_sync_token_age}
[web]
type = none
[logging]
level = info
""")
        return [self.command, "--config", config]

    def calendar_directory(self, name):
        """Where Radicale keeps a calendar's files: bulk loading goes there, before the first sync."""
        return os.path.join(self.directory, "collections", "collection-root", "alice", name)


class Xandikos(Server):
    """Xandikos, which knows no users."""

    command = "xandikos"
    ready_pattern = r"Running on http://127\.0\.0\.1:(\d+)"
    username, password = "alice", "secret"
    home = "/alice/calendars/"

    def arguments(self):
        data = os.path.join(self.directory, "data")
        os.makedirs(data, exist_ok=True)
        if not self.port:
            # Xandikos does not tell which port it got for 0, so one that was just free is named.
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        return [self.command, "-l", "127.0.0.1", "-p", str(self.port), "-d", data,
                "--current-user-principal", "/alice/", "--defaults"]
