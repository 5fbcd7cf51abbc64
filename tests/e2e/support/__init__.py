"""Support for tests that run the real binary against real servers. Standard library only."""
