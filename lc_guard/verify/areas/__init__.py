"""The areas that ``lc-guard verify`` proves beside the applications: a module for each field, its promises one by one.

`every_area` gives them in the order of the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lc_guard.verify.promises import Area


def every_area() -> list[Area]:
    """Return all areas, in the order of the report."""
    from lc_guard.verify.areas import agents, documents, failures, placeholders, requests, sessions, tracers  # noqa: PLC0415 - they load all adapters

    return [
        *(sessions.SESSIONS, sessions.SESSION_IDS, sessions.FORGETTING),
        *(placeholders.LOOKALIKES, placeholders.RESTORING),
        *(documents.STORED, documents.RETRIEVED, documents.TENANTS),
        *(agents.TOOLS, agents.MODELS, agents.STATE),
        *(requests.MESSAGES, requests.OPTIONS),
        *(failures.CLOSED, failures.REFUSALS, failures.OUTSIDE, failures.SEAMS),
        *(tracers.TRACERS, tracers.TOLD),
    ]
