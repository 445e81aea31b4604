"""One trace of each kind, drawn as the tree that a person sees, against the picture of it in ``trees/``.

``TREES=write pytest tests/langfuse/test_trees.py`` writes the pictures anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from lc_guard import Guard
from lc_guard.langfuse import CallbackHandler, mask_otel_spans
from tests.support.fixtures import MakeClient
from tests.support.langfuse_scenes import SCENES
from tests.support.langfuse_server import LangfuseServer
from tests.support.langfuse_trees import trees
from tests.support.seams import MAIL, NAME, ODD

PICTURES = Path(__file__).parent / "trees"


@pytest.mark.parametrize("name", SCENES)
def test_a_trace_looks_as_in_its_picture(name: str, make_langfuse: MakeClient, langfuse_server: LangfuseServer) -> None:
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
    assert drawn == picture.read_text(encoding="utf-8")
    assert not langfuse_server.refused
    assert not [value for value in (NAME, MAIL, ODD, "Zebulon") if langfuse_server.holds(value)]
