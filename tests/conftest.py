"""Fixtures of all tests."""

pytest_plugins = ["tests.support.fixtures", "tests.support.markers"]
