"""A small CalDAV client of the tests' own: what the server really holds, seen without tidemark."""
import base64
import http.client
import urllib.parse
import xml.etree.ElementTree as ET

DAV = "{DAV:}"


class Dav:
    def __init__(self, server):
        self.server = server
        token = base64.b64encode(f"{server.username}:{server.password}".encode()).decode()
        self._authorization = f"Basic {token}"
        self._connection = None

    def request(self, method, path, body=b"", headers=None):
        if isinstance(body, str):
            body = body.encode()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        try:
            self._connection.request(method, path, body,
                                     {"Authorization": self._authorization, **(headers or {})})
            response = self._connection.getresponse()
            data = response.read()
        except (http.client.HTTPException, OSError):
            self.close()
            raise
        if response.will_close:
            self.close()
        return response.status, dict(response.getheaders()), data

    def expect(self, wanted, method, path, body=b"", headers=None):
        status, _, data = self.request(method, path, body, headers)
        if status not in wanted:
            raise AssertionError(f"{method} {path}: {status} {data[:300]!r}")
        return data

    def close(self):
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def calendar_path(self, name):
        return f"{self.server.home}{name}/"

    def make_calendar(self, name):
        self.expect({201}, "MKCALENDAR", self.calendar_path(name), (
            '<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
            f"<D:set><D:prop><D:displayname>{name}</D:displayname></D:prop></D:set></C:mkcalendar>"),
            {"Content-Type": "application/xml"})

    def delete_calendar(self, name):
        self.expect({200, 204}, "DELETE", self.calendar_path(name))

    def put(self, calendar, resource, ics):
        self.expect({201, 204}, "PUT", self.calendar_path(calendar) + urllib.parse.quote(resource), ics,
                    {"Content-Type": "text/calendar; charset=utf-8"})

    def get(self, calendar, resource):
        return self.expect({200}, "GET", self.calendar_path(calendar) + urllib.parse.quote(resource))

    def delete(self, calendar, resource):
        self.expect({200, 204}, "DELETE", self.calendar_path(calendar) + urllib.parse.quote(resource))

    def move(self, calendar, resource, new_name):
        base = self.calendar_path(calendar)
        self.expect({201, 204}, "MOVE", base + urllib.parse.quote(resource), b"", {
            "Destination": f"http://127.0.0.1:{self.server.port}{base}{urllib.parse.quote(new_name)}",
            "Overwrite": "F"})

    def listing(self, calendar):
        """{resource name: ETag} as a PROPFIND tells it."""
        data = self.expect({207}, "PROPFIND", self.calendar_path(calendar), (
            '<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:prop><D:getetag/></D:prop></D:propfind>'),
            {"Depth": "1", "Content-Type": "application/xml"})
        found = {}
        for response in ET.fromstring(data).findall(DAV + "response"):
            path = urllib.parse.unquote(urllib.parse.urlsplit(response.findtext(DAV + "href")).path)
            etag = response.findtext(f"{DAV}propstat/{DAV}prop/{DAV}getetag")
            if not path.endswith("/") and etag:
                found[path.rsplit("/", 1)[1]] = etag
        return found
