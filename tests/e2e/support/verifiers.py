"""The libraries that receivers use, from the npm registry: they say whether a webhook is genuine."""
import hashlib
import json
import os
import shutil
import subprocess
import tempfile

SOURCE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "verifiers")
LIBRARIES = ("standardwebhooks", "svix")
INSTALL_SECONDS = 600


def missing():
    """Why they cannot be had here; None when they can."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is not installed; scripts/install-dependencies test installs it"
    return None


def _installed():
    """A folder with exactly what the lock file names: kept, for the registry is slow."""
    with open(os.path.join(SOURCE, "package-lock.json"), "rb") as lock:
        name = "webhook-verifiers-" + hashlib.sha256(lock.read()).hexdigest()[:16]
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                         "tidemark-tests")
    kept = os.path.join(cache, name)
    if os.path.isdir(kept):
        return kept
    os.makedirs(cache, exist_ok=True)
    making = tempfile.mkdtemp(prefix="making-", dir=cache)
    try:
        for file in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(SOURCE, file), making)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                              cwd=making, capture_output=True, text=True, check=False,
                              timeout=INSTALL_SECONDS)
        if done.returncode != 0:
            raise AssertionError(f"npm ci failed:\n{done.stdout}\n{done.stderr}")
        os.rename(making, kept)
    except OSError:
        if not os.path.isdir(kept):  # another run was faster
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return kept


class Verifiers:
    def __init__(self):
        self.process = subprocess.Popen(["node", os.path.join(SOURCE, "verify.js")], cwd=_installed(),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()

    def verdicts(self, secret, received, body=None):
        """{library: None when it accepts, else why not} of a request, or of another body in it."""
        body = (received.body if body is None else body).decode("utf-8")
        found = {}
        for library in LIBRARIES:
            self.process.stdin.write(json.dumps({"library": library, "secret": secret,
                                                 "headers": received.headers, "body": body}) + "\n")
            self.process.stdin.flush()
            found[library] = json.loads(self.process.stdout.readline())
        return found
