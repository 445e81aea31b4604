"""What a model is sent beside messages: the options of a call, and the fields of the model that go with each.

Texts are hidden as those of messages are, names and schemas' keys refused where they hold a value; what is left alone
stands in `LEFT_OPTIONS` and `LEFT_HEADERS`. The list with its reasons is docs/design/provider-requests.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from pydantic import BaseModel

from lc_guard.errors import UnsupportedInput
from lc_guard.langchain.addresses import map_encoded, read_address
from lc_guard.langchain.content_blocks import MAX_DEPTH
from lc_guard.langchain.messages import Change, texts_of

TOOLS = frozenset({"functions", "tools"})
"""Options that define tools."""

LEFT_OPTIONS = frozenset(
    {
        # words of a protocol, settings, and names of what stands elsewhere
        "$ref", "$schema", "cache_control", "detail", "effort", "encoding_format", "format", "include", "media_type",
        "mime_type", "modalities", "model", "model_name", "parallel_tool_calls", "reasoning_effort",
        "response_mime_type", "role", "service_tier", "source_type", "strict", "summary", "truncation", "type",
        "verbosity", "_type",
        # encoded bytes, ids that a provider gave, and signatures
        "base64", "bytes", "container_id", "data", "encrypted_content", "file_data", "file_id", "file_ids",
        "previous_response_id", "signature", "vector_store_ids",
    }
)  # fmt: skip
"""Keys under which one word, a number or encoded bytes are left alone."""

LEFT_CREDENTIALS = frozenset({"api_key", "authorization", "authorization_token"})
"""Keys under which everything is left alone: what stands there is for the provider."""

LEFT_HEADERS = frozenset(
    {
        "accept", "accept-encoding", "accept-language", "api-key", "authorization", "connection", "content-type",
        "cookie", "host", "proxy-authorization", "user-agent", "x-api-key", "x-goog-api-key",
    }
)  # fmt: skip
"""Headers of HTTP that let in, or tell of the client."""

# Fields of a model that its client has taken already: what is in them can only be refused.
_TAKEN = frozenset(
    {
        "additional_headers", "async_client_kwargs", "client_args", "client_kwargs", "default_headers", "default_query",
        "openai_organization", "sync_client_kwargs",
    }
)  # fmt: skip
_HEADERS = frozenset({"additional_headers", "default_headers", "extra_headers", "headers"})
_SCHEMAS = frozenset(
    {
        "format", "function_call", "functions", "json_schema", "ls_structured_output_format", "output_config",
        "output_schema", "response_format", "response_schema", "schema", "structured_output_format", "text",
        "tool_choice", "tool_config", "tools",
    }
)  # fmt: skip
# Options whose values are somebody's own, also where they are one word.
_OWN = frozenset(
    {
        "end_user", "extra_query", "labels", "metadata", "prediction", "prompt_cache_key", "raw_blocks",
        "request_metadata", "safety_identifier", "stop", "stop_sequences", "suffix", "system",
        "user", "user_id", "user_profile_id",
    }
)  # fmt: skip
_DEFINED = frozenset({"$defs", "definitions", "properties"})
_ADDRESS = re.compile(r"(?i)https?://\S*\Z")
_SAID = re.compile(r"[\s@]")
_WORD = re.compile(r"[^\W\d][\w.-]*")
_WORD_OR_NUMBER = re.compile(r"[\w.:/+#-]*")
_HANDS_OVER = re.compile(r"(?:transfer|delegate|hand_?off)_to_(?=\w)")  # names of tools that name an agent
_PARTED = re.compile(r"[_-]+")
_MANY = 100_000


class OptionTexts:
    """The texts of options.

    Attributes:
        texts: Texts that are hidden.
        names: Single words, ids and numbers: only what the session knows is hidden in them.
        fixed: Names and keys that nothing can stand for, and addresses as they read.
        kept: Names of tools, of arguments and of schemas, which are sent as they are.
        words: The application's own words: those names, and single words in titles and enums.
    """

    __slots__ = ("fixed", "kept", "names", "texts", "words")

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.texts: list[str] = []
        self.names: list[str] = []
        self.fixed: list[str] = []
        self.words: set[str] = set()


def option_texts(
    *options: Mapping[str, Any], messages: Sequence[BaseMessage] = (), names: Iterable[Any] = ()
) -> OptionTexts:
    """Return what is sent with options.

    Args:
        options: Keyword arguments of a call, fields of a model.
        messages: What the model is asked with them: names of tools and agents in there are words of the application.
        names: Other such names.

    Raises:
        UnsupportedInput: If they are nested deeper than `MAX_DEPTH`.
    """
    found, taken = OptionTexts(), OptionTexts()
    for each in options:
        for into, part in (
            (found, {key: item for key, item in each.items() if key not in _TAKEN}),
            (taken, {key: item for key, item in each.items() if key in _TAKEN}),
        ):
            _Walk(_noting(into.texts), _noting(into.names), into).options(part)
    found.fixed += [*taken.texts, *taken.names, *taken.fixed]
    found.words.update(name for name in (*names, *_names(messages)) if isinstance(name, str) and _WORD.fullmatch(name))
    return found


def hidden_options(options: Mapping[str, Any], hide: Change) -> dict[str, Any]:
    """Return options as they may be sent.

    Args:
        options: What `option_texts` was given.
        hide: Text → the text as it may be sent.
    """
    return _Walk(hide, hide, OptionTexts()).options(options)


def _names(messages: Sequence[BaseMessage]) -> Iterator[Any]:
    """Yield the names of tools and agents in a conversation."""
    for message in messages:
        if isinstance(message, AIMessage | ToolMessage):
            yield message.name
            yield from (call["name"] for call in getattr(message, "tool_calls", ()))


def _noting(texts: list[str]) -> Change:
    def note(text: str) -> str:
        texts.append(text)
        return text

    return note


class _Walk:
    """One walk over options: one change of texts, one of single words, and what is found of all else."""

    def __init__(self, change: Change, name: Change, found: OptionTexts) -> None:
        self._change = change
        self._name = name
        self._found = found

    def options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self.option(key, item, 0, schema=False, own=False) for key, item in options.items()}

    def option(self, key: str, item: Any, depth: int, *, schema: bool, own: bool) -> Any:
        """Walk what stands under a key."""
        if depth > MAX_DEPTH:
            raise UnsupportedInput(f"an option is nested deeper than {MAX_DEPTH} levels")
        if key in _HEADERS and isinstance(item, Mapping):
            return self.headers(item)
        if _is_left(key, item):
            return item if key in LEFT_CREDENTIALS else map_encoded(item, None, self._change)
        if schema and self.names(key, item):
            return item
        if schema and key in _DEFINED and isinstance(item, Mapping):
            parts = {name: self.value(part, depth + 1, schema=True, own=False) for name, part in item.items()}
            return _same(item, parts)
        return self.value(item, depth + 1, schema=schema or key in _SCHEMAS, own=own or key in _OWN)

    def names(self, key: str, item: Any) -> bool:
        """Note the names and words of a schema; returns whether that is all of it."""
        if key in _DEFINED and isinstance(item, Mapping):
            for name in item:
                self.fix(name)
        if key in ("title", "enum", "const"):
            each = item if isinstance(item, list | tuple) else [item]
            self._found.words.update(word for word in each if isinstance(word, str) and _WORD.fullmatch(word))
        if key == "name" and isinstance(item, str):
            self.fix(item)
            return True
        return False

    def value(self, item: Any, depth: int, *, schema: bool, own: bool) -> Any:
        if isinstance(item, str):
            return self.text(item, own=own)
        if isinstance(item, Mapping):
            self.keys(item, schema=schema)
            parts = {key: self.option(key, part, depth, schema=schema, own=own) for key, part in item.items()}
            return _same(item, parts)
        if isinstance(item, list | tuple):
            each = [self.value(part, depth + 1, schema=schema, own=own) for part in item]
            return item if all(new is old for new, old in zip(each, item, strict=True)) else type(item)(each)
        if isinstance(item, int | float) and not schema and (depth > 1 or own):
            return self.number(item)
        self.other(item)
        return item

    def keys(self, item: Mapping[Any, Any], *, schema: bool) -> None:
        for key in filter(None, (key for key in item if isinstance(key, str))):
            if not _WORD.fullmatch(key):
                self._found.fixed.append(key)
            elif not schema:  # a value may be a word; those of schemas are the application's
                self._found.kept.append(key)

    def number(self, number: float) -> Any:
        """Write a number as text where it is a value; settings of the call are none."""
        if -_MANY < number < _MANY or number % 1 != 0:
            return number
        new = self._name(said := str(int(number)))
        return number if new == said else new

    def text(self, text: str, *, own: bool) -> str:
        if not text:
            return text
        if text[:5].lower() == "data:":
            return str(map_encoded(text, None, self._change))
        if _ADDRESS.match(text):
            self._found.fixed.append(read_address(text))
            return text
        return self._change(text) if own or not _WORD_OR_NUMBER.fullmatch(text) else self._name(text)

    def fix(self, name: str) -> None:
        """Take the name of a tool, an argument or a schema: nothing can stand for it."""
        if _WORD.fullmatch(name):
            self._found.kept += [name, _PARTED.sub(" ", name)]
            self._found.words |= {name, _HANDS_OVER.sub("", name)}
        else:
            self._found.fixed.append(name)

    def headers(self, headers: Mapping[str, Any]) -> Any:
        own = {name: item for name, item in headers.items() if str(name).lower() not in LEFT_HEADERS}
        return _same(
            headers, {**headers, **{name: self.value(item, 1, schema=False, own=False) for name, item in own.items()}}
        )

    def other(self, item: Any) -> None:
        """Take what can't be written anew: a class that stands for its schema, or an object of a provider's client."""
        if isinstance(item, type) and issubclass(item, BaseModel):
            schema = option_texts({"schema": item.model_json_schema()})
            self._found.fixed += [*schema.texts, *schema.names, *schema.fixed]
            self._found.words |= schema.words
        elif isinstance(item, BaseModel):
            self._found.fixed += texts_of(item, strict=False)


def _is_left(key: str, item: Any) -> bool:
    """Return whether nothing is looked for under a key."""
    return key in LEFT_CREDENTIALS or (key in LEFT_OPTIONS and isinstance(item, str) and not _SAID.search(item))


def _same(item: Mapping[Any, Any], changed: dict[Any, Any]) -> Any:
    return item if all(new is item[key] for key, new in changed.items()) else changed
