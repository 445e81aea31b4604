"""LangSmith's tracing that a variable alone switched on: masked as soon as something is guarded.

No line of such an application names a tracer, so none could name the mask. LangChain hands a run to LangSmith before
any step is called: it has to be done where steps, models and agents are made.
"""

from __future__ import annotations

import logging
import warnings

from lc_guard._vendors.langsmith_tracing import langsmith_unmasked, tracing_client
from lc_guard.guard import Guard, require_guard

logger = logging.getLogger("lc_guard.langsmith")

_OF_ANOTHER = (
    "LangSmith's tracing is on, and was masked with the guard that came first: what only this one finds may be sent as "
    "it is. Share one guard, or choose: langsmith.configure(client=langsmith_client(guard))"
)


def guarded(guard: Guard, who: str) -> None:
    """Require a guard where a seam is made, and mask what LangSmith is sent if nobody has chosen a client for it.

    A client that was set in code stays: the guard's first use warns of one that masks nothing.

    Args:
        guard: What was given as one.
        who: Who needs it, as users write it.

    Raises:
        TypeError: If it is no guard.
    """
    require_guard(guard, who)
    client = tracing_client()
    if client is None and langsmith_unmasked() is not None:
        _mask(guard)
    elif (first := getattr(client, "default_of", None)) is not None and first is not guard:
        warnings.warn(_OF_ANOTHER, stacklevel=3)


def _mask(guard: Guard) -> None:
    import langsmith  # noqa: PLC0415 - only where it traces

    from lc_guard.langsmith.client import default_client  # noqa: PLC0415

    try:
        client = default_client(guard)
    except Exception as error:  # noqa: BLE001 - without a key, or set to send spans: the guard's first use warns
        logger.debug("LangSmith's client can't be masked: %s", type(error).__name__)
        return
    langsmith.configure(client=client)
    logger.info("LangSmith is sent placeholders: its tracing is on, and no client of your own is configured")
