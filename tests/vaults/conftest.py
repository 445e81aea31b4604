"""Fixtures of the vaults' tests."""

import pytest

from .members import SHARED, Make, maker


@pytest.fixture
def make(request: pytest.FixtureRequest) -> Make:
    """Makes vaults of the member that the test is parametrized with."""
    made = []
    create = maker(request.param, request)

    def make_one(**options):
        made.append(create(**options))
        return made[-1]

    make_one.member = request.param
    yield make_one
    for vault in made:
        vault.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what takes `make` on every member that processes share, unless it names its members."""
    named = any(mark.args[0] == "make" for mark in metafunc.definition.iter_markers("parametrize"))
    if "make" in metafunc.fixturenames and not named:
        metafunc.parametrize("make", SHARED, indirect=True)
