"""iCalendar text for tests: plain, deterministic, about 860 bytes an event like the ones in the wild."""

ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE
"""


def calendar(*components):
    body = "".join(components)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//tidemark tests//EN\n{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n")


def vevent(uid, title, start="20260105T090000", end="20260105T100000", extra=""):
    zone = "" if len(start) == 8 else ";TZID=Europe/Berlin"
    value = ";VALUE=DATE" if len(start) == 8 else ""
    return (f"BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\n"
            f"DTSTART{zone}{value}:{start}\nDTEND{zone}{value}:{end}\nSUMMARY:{title}\n{extra}END:VEVENT\n")


def event(number, revision=0):
    """One resource, about 860 bytes; `revision` changes its content."""
    day, hour = number % 28 + 1, number % 9 + 8
    month = number // 28 % 12 + 1
    extra = (f"DESCRIPTION:Notes of meeting {number}\\, kept by the front desk. "
             f"{'All the usual points. ' * 3}\n"
             f"LOCATION:Room {number % 17}\nCATEGORIES:WORK\nSEQUENCE:{revision}\n"
             "ORGANIZER;CN=Office:mailto:office@example.org\n"
             "ATTENDEE;CN=Ada;PARTSTAT=ACCEPTED:mailto:ada@example.org\n")
    body = vevent(f"event-{number}@example.org", f"Meeting {number} rev {revision}",
                  f"2026{month:02}{day:02}T{hour:02}0000", f"2026{month:02}{day:02}T{hour:02}4500", extra)
    return calendar(ZONE, body)


def name(number):
    return f"event-{number}.ics"
