import pytest

from lc_guard._engine.failures import call_vault, describe_error, is_control_flow
from lc_guard.errors import VaultError, VaultFull

CANARY = "Zebulon Quartermain"


class GraphBubbleUp(Exception):
    """Named like LangGraph's, which is known by its name."""


class GraphInterrupt(GraphBubbleUp):
    pass


def fail(error):
    raise error


def test_control_flow_is_known_by_name():
    assert is_control_flow(GraphInterrupt())
    assert not is_control_flow(ValueError())


def test_where_names_type_and_place_only():
    try:
        fail(ValueError(CANARY))
    except ValueError as error:
        told = describe_error(error)
    assert told.startswith("ValueError at test_failures.py:")
    assert describe_error(ValueError(CANARY)) == "ValueError"


def test_a_vaults_error_is_told_without_its_text():
    assert call_vault(lambda: 5) == 5
    with pytest.raises(VaultError, match=r"^the vault failed: ValueError at test_failures.py:\d+$") as caught:
        call_vault(lambda: fail(ValueError(CANARY)))
    assert caught.value.__suppress_context__
    for error in (VaultFull("own"), GraphInterrupt(), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            call_vault(lambda error=error: fail(error))
