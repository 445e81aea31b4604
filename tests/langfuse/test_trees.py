"""One trace of each kind, drawn as the tree that a person sees, against the picture of it in ``trees/``.

``TREES=write pytest tests/langfuse/test_trees.py`` writes the pictures anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import FakeListChatModel

from lc_guard import Guard
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from tests.support.fixtures import MakeClient
from tests.support.langfuse_scenes import SCENES
from tests.support.langfuse_server import LangfuseServer
from tests.support.langfuse_trees import trees, visible_depth
from tests.support.seams import MAIL, NAME, ODD

PICTURES = Path(__file__).parent / "trees"
# Levels of the same call without a guard: of LangChain's own runs.
UNGUARDED = {
    "lcel": 2,  # sequence, model
    "protected_model": 1,
    "protected_model_streamed": 1,
    "agent_with_sub_agent": 6,  # agent, tools, tool, sub-agent, node, model
    "retrieval": 3,  # sequence, parallel, retriever
    "retriever_alone": 1,
}


class _Roots(BaseCallbackHandler):
    """Notes what is told of a run without a parent."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}

    def on_chain_start(self, *_: Any, parent_run_id: Any = None, metadata: Any = None, **__: Any) -> None:
        if parent_run_id is None:
            self.told = metadata


def _as_told_here(picture: str) -> str:
    """Return a picture as it is where LangGraph, in earlier versions, does not say that a root is an agent."""
    agent: Any = create_agent(FakeListChatModel(responses=["x"]), [])
    agent.invoke({"messages": [("user", "x")]}, {"callbacks": [roots := _Roots()], "metadata": {"a": "b"}})
    is_told = roots.told["ls_integration"] == "langchain_create_agent"
    return picture if is_told else picture.replace("\nagent LangGraph\n", "\nchain LangGraph\n")


@pytest.mark.parametrize("name", SCENES)
def test_a_trace_looks_as_in_its_picture(
    name: str, make_langfuse: MakeClient, langfuse_server: LangfuseServer, caplog: pytest.LogCaptureFixture
) -> None:
    clients = []

    def traced(guard: Guard) -> dict[str, Any]:
        clients.append(make_langfuse(mask_otel_spans=mask_otel_spans(guard)))
        metadata = {"langfuse_user_id": "u-1", "langfuse_tags": ["t-1"]}
        handler = CallbackHandler(guard)
        return {"configurable": {"session_id": "case 17"}, "callbacks": [handler], "metadata": metadata}

    SCENES[name](traced)
    for client in clients:
        client.flush()
    drawn, picture = trees(langfuse_server), PICTURES / f"{name}.txt"
    if os.environ.get("TREES") == "write":
        picture.write_text(drawn, encoding="utf-8")
    assert drawn == _as_told_here(picture.read_text(encoding="utf-8"))
    assert not langfuse_server.refused
    (spans,) = langfuse_server.traces().values()
    if name in UNGUARDED:
        assert visible_depth(spans) <= UNGUARDED[name] + 1
    assert not [record.message for record in caplog.records if record.name == "langfuse"]
    assert not [value for value in (NAME, MAIL, ODD, "Zebulon") if langfuse_server.holds(value)]
