"""The scores of a decision: their names, their ids, and the score configs that they belong to."""

from __future__ import annotations

import re
from typing import Any

from lc_guard.langfuse.config_ids import ConfigIds
from lc_guard.records import ENTITY_SCORES, Action, Decision

ACTION_SCORE = "guard.action"
"""Name of the score that a trace gets: its strongest action."""

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_NAME = 200


class DecisionScores:
    """Writes what a check decided as scores.

    Args:
        entities: Whether findings are counted as scores as well.
    """

    def __init__(self, *, entities: bool) -> None:
        self.configs: ConfigIds | None = None
        self._entities = entities

    def write(self, observation: Any, decision: Decision) -> None:
        """Score a check's observation with the risk of its decision, and whether that lets the text go on."""
        name = score_name(decision.stage, decision.check)
        self._score(observation, name, decision.risk_score, "NUMERIC")
        self._score(observation, f"{name}.valid", int(decision.valid), "BOOLEAN")
        for kind, count in decision.entities.items() if self._entities else ():
            self._score(observation, f"{ENTITY_SCORES}{kind}", count, "NUMERIC")

    def write_action(self, root: Any, action: Action) -> None:
        """Score a trace, by the observation of its root, with its strongest action."""
        root.score_trace(
            name=ACTION_SCORE,
            value=action,
            score_id=_score_id(root, ACTION_SCORE),
            data_type="CATEGORICAL",
            config_id=self._config_id(ACTION_SCORE, "CATEGORICAL"),
        )

    def _score(self, observation: Any, name: str, value: float, data_type: str) -> None:
        observation.score(
            name=name,
            value=value,
            score_id=_score_id(observation, name),
            data_type=data_type,
            config_id=self._config_id(name, data_type),
        )

    def _config_id(self, name: str, data_type: str) -> str | None:
        return None if self.configs is None else self.configs.of(name, data_type)


def score_name(stage: str, check: str) -> str:
    """Return the name of a check's score, and of its observation."""
    return _NOT_IN_NAMES.sub("_", f"{stage}.{check}")[:_LONGEST_NAME]


def _score_id(observation: Any, name: str) -> str:
    # Score ids are unique in a project, not in a trace: they must hold the trace's id.
    return f"{observation.trace_id}-{observation.id}-{name}"
