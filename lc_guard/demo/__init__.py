"""What ``lc-guard demo`` is made of: a fictional transcript, a stand-in for a language model, and what it shows.

`StandInModel` is for examples and tests of your own that are to run without a network and without keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.demo.stand_in import StandInModel as StandInModel

__getattr__, __dir__, __all__ = attach(__name__, {"stand_in": ("StandInModel",)})
