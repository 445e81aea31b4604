"""A Langfuse project that is looked at through its public API only, so that it may be a real one."""

from __future__ import annotations

import contextlib
import io
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lc_guard.cli import main
from lc_guard.langfuse.api import LangfuseApi
from lc_guard.langfuse.paging import cursor_pages, numbered_pages

from .langfuse_server import LangfuseServer

REAL_URL, REAL_KEYS = "LC_GUARD_TEST_LANGFUSE_URL", "LC_GUARD_TEST_LANGFUSE_KEYS"
"""The variables that name a real server and its keys (``pk-lf-...:sk-lf-...``) instead of the stand-in."""

CONFIGS, QUEUES = "/api/public/score-configs", "/api/public/annotation-queues"
WIDGETS, DASHBOARDS = "/api/public/unstable/dashboard-widgets", "/api/public/unstable/dashboards"

Found = TypeVar("Found")


@dataclass
class Project:
    """A project.

    Attributes:
        api: The connection.
        standin: The stand-in; None where the server is a real one.
        check: Name of a check that no other run has.
    """

    api: LangfuseApi
    standin: LangfuseServer | None
    check: str = field(default_factory=lambda: f"t{secrets.token_hex(3)}")

    def setup(self, *options: str, status: int = 0) -> list[str]:
        """Run ``lc-guard langfuse setup`` for the check at the stage "prompt"; give its lines."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            found = main(["langfuse", "setup", "--checks", self.check, "--stages", "prompt", *options])
        assert found == status, out.getvalue()
        return out.getvalue().splitlines()

    def rows(self, path: str) -> dict[str, dict[str, Any]]:
        """Give what is at an address, by name; archived configs are left out."""
        rows = [row for page in numbered_pages(self.api, path) for row in page.rows]
        return {row["name"]: row for row in rows if not row.get("isArchived")}

    def scores(self, trace_id: str) -> list[dict[str, Any]]:
        """Give the scores of a trace, with their details."""
        params = {"traceId": trace_id, "fields": "subject,details"}
        pages = cursor_pages(self.api, "/api/public/v3/scores", params, limit=100)
        return [row for page in pages for row in page.rows]

    def wait_for(self, look: Callable[[], Found], *, seconds: float = 90.0) -> Found:
        """Look until something is found: a real server takes some seconds to show what it has taken."""
        deadline = time.monotonic() + seconds
        while not (found := look()):
            assert time.monotonic() < deadline, "the server did not show it in time"
            time.sleep(0.02 if self.standin else 1.0)
        return found
