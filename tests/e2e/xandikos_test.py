"""The sync scenarios against real Xandikos: no data in reports, 500 for an unknown token, no MOVE."""
import unittest

import sync_scenarios
from support import runner, servers


class Xandikos(sync_scenarios.SyncScenarios, unittest.TestCase):
    def make_server(self):
        return servers.Xandikos()

    def rename(self, calendar, old, new):
        # Xandikos has no MOVE and refuses a second resource with the same UID.
        content = self.dav.get(calendar, old)
        self.dav.delete(calendar, old)
        self.dav.put(calendar, new, content)


if __name__ == "__main__":
    runner.main()
