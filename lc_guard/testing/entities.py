"""What holds for entities, whoever found them."""

# ruff: noqa: S101 - asserts are what a test suite is made of

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from lc_guard.records import Entity


def check_entities(entities: Sequence[Entity], text: str) -> None:
    """Check that entities have a kind and a score of 0…1, and lie inside a text."""
    for entity in entities:
        assert isinstance(entity, Entity), f"{type(entity).__name__} where Entity is expected"
        assert entity.kind, "an entity without a kind"
        assert 0 <= entity.start < entity.end <= len(text), f"{entity} lies outside a text of {len(text)} characters"
        assert isfinite(entity.score), f"{entity} has no finite score"
        assert 0 <= entity.score <= 1, f"{entity} has a score outside 0…1"
