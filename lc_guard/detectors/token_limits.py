"""How many tokens a transformers pipeline takes: what is above would be cut off silently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def fits_all(pipelines: Sequence[Any]) -> Callable[[str], bool]:
    """Give a test whether a text is within the token limits of all pipelines.

    Args:
        pipelines: Pipelines of transformers; one without a tokenizer has no limit.
    """
    limits = []
    for pipeline in pipelines:
        tokenizer = getattr(pipeline, "tokenizer", None)
        if tokenizer is None:
            continue
        config = getattr(getattr(pipeline, "model", None), "config", None)
        # RoBERTa's positions begin behind its padding index: two of them can't be used.
        positions = int(getattr(config, "max_position_embeddings", 0) or 512) - 2
        limits.append((tokenizer, min(int(tokenizer.model_max_length), positions)))
    return lambda text: all(len(tokenizer(text)["input_ids"]) <= limit for tokenizer, limit in limits)
