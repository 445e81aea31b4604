"""The policy: what a finding leads to, how long a check may take, and what an error means.

It imports `records` and `errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.policy.checks import CheckPolicy as CheckPolicy
    from lc_guard.policy.checks import StagePolicy as StagePolicy
    from lc_guard.policy.policy import Policy as Policy
    from lc_guard.policy.restoring import Restore as Restore

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "checks": ("CheckPolicy", "StagePolicy"),
        "restoring": ("Restore",),
        "policy": ("Policy",),
    },
)
