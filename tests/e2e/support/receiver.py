"""A receiver of webhooks on a free loopback port: remembers what it got and answers as it is told."""
import http.client
import http.server
import threading

WAIT_SECONDS = 120


class Received:
    """One request whose body came to its end."""

    def __init__(self, path, headers, body, number):
        self.path, self.headers, self.body = path, headers, body
        self.number = number  # of its path, from 0
        self.id = headers.get("webhook-id")
        self.accepted = False  # a 2xx went out


class Exchange(http.server.BaseHTTPRequestHandler):
    """One connection. An answer calls one of reply(), hang(), cut() and drop()."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self):
        self.server.count(+1)
        try:
            super().handle()
        except OSError:
            pass  # who sent it was killed
        finally:
            self.server.count(-1)

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.received, answer = self.server.receive(self.path, headers, body)
        answer(self)

    def reply(self, status=200, headers=None, body=b""):
        self.received.accepted = 200 <= status < 300
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang(self):
        """Says nothing until the sender gives up."""
        self.connection.recv(1)
        self.close_connection = True

    def cut(self):
        """Promises more than it sends."""
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"only this")
        self.close_connection = True

    def drop(self):
        """Took it, but says so to nobody."""
        self.close_connection = True

    def log_message(self, *_):
        pass


def accept(exchange):
    exchange.reply(200)


def refuse(status, headers=None, body=b""):
    return lambda exchange: exchange.reply(status, headers, body)


class Receiver(http.server.ThreadingHTTPServer):
    """Every path is a receiver of its own; each accepts until `answer` says otherwise."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Exchange)
        self._changed = threading.Condition()
        self._requests = {}
        self._answers = {}
        self._connections = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *arguments):
        self.shutdown()
        super().__exit__(*arguments)

    def handle_error(self, request, client_address):
        pass

    def url(self, path):
        return f"http://127.0.0.1:{self.server_port}{path}"

    def answer(self, path, answer):
        """From now on `answer(exchange)` answers what comes to a path."""
        with self._changed:
            self._answers[path] = answer

    def receive(self, path, headers, body):
        with self._changed:
            requests = self._requests.setdefault(path, [])
            received = Received(path, headers, body, len(requests))
            requests.append(received)
            self._changed.notify_all()
            return received, self._answers.get(path, accept)

    def count(self, change):
        with self._changed:
            self._connections += change
            self._changed.notify_all()

    def got(self, path):
        with self._changed:
            return list(self._requests.get(path, []))

    def ids(self, path):
        return [request.id for request in self.got(path)]

    def wait(self, condition, what="what it waited for"):
        """Until `condition()` holds; looked at whenever something arrives."""
        with self._changed:
            if not self._changed.wait_for(condition, WAIT_SECONDS):
                counts = {path: len(requests) for path, requests in self._requests.items()}
                raise AssertionError(f"{what} did not come; requests so far: {counts}")

    def wait_for(self, path, count):
        """The requests of a path, once there are so many."""
        self.wait(lambda: len(self._requests.get(path, [])) >= count, f"request {count} of {path}")
        return self.got(path)

    def wait_until_alone(self):
        """Whoever sent is dead: everything it had sent is read, every connection of it ended."""
        # Connections are accepted in order, so those made before this one are counted by then.
        own = http.client.HTTPConnection("127.0.0.1", self.server_port, timeout=WAIT_SECONDS)
        own.request("POST", "/alone", b"", {"Connection": "close"})
        own.getresponse().read()
        own.close()
        self.wait(lambda: self._connections == 0, "the end of all connections")
