"""The ids of score configs, which scores carry: looked up beside the calls, never in their way."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from lc_guard._forks import ForkLock
from lc_guard.observability.leak_scores import CONFIG_IDS
from lc_guard.records import ACTIONS

logger = logging.getLogger("lc_guard.langfuse")

_AGAIN = 300.0  # seconds after which they are looked up again
_PAGE, _MOST_PAGES = 100, 20


class ConfigIds:
    """Knows which score config a score belongs to, as Langfuse told it last.

    A score with the id of a config that does not fit it is refused by Langfuse. So only those count that are not
    archived, of the same name and type, and that take every value there can be.

    Args:
        client: The Langfuse client; its own connection is used.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._lock = ForkLock()
        self._found: dict[tuple[str, str], str] = {}
        self._asked = float("-inf")
        self._asking: threading.Thread | None = None

    def of(self, name: str, data_type: str) -> str | None:
        """Return the id of a score's config; None if there is none, or none is known yet."""
        return self._found.get((name, data_type))

    def refresh(self, *, wait: float = 0.0) -> None:
        """Look the ids up where that was long ago.

        Args:
            wait: Seconds to wait for the answer; what comes later counts as well.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._asked < _AGAIN:
                return
            self._asked = now
            self._asking = threading.Thread(target=self._look_up, name="lc-guard-score-configs", daemon=True)
            try:
                self._asking.start()
            except RuntimeError:
                return  # some interpreters start no thread once the main one has ended
        if wait:
            self._asking.join(wait)

    def _look_up(self) -> None:
        found: dict[tuple[str, str], str] = {}
        try:
            for page in range(1, _MOST_PAGES + 1):
                answer = self._client.api.score_configs.get(
                    page=page, limit=_PAGE, request_options={"timeout_in_seconds": 5, "max_retries": 0}
                )
                for config in answer.data:
                    if _takes_every_value(config):
                        found.setdefault((config.name, str(getattr(config.data_type, "value", ""))), config.id)
                if page >= answer.meta.total_pages:
                    break
        except Exception as error:  # noqa: BLE001 - whatever it is: scores are as right without
            logger.debug("the score configs can't be read: %s", type(error).__name__)
            return
        self._found = found


def config_ids_of(resources: Any, client: Any) -> ConfigIds:
    """Return the one `ConfigIds` of a client's resources."""
    ids: ConfigIds = vars(resources).setdefault(CONFIG_IDS, ConfigIds(client))
    return ids


def _takes_every_value(config: Any) -> bool:
    if config.is_archived:
        return False
    low, high, categories = config.min_value, config.max_value, config.categories
    if config.name == "guard.action":
        return {category.label for category in categories or ()} >= set(ACTIONS)
    return (low is None or low <= 0) and (high is None or high >= 1)
