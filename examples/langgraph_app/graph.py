"""What ``langgraph dev`` serves: a guarded agent. The server gives every thread an id, which is the session."""

from __future__ import annotations

import sys
from pathlib import Path

from langchain.agents import create_agent
from langchain_core.tools import tool

sys.path.insert(0, str(Path(__file__).parents[1]))
from shown import chat_model

from lc_guard import Guard, GuardMiddleware  # guard


@tool
def next_visit(patient: str) -> str:
    """Look up when a patient comes next."""
    print(f"  tool | next_visit({patient!r})", flush=True)
    return f"{patient} comes on Friday at 10."


graph = create_agent(chat_model(), [next_visit], middleware=[GuardMiddleware(Guard())])  # guard
