"""What the environment holds that a guard depends on: extras, and traps that send or log raw text."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from lc_guard._vendors.langsmith_tracing import langsmith_unmasked
from lc_guard.errors import installed_version

# Extra → a module that it brings.
_EXTRAS = {
    "encrypted": "cryptography",
    "gliner": "gliner",
    "hf": "transformers",
    "llm-guard or gorget": "llm_guard",
    "metrics": "opentelemetry.exporter.prometheus",
    "nemo": "nemoguardrails",
    "openai": "langchain_openai",
    "postgres": "psycopg",
    "redis": "redis",
    "serve": "uvicorn",
    "sql": "sqlalchemy",
}

# Variable → (values that switch it on, what happens then).
_LOGGING = {
    "LANGFUSE_DEBUG": "Langfuse's SDK logs what it sends, before it is masked",
    "OPENAI_LOG": "OpenAI's client logs what it sends: placeholders where a guard stands, else raw text",
    "ANTHROPIC_LOG": "Anthropic's client logs what it sends: placeholders where a guard stands, else raw text",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "instrumentations of OpenTelemetry record raw messages",
}
_OFF = {"", "0", "false", "no", "off", "info", "warning", "error", "no_content"}

# Distributions that patch LangChain and record what its chains are given.
_INSTRUMENTATIONS = (
    "openinference-instrumentation-langchain",
    "opentelemetry-instrumentation-langchain",
    "traceloop-sdk",
    "ddtrace",
)


@dataclass(frozen=True, slots=True)
class Trap:
    """Something in the environment by which raw text may leave or be logged.

    Attributes:
        name: What it is, such as a variable.
        level: ``"error"`` if raw text leaves as things are, ``"warning"`` if it may.
        message: What happens, and what to do.
    """

    name: str
    level: Literal["error", "warning"]
    message: str


def extras() -> dict[str, bool]:
    """Return for each extra whether what it brings is installed."""
    return {extra: _importable(module) for extra, module in _EXTRAS.items()}


def traps(environ: Mapping[str, str] | None = None) -> tuple[Trap, ...]:
    """Look for what sends or logs raw text beside the guard, in the process's variables unless others are given."""
    return tuple(_traps(os.environ if environ is None else environ))


def _traps(environ: Mapping[str, str]) -> Iterator[Trap]:
    if (unmasked := langsmith_unmasked()) is not None:
        yield Trap("LangSmith", "error", unmasked)
    for variable, happens in _LOGGING.items():
        if environ.get(variable, "").strip().lower() not in _OFF:
            yield Trap(variable, "warning", f"{happens}. Unset it where personal data is handled.")
    if environ.get("LANGFUSE_PUBLIC_KEY") and environ.get("LANGFUSE_SECRET_KEY"):
        told = "lc_guard.langfuse.CallbackHandler(guard) masks its client; Langfuse's own handler sends raw text."
        yield Trap("LANGFUSE_PUBLIC_KEY", "warning", told)
    for name in _INSTRUMENTATIONS:
        if installed_version(name) is not None:
            told = "It records what chains are given: wrap its exporter in lc_guard.observability.MaskingSpanExporter."
            yield Trap(name, "warning", told)


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # a package above it is missing
        return False
