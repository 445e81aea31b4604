"""Fixtures of all tests."""

import gc
from collections.abc import Generator
from typing import Any

import pytest

pytest_plugins = ["tests.support.fixtures", "tests.support.markers"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Make what a test printed printable: workers send it as UTF-8, and tests print lone surrogates."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    if isinstance(report.longrepr, str):
        report.longrepr = report.longrepr.encode("utf-8", "replace").decode()
    return report


def pytest_collection_finish() -> None:
    """Leave a million objects of tests and libraries out of all later collections: many tests collect, each a second."""
    gc.collect()
    gc.freeze()
