"""StageSampling: of the stages in which nothing happened a share is sent; those in which something did all are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from lc_guard.records import Stage

SampleClean = float | Mapping[Stage, float]
"""Share of the clean stages that is sent, 0…1: of all, or by stage."""

_UPPER = 1 << 64


class StageSampling:
    """Decides by a trace's id, so that all stages of a trace with one share are sent or none.

    The upper half of the id is taken: samplers by ratio take the lower one, and would leave nothing to decide.

    Args:
        share: What is sent of clean stages; a stage that a mapping does not name is always sent.

    Raises:
        ValueError: If a share is not 0…1, or there is no such stage.
    """

    def __init__(self, share: SampleClean) -> None:
        shares = share if isinstance(share, Mapping) else dict.fromkeys(get_args(Stage), share)
        if unknown := shares.keys() - set(get_args(Stage)):
            raise ValueError(f"sample_clean names no stage: {', '.join(sorted(map(repr, unknown)))}")
        if not all(isinstance(each, int | float) and 0 <= each <= 1 for each in shares.values()):
            raise ValueError("sample_clean must be 0…1, or a mapping of stages to that")
        self._shares = dict(shares)

    def sends(self, trace_id: str, stage: str) -> bool:
        """Return whether a stage of a trace is sent also if nothing happens in it."""
        share = self._shares.get(stage, 1)
        return bool(share >= 1 or int(trace_id[:16], 16) < share * _UPPER)


class Held:
    """What is to be written of a stage, while it is not known whether it is sent."""

    def __init__(self) -> None:
        self._writes: list[Callable[[], Any]] | None = []

    def do(self, write: Callable[[], Any]) -> None:
        """Write something, now or once it is known that the stage is sent."""
        if self._writes is None:
            write()
        else:
            self._writes.append(write)

    def release(self) -> None:
        """Write what was held back, and what comes, at once."""
        writes, self._writes = self._writes or [], None
        for write in writes:
            write()

    @property
    def back(self) -> bool:
        """Whether all is held back still."""
        return self._writes is not None
