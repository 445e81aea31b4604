"""Langfuse's public API, read and written page by page: what `lc-guard report` and its sisters stand on.

Plain HTTP and not the SDK's generated client: that one refuses a whole page for one score of a type it does not know,
and its methods differ between the SDK lines 4 and 5; the addresses are the same.
"""

from __future__ import annotations

from lc_guard.langfuse_api.client import LangfuseApi
from lc_guard.langfuse_api.paging import Page, cursor_pages, numbered_pages
from lc_guard.langfuse_api.reading import Reader
from lc_guard.langfuse_api.rows import Observation, Score, Window
from lc_guard.langfuse_api.spool import Spool

__all__ = ["LangfuseApi", "Observation", "Page", "Reader", "Score", "Spool", "Window", "cursor_pages", "numbered_pages"]
