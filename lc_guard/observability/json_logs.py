"""Log lines as JSON objects, for log stores that read them: standard library only."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

DECISION_ATTRIBUTE = "lc_guard_decision"
"""Attribute of the log records that `GuardCallbackHandler` writes: the decision as plain JSON values."""


class JsonFormatter(logging.Formatter):
    """Writes each log record as one JSON object on a line: time, level, logger, message, and a decision's fields.

    ```python
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.getLogger("lc_guard").addHandler(handler)
    ```

    An exception is told by its type: its text and traceback may quote what the chain works on.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as JSON."""
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        decision = getattr(record, DECISION_ATTRIBUTE, None)
        if isinstance(decision, dict):
            line |= {"event": "guard_decision", **decision}
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
        return json.dumps(line, default=lambda value: type(value).__name__)
