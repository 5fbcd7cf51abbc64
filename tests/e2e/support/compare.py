"""Mirror against server, feed against mirror: the two comparisons that every sync test ends with."""
from collections import Counter


def resource_of(external_event_id):
    """The resource name inside an external event id: "…/name.ics" or "…/name.ics#<recurrence id>"."""
    return external_event_id.split("#", 1)[0].rsplit("/", 1)[-1]


def mirror_listing(events):
    """{resource name: ETag} as the mirror holds it."""
    return {resource_of(event["external_event_id"]): event["etag"] for event in events}


def assert_mirror_equals_server(test, mark, dav, calendar, name=None):
    events = mark.events(name or f"work/{calendar}")
    test.assertEqual(mirror_listing(events), dav.listing(calendar))
    return events


def replay(feed, mirror=None):
    """The events that stand after a feed was applied in order; refuses what makes no sense."""
    mirror = {} if mirror is None else mirror
    for item in feed:
        event = item["payload"]["event"]
        key = (item["payload"]["calendar"]["id"], event["external_event_id"])
        kind = item["type"].rsplit(".", 1)[1]
        if kind == "created":
            if key in mirror:
                raise AssertionError(f"created twice: {key}")
            mirror[key] = event
        elif kind == "updated":
            if "external_event_id" in item["payload"]["changed"]:
                moved = [k for k, v in mirror.items() if k[0] == key[0] and v["ical_uid"] ==
                         event["ical_uid"] and v["recurrence_id"] == event["recurrence_id"]]
                for old in moved:
                    del mirror[old]
            elif key not in mirror and not event["recurrence_id"]:
                raise AssertionError(f"updated but never created: {key}")
            mirror[key] = event
        else:
            if key not in mirror:
                raise AssertionError(f"deleted but never created: {key}")
            del mirror[key]
    return mirror


def assert_feed_equals_mirror(test, feed, events):
    """Applying the whole feed gives the mirror: nothing missing, nothing twice."""
    ids = Counter(item["id"] for item in feed)
    test.assertEqual([i for i, count in ids.items() if count > 1], [])
    told = {key[1]: event["source_hash"] for key, event in replay(feed).items()}
    held = {event["external_event_id"]: event["source_hash"] for event in events}
    test.assertEqual(told, held)


def by_kind(feed):
    return dict(Counter(item["type"].rsplit(".", 1)[1] for item in feed))
