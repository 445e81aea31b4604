from lc_guard._engine.failures import describe_error, is_control_flow

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
