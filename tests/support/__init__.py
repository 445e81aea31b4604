"""Loopback stand-ins for the services that the real client libraries talk to in the tests."""
