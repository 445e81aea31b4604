"""What ``lc-guard demo`` is made of: a fictional transcript, a stand-in for a language model, and what it shows.

`StandInModel` is for examples and tests of your own that are to run without a network and without keys; the others are
what the first notebook is made of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.demo.chain import Witness as Witness
    from lc_guard.demo.hidden import transcript as transcript
    from lc_guard.demo.report import values_of as values_of
    from lc_guard.demo.stand_in import StandInModel as StandInModel
    from lc_guard.demo.summarizer import StandInSummarizer as StandInSummarizer

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "chain": ("Witness",),
        "hidden": ("transcript",),
        "report": ("values_of",),
        "stand_in": ("StandInModel",),
        "summarizer": ("StandInSummarizer",),
    },
)
