"""Which strings of a traced value are texts that a detector or scanner is to look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from lc_guard._text.json_tree import JsonText, parse
from lc_guard.records import Stage

FRAMEWORK_METADATA = re.compile(r"(?:ls_|lc_|langgraph_|checkpoint_ns$|is_langchain_root$)")
"""Metadata keys that LangChain, LangGraph and this package write about their own parts: no work for a detector."""

_PROTOCOL_WORDS = frozenset(
    [
        "user",
        "assistant",
        "system",
        "developer",
        "human",
        "ai",
        "tool",
        "function",
        "role",
        "type",
        "text",
        "content",
        "chat",
        "stop",
        "tool_calls",
        "tool_call",
        "messages",
        "generation",
        "message",
        "constructor",
        "AIMessageChunk",
    ]
)
_LONGEST_OWN = 1_000
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(
    r"\[REDACTED_[A-Z0-9_]{1,80}\]|<[A-Z][A-Z0-9_]{0,70}_[1-9][0-9]*>|\[[A-Z][A-Z0-9_]{0,70}_[1-9][0-9]*\]"
)


# What a program calls its parts. One that begins otherwise, has a blank, an at sign or a long number may be a value.
_IDENTIFIER = re.compile(r"(?!.*[0-9]{5})[A-Za-z_<\[/.:][\w.<>:/,\[\]-]{0,119}")
_HEX = r"(?=[0-9]*[a-f])(?:[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})"
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_MACHINE_ID = re.compile(rf"(?:(?:lc_)?run--?|pk-lf-|chatcmpl-)?(?:{_UUID}|{_HEX})(?:-[0-9]{{1,3}})?")
# What providers and frameworks write where an id stands: a word of theirs, then letters with digits among them.
_PROVIDERS_ID = re.compile(r"[a-z][a-z_]{0,11}[-_](?=[0-9]*[A-Za-z])(?=[A-Za-z]*[0-9])[A-Za-z0-9]{8,64}")
_ID_PLACE = re.compile(r"(?:.*[._])?(?:id|ids|fingerprint|ns)|session|public_key", re.IGNORECASE)
# LangChain tags what a class of a store does with its name.
_CLASS_NAME = re.compile(r"(?:[A-Z][a-z0-9]+){2,6}")
# The SDK describes itself and the process there.
_SDK_PLACES = frozenset({"resourceAttributes", "scope"})
_STAGES = frozenset(get_args(Stage))
_KINDS = re.compile(r"[0-9]+ [A-Z0-9_]+")

# The words of lc-guard itself: groups are names, kinds and error types.
_OWN_WORDS = re.compile(
    r"blocked by (.{1,200}?)(?:, which failed: (\w{1,100}))?"
    r"|(.{1,200}?): (?:allow|anonymize|redact|replace|warn|block)(?: after (\w{1,100}))? \(risk [01]\.[0-9]{2}\)"
    r"|(?:allow|anonymize|redact|replace|warn|block)(?:: (?:risk [01]\.[0-9]{2}|(.{1,500})))?"
    r"|the check '([^']{1,200})' (?:blocked|could not be done, which lets nothing pass, on) the \w+ \((.{1,500})\)\. "
    r"See \.decision for the value-free record; the guard's Policy says what "
    r"(?:blocks|a failure leads to \(on_error\)); "
    r"on_blocked=\"\.\.\.\" of protect\(\) and GuardMiddleware answers instead of raising"
    r"|guard\.leak: the model was sent values that the session hides \(([^)]{1,500})\)"
    r"|unguarded model: it was sent what the detectors find, and no check came before it in this trace"
    r"|fail-(?:open|closed): ?(\w{1,100})"
    r"|the stream was given up|the call was cancelled|guard(?:: \w{1,20})?|load models|not valid"
)


def is_free_text(leaf: str, *, is_key: bool = False) -> bool:
    """Return whether a string is more than a word of a protocol, such as a role, or the name of a field."""
    return leaf not in _PROTOCOL_WORDS and not (is_key and _FIELD_NAME.fullmatch(leaf) is not None)


def is_identifier(text: str) -> bool:
    """Return whether a text is what a program calls one of its parts, and nothing that a person may be called."""
    return _IDENTIFIER.fullmatch(text) is not None or _OWN_WORDS.fullmatch(text) is not None


def is_machine_id(text: str) -> bool:
    """Return whether a text is an id of random hexadecimal digits: a UUID, a span's, a digest."""
    return _MACHINE_ID.fullmatch(text) is not None


def is_check(type_: object, stage: object) -> bool:
    """Return whether an observation is a check's or that of a stage, which lc-guard writes alone.

    Args:
        type_: Langfuse's type of it, in lower or upper case.
        stage: What its metadata says under ``lc_guard_stage``.
    """
    return isinstance(type_, str) and type_.lower() in ("guardrail", "span") and stage in _STAGES


def looked_at(tree: Any, place: str = "", *, check: bool = False) -> Iterator[str]:
    """Yield what a detector is to look at in what `lc_guard._text.json_tree.parse` gave, perhaps more than once.

    Left out is what lc-guard and the SDKs write themselves: words of protocols, ids where an id stands, what frameworks
    say of their own parts, and our own words. What stands in such a place and is none of these is looked at.

    Args:
        tree: The value.
        place: The key under which it stands.
        check: Whether it is of a check's observation: names of kinds, checks and detectors are ours there.
    """
    if FRAMEWORK_METADATA.match(place):
        return
    match tree:
        case JsonText():
            yield from looked_at(tree.value, place, check=check)
        case dict():
            for key, item in tree.items():
                if is_free_text(key, is_key=True) and not (check and is_identifier(key)):
                    yield key
                yield from looked_at(item, key, check=check or key in _SDK_PLACES)
        case list():
            for item in tree:
                yield from looked_at(item, place, check=check)
        case str() if is_free_text(tree) and tree.strip() and not _is_own(tree, place, check=check):
            yield tree


def traced_texts(value: Any, place: str = "", *, check: bool = False) -> list[str]:
    """Return what `looked_at` gives for a traced value, each text once; ValueError if nested deeper than 100."""
    return list(dict.fromkeys(text for text in looked_at(parse(value), place, check=check) if text.strip()))


def _is_own(text: str, place: str, *, check: bool) -> bool:
    if is_machine_id(text) or (check and is_identifier(text)):
        return True
    if _ID_PLACE.fullmatch(place) and _PROVIDERS_ID.fullmatch(text):
        return True
    if place == "tags" and _CLASS_NAME.fullmatch(text):
        return True
    said = _OWN_WORDS.fullmatch(text) if len(text) <= _LONGEST_OWN else None
    return said is not None and all(map(_is_value_free, filter(None, said.groups())))


def _is_value_free(words: str) -> bool:
    parts = re.split(r"[,;] ", words)
    return all(_KINDS.fullmatch(part) or is_identifier(part) for part in parts)


def placeholder_spans(text: str) -> list[tuple[int, int]]:
    """Return where placeholders of any numbered style stand, and what stands for good instead of a value."""
    return [match.span() for match in _PLACEHOLDER.finditer(text)]
