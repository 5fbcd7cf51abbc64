"""A folder of iCalendar files that changes at random."""
import os

from . import ics


class Folder:
    """Changes the calendar's files at random, each at once or not at all."""

    def __init__(self, mark, rng):
        self.directory = os.path.join(mark.directory, "calendars")
        os.makedirs(self.directory)
        self.rng, self.revision, self.next = rng, {}, 0

    def fill(self, count):
        for _ in range(count):
            self.write(self.next, 0)
            self.next += 1

    def step(self):
        choice = self.rng.random()
        if choice < 0.5 or len(self.revision) < 5:
            self.write(self.next, 0)
            self.next += 1
            return
        number = self.rng.choice(sorted(self.revision))
        if choice < 0.85:
            self.write(number, self.revision[number] + 1)
        else:
            del self.revision[number]
            os.remove(os.path.join(self.directory, ics.name(number)))

    def write(self, number, revision):
        made = os.path.join(self.directory, ".making")
        with open(made, "w", encoding="utf-8", newline="") as file:
            file.write(ics.event(number, revision))
        os.rename(made, os.path.join(self.directory, ics.name(number)))
        self.revision[number] = revision
