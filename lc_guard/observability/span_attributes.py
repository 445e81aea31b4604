"""Span attributes as Langfuse writes and reads them: which are kept, which hold words, and what a check's say.

Nothing here knows a tracing SDK: attributes are plain mappings. The keys are those of Langfuse's OpenTelemetry
attributes (https://langfuse.com/integrations/native/opentelemetry#property-mapping).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from typing import Any

from lc_guard._engine.leaks import Leak
from lc_guard._text.json_tree import Leaf, leaves, scalar_text
from lc_guard.observability.model_inputs import LANGFUSE_TYPE, model_input
from lc_guard.observability.span_texts import is_free_text, is_identifier
from lc_guard.records import PII_CHECK, SESSION_METADATA

METADATA = ("langfuse.observation.metadata.", "langfuse.trace.metadata.")
# Written by the SDK from enumerations, numbers and clocks, or set by the user as the trace's own ids.
_KEPT = frozenset(
    {
        "session.id",
        "user.id",
        "langfuse.environment",
        "langfuse.release",
        "langfuse.version",
        "langfuse.trace.public",
        *(
            f"langfuse.observation.{name}"
            for name in (
                "type level completion_start_time usage_details cost_details model.name prompt.name prompt.version "
                f"metadata.{SESSION_METADATA} metadata.langfuse_session_id metadata.langfuse_user_id"
            ).split()
        ),
    }
)
_KEPT_PREFIX = "langfuse.internal."
LANGFUSES = "langfuse."
_LEVEL, _STATUS = "langfuse.observation.level", "langfuse.observation.status_message"
_UNGUARDED = "unguarded model: it was sent what the detectors find, and no check came before it in this trace"


def leak_attributes(leak: Leak, masked: Mapping[str, Any]) -> dict[str, str]:
    """Return the attributes that show a leak on its observation in Langfuse."""
    said = masked.get(_STATUS)
    return {_LEVEL: "ERROR", _STATUS: f"{leak.message}; {said}" if said else leak.message}


def was_sent(found: Set[Leaf], attributes: Mapping[str, Any]) -> bool:
    """Return whether a model of Langfuse's was sent some of what the detectors found."""
    return bool(found) and LANGFUSE_TYPE in attributes and not found.isdisjoint(model_input(attributes))


def unguarded_warning(attributes: Mapping[str, Any], *, unguarded: bool) -> dict[str, str]:
    """Return the attributes that show an unguarded model; an observation that says something already keeps it."""
    said = attributes.get(_LEVEL, "DEFAULT") != "DEFAULT" or attributes.get(_STATUS)
    return {} if said or not unguarded else {_LEVEL: "WARNING", _STATUS: _UNGUARDED}


def is_kept(key: str) -> bool:
    """Return whether an attribute is sent as it is."""
    return key in _KEPT or key.startswith(_KEPT_PREFIX)


def metadata_key(key: str) -> str:
    """Return the key of metadata that an attribute holds, or nothing."""
    return next((key.removeprefix(prefix) for prefix in METADATA if key.startswith(prefix)), "")


def spoken_key(key: str) -> str:
    """Return a key that is more than what a program calls an attribute, or nothing."""
    return key if is_free_text(key, is_key=True) and not is_identifier(key) else ""


def all_leaves(key: str, tree: Any) -> Iterator[Leaf]:
    """Yield what may hold a value in an attribute, its key among it where that is no name of a program's."""
    if name := metadata_key(key) or spoken_key(key):
        yield name
    for leaf, _ in leaves(tree):
        yield leaf


def scalar(value: Any) -> str:
    """Return the text of a metadata attribute: SDK 5 writes it as JSON, SDK 4 as it is."""
    if isinstance(value, str) and value[:1] == '"':
        with suppress(ValueError):
            value = json.loads(value)
    return scalar_text(value)


def settles(output: Any) -> bool | None:
    """Return whether a check says that every value of its texts has a placeholder now; None if it looks for none."""
    try:
        decision = json.loads(output)["decision"]
        if decision["check"] != PII_CHECK:
            # no vault knows a text that a scanner stopped, nor what it took out before the detectors looked
            return False if decision["action"] in ("block", "redact", "replace") else None
        return decision["action"] in ("allow", "anonymize") and decision["error"] is None
    except (TypeError, ValueError, KeyError):
        return False


def sendable(value: Any) -> tuple[Any, bool]:
    """Replace lone surrogates: protobuf takes none, and one would lose the whole export."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-8", "replace").decode(), True
    elif isinstance(value, list):
        items = [sendable(item) for item in value]
        return [item for item, _ in items], any(flag for _, flag in items)
    return value, False
