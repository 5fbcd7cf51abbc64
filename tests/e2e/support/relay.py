"""A loopback relay before a real server, which remembers what the server sent, in plain text."""
import socket
import threading


class Relay:
    """Stands for the server in an account: the same user, another port."""

    def __init__(self, server):
        self.username, self.password = server.username, server.password
        self._target = ("127.0.0.1", server.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._sent = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def close(self):
        self._listener.close()

    def take(self):
        """The bytes the server has sent since the last call, connection by connection."""
        with self._lock:
            taken = [bytes(one) for one in self._sent]
            for one in self._sent:
                one.clear()
        return taken

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._connect(client, socket.create_connection(self._target))

    def _connect(self, client, server):
        kept = bytearray()
        with self._lock:
            self._sent.append(kept)

        def forward(data):
            # A head comes in one piece; under another name the header asks for nothing.
            server.sendall(data.replace(b"Accept-Encoding:", b"X-Not-Asked:"))

        def back(data):
            with self._lock:
                kept.extend(data)
            client.sendall(data)

        for ends in ((client, server, forward), (server, client, back)):
            threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source, sink, pass_on):
        try:
            while data := source.recv(1 << 16):
                pass_on(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
