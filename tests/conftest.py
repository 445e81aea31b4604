"""Fixtures of all tests."""

import gc
import os
import ssl
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.support.fixtures", "tests.support.markers"]

# Hypothesis: a moderate number of examples, many with HYPOTHESIS_PROFILE=thorough; no test hangs on how long one takes.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("moderate", max_examples=60, **_COMMON)
settings.register_profile("thorough", max_examples=3000, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "moderate"))


def _without_certificates(purpose: Any = ssl.Purpose.SERVER_AUTH, **_: Any) -> ssl.SSLContext:
    """Know no certificate: each HTTP client reads all of them, in 30 ms, and no server of a test has one."""
    assert purpose is ssl.Purpose.SERVER_AUTH
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


ssl.create_default_context = _without_certificates


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Make what a test printed printable: workers send it as UTF-8, and tests print lone surrogates."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    if isinstance(report.longrepr, str):
        report.longrepr = report.longrepr.encode("utf-8", "replace").decode()
    return report


def pytest_collection_finish() -> None:
    _leave_out()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
    done = yield
    if nextitem is not None and nextitem.path != item.path:
        _leave_out()
    return done


def _leave_out() -> None:
    """Leave what tests and libraries keep out of later collections, or each takes a second."""
    gc.collect()
    gc.freeze()
