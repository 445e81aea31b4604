"""Whether LangSmith is sent what the guard hides: LangChain traces to it as soon as one variable is set."""

from __future__ import annotations

import os
import sys
from typing import Any

MASKS = "masks_for_lc_guard"
"""Attribute of a LangSmith client, or of its anonymizer, that masks with a guard."""

# In the order in which LangSmith's SDK reads them (``langsmith.utils.get_env_var``).
_VARIABLES = ("LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING", "LANGCHAIN_TRACING")

_TOLD = (
    "LangSmith tracing is on ({}) and its client is not masked: the raw text of every run is sent to LangSmith. "
    "At start-up: langsmith.configure(client=langsmith_client(guard)) with langsmith_client of lc_guard.langsmith; or "
    "switch it off: LANGSMITH_TRACING=false."
)


def langsmith_unmasked() -> str | None:
    """Return whether LangChain traces to LangSmith here and now with a client that masks nothing.

    Environment, tracing contexts and clients that were set in code are looked at; a tracer that a call is given in its
    ``callbacks`` can't be seen from here.

    Returns:
        What is wrong and what to do; None if tracing is off, or masked with a guard.
    """
    found = _traced()
    if found is None:
        return None
    client, where = found
    anonymizer = getattr(client, "_anonymizer", None)
    return None if getattr(client, MASKS, False) or getattr(anonymizer, MASKS, False) else _TOLD.format(where)


def tracing_client() -> Any:
    """Return the client that runs are sent with here and now; None if tracing is off, or nobody has chosen one."""
    found = _traced()
    return None if found is None else found[0]


def _traced() -> tuple[Any, str] | None:
    """Return the client that runs are sent with, and what has switched tracing on; None if it is off."""
    variable = next((name for name in _VARIABLES if os.environ.get(name)), None)
    if "langsmith" not in sys.modules and (variable is None or os.environ[variable] != "true"):
        return None
    from langsmith import get_tracing_context
    from langsmith.utils import tracing_is_enabled

    tracer = _tracer()
    if tracer is None and tracing_is_enabled() is not True:  # "local" sends nothing
        return None
    if tracer is not None:
        return getattr(tracer, "client", None), "tracing_v2_enabled"
    context = get_tracing_context()
    client = context.get("client") or getattr(context.get("parent"), "ls_client", None) or _configured()
    return client, f"{variable}=true" if variable and os.environ[variable] == "true" else "set in code"


def _tracer() -> Any:
    """Return the tracer of ``langchain_core.tracers.context.tracing_v2_enabled``, where that is in force."""
    context = sys.modules.get("langchain_core.tracers.context")
    variable = getattr(context, "tracing_v2_callback_var", None)
    return None if variable is None else variable.get()


def _configured() -> Any:
    # Asking for the client would make an unmasked one where there is none yet.
    return getattr(sys.modules.get("langsmith.run_trees"), "_CLIENT", None)
