"""Upstreams and files that are wrong: a message that says what and where, the right exit code, and
the other account unharmed."""
import http.server
import os
import socket
import ssl
import subprocess
import threading
import unittest

from support import compare, ics, runner, servers
from support.dav import Dav
from support.tidemark import Tidemark, caldav_account, mirroring


class Hostile(http.server.ThreadingHTTPServer):
    """Answers every request by `answer(handler)`."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/"

    username, password = "alice", "secret"

    def __exit__(self, *arguments):
        self.shutdown()
        super().__exit__(*arguments)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.server.answer(self)

    do_GET = do_PROPFIND = do_REPORT = do_OPTIONS = do_HEAD = handle_any

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def html(handler):
    handler.reply(200, b"<!DOCTYPE html><html><body>Please log in</body></html>",
                  {"Content-Type": "text/html"})


def redirect_for_ever(handler):
    handler.reply(302, b"", {"Location": f"{handler.path}x"})


def xml_bomb(handler):
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    handler.reply(207, (f'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY e0 "boom">{entities}]>'
                        '<D:multistatus xmlns:D="DAV:"><D:response><D:href>&e11;</D:href>'
                        "</D:response></D:multistatus>").encode(), {"Content-Type": "application/xml"})


def huge_body(handler):
    handler.send_response(207)
    handler.send_header("Content-Type", "application/xml")
    handler.send_header("Content-Length", str(200 << 20))
    handler.end_headers()
    try:
        handler.wfile.write(b'<?xml version="1.0"?><D:multistatus xmlns:D="DAV:"><D:x>')
        for _ in range(200):
            handler.wfile.write(b"x" * (1 << 20))
    except OSError:
        pass


class BadUpstream(unittest.TestCase):
    """One bad account beside one good: the good one's calendar is mirrored all the same."""

    @classmethod
    def setUpClass(cls):
        cls.good = servers.Radicale()
        cls.good.__enter__()
        cls.addClassCleanup(cls.good.__exit__)
        dav = Dav(cls.good)
        dav.make_calendar("cal")
        for number in range(3):
            dav.put("cal", ics.name(number), ics.event(number))
        dav.close()

    def sync_with(self, bad_account, *needles, code=4):
        mark = Tidemark(caldav_account(self.good) + bad_account)
        self.addCleanup(mark.__exit__)
        mark.write("secrets/work", "secret\n")
        mark.write("secrets/bad", "secret\n")
        mark.write("secrets/wrong", "not-the-password\n")
        result = mark.run("sync", code=code)
        for needle in needles:
            self.assertIn(needle.lower(), (result.out + result.err).lower())
        self.assertNotIn("not-the-password", result.out + result.err)
        told = [event for event in mark.feed() if not event["type"].startswith("account.")]
        self.assertEqual(compare.by_kind(told), {"created": 3})
        return result

    def hostile(self, answer, *needles):
        with Hostile(answer) as server:
            return self.sync_with(caldav_account(server, "bad"), "bad", *needles)

    def test_wrong_password(self):
        bad = caldav_account(self.good, "wrong")
        self.sync_with(bad, "wrong", "password", "401")

    def test_unreachable_host(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            closed = type("Closed", (), {"url": f"http://127.0.0.1:{unused.getsockname()[1]}/",
                                         "username": "a", "password": "b"})
            self.sync_with(caldav_account(closed, "bad"), "bad", "127.0.0.1", "connect")

    def test_unknown_host(self):
        nowhere = type("Nowhere", (), {"url": "http://tidemark-test.invalid/", "username": "a"})
        self.sync_with(caldav_account(nowhere, "bad"), "tidemark-test.invalid", "resolve")

    def test_certificate_that_no_one_signed(self):
        with Hostile(html) as server:
            folder = Tidemark()
            self.addCleanup(folder.__exit__)
            key, cert = os.path.join(folder.directory, "key"), os.path.join(folder.directory, "cert")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                            "/CN=127.0.0.1", "-days", "2", "-keyout", key, "-out", cert],
                           check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            tls = type("Tls", (), {"url": f"https://127.0.0.1:{server.server_port}/", "username": "a"})
            self.sync_with(caldav_account(tls, "bad"), "bad", "certificate", "ca_file")

    def test_html_instead_of_xml(self):
        self.hostile(html, "html")

    def test_endless_redirect(self):
        self.hostile(redirect_for_ever, "redirect")

    def test_xml_bomb(self):
        self.hostile(xml_bomb, "DTD")

    def test_body_of_200_megabytes(self):
        self.hostile(huge_body, "larger than")


class BadConfiguration(unittest.TestCase):
    def refused(self, text, *needles):
        with Tidemark(text) as mark:
            result = mark.run("sync", code=2)
            for needle in ("tidemark.toml", *needles):
                self.assertIn(needle, result.err)
            self.assertFalse(os.path.exists(mark.data), "a refused configuration opened the store")

    def test_unknown_key_is_named_with_its_line(self):
        self.refused('[[account]]\nid = "a"\nprovider = "ics"\npath = "x"\npol = "60s"\n', "pol", "poll")

    def test_missing_secret(self):
        self.refused('[[account]]\nid = "a"\nprovider = "caldav"\nurl = "http://127.0.0.1/"\n'
                     'username = "u"\npassword = { file = "nowhere" }\n', "nowhere")

    def test_wrong_type(self):
        self.refused('[[account]]\nid = 7\nprovider = "ics"\npath = "x"\n', "id")


class HugeCalendar(unittest.TestCase):
    def test_a_hundred_thousand_events_from_one_file(self):
        with Tidemark('[[account]]\nid = "big"\nprovider = "ics"\npath = "big.ics"\n') as mark:
            with open(os.path.join(mark.directory, "big.ics"), "w", encoding="utf-8") as file:
                file.write("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
                for number in range(100_000):
                    file.write(ics.vevent(f"{number}@big", f"Event {number}").replace("\n", "\r\n"))
                file.write("END:VCALENDAR\r\n")
            mark.run("sync")
            self.assertEqual(mark.calendars()[0]["events"], 100_000)
            before = mark.feed()[-1]["id"]
            mark.run("sync")
            self.assertEqual(mark.feed(after=before), [])


if __name__ == "__main__":
    runner.main()
