"""The score ``guard.leak`` in Langfuse, written from the thread that exports the spans."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lc_guard._engine.leaks import LEAK_SCORE, Leak
from lc_guard._vendors.seals import Seal

if TYPE_CHECKING:
    from langfuse import Langfuse

logger = logging.getLogger("lc_guard.langfuse")

CONFIG_IDS = "_lc_guard_config_ids"
"""Name under which a client's resources hold the ids of score configs, where a handler looks them up."""


def score_leak(leak: Leak, exports: Callable[[Any], bool]) -> bool:
    """Queue the score of a leak with the client of whose resources `exports` is true; return whether it is queued.

    It is put into the client's queue, which another thread empties: nothing waits here for Langfuse, and no lock is
    taken that a flush may hold. Never raises: the observation says the same by its level.
    """
    try:
        resources = _resources(exports)
        if resources is None:
            logger.warning("the score of a leak was not written: no Langfuse client exports these spans")
            return False
        configs = vars(resources).get(CONFIG_IDS)
        # Score ids are unique in a project, not in a trace: they must hold the trace's id.
        _client(resources).create_score(
            name=LEAK_SCORE,
            value=1,
            data_type="BOOLEAN",
            trace_id=leak.trace_id,
            observation_id=leak.observation_id,
            score_id=f"{leak.trace_id}-{leak.observation_id}-{LEAK_SCORE}",
            config_id=None if configs is None else configs.of(LEAK_SCORE, "BOOLEAN"),
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the export goes on
        logger.error("the score of a leak was not written: %s", type(error).__name__)  # noqa: TRY400
        return False
    return True


def _resources(exports: Callable[[Any], bool]) -> Any:
    # here and below: another backend's exporter needs no SDK
    from langfuse._client.resource_manager import LangfuseResourceManager  # noqa: PLC0415

    # `get_client` takes a lock
    clients = Seal(LEAK_SCORE, "langfuse").private(LangfuseResourceManager, "_instances")
    return next((resources for resources in list(clients.values()) if exports(resources)), None)


def _client(resources: Any) -> Langfuse:
    from langfuse import Langfuse  # noqa: PLC0415

    # A client of a public key that is there shares its resources; made without the lock of `get_client`, which a
    # flush at the end of the process may hold while it waits for this thread.
    return Langfuse(
        public_key=resources.public_key,
        secret_key=resources.secret_key,
        environment=resources.environment,
    )
