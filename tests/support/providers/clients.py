"""The real client packages, pointed at the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.language_models import BaseChatModel


def _openai(url: str, **options: Any) -> BaseChatModel:
    from langchain_openai import ChatOpenAI

    given = {"model": "gpt-4o-mini", "base_url": f"{url}/v1", "api_key": "loopback", "max_retries": 0}
    return ChatOpenAI(**{**given, "stream_usage": True, **options})


def _responses(url: str, **options: Any) -> BaseChatModel:
    stateless = {"store": False, "include": ["reasoning.encrypted_content"], "reasoning": {"summary": "auto"}}
    return _openai(
        url,
        **{
            "model": "gpt-5-mini",
            "use_responses_api": True,
            "output_version": "responses/v1",
            **stateless,
            **options,
        },
    )


def _anthropic(url: str, **options: Any) -> BaseChatModel:
    from langchain_anthropic import ChatAnthropic

    given = {"model": "claude-opus-5", "base_url": url, "api_key": "loopback", "max_retries": 0}
    return ChatAnthropic(**{**given, "max_tokens": 2048, "thinking": {"type": "adaptive"}, **options})


def _gemini(url: str, **options: Any) -> BaseChatModel:
    from langchain_google_genai import ChatGoogleGenerativeAI

    given = {"model": "gemini-3-pro-preview", "base_url": url, "google_api_key": "loopback", "max_retries": 1}
    return ChatGoogleGenerativeAI(**{**given, "include_thoughts": True, **options})


def _bedrock(url: str, **options: Any) -> BaseChatModel:
    from botocore.config import Config
    from langchain_aws import ChatBedrockConverse

    given = {
        "model": "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "endpoint_url": url,
        "region_name": "us-east-1",
        "aws_access_key_id": "loopback",
        "aws_secret_access_key": "loopback",
        "config": Config(retries={"total_max_attempts": 1}),
        "additional_model_request_fields": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    }
    return ChatBedrockConverse(**{**given, **options})


def _ollama(url: str, **options: Any) -> BaseChatModel:
    from langchain_ollama import ChatOllama

    return ChatOllama(**{"model": "qwen3", "base_url": url, "reasoning": True, **options})


def _mistral(url: str, **options: Any) -> BaseChatModel:
    from langchain_mistralai import ChatMistralAI

    given = {"model": "magistral-small-latest", "base_url": f"{url}/mistral/v1", "api_key": "loopback"}
    return ChatMistralAI(**{**given, "max_retries": 1, **options})


def _groq(url: str, **options: Any) -> BaseChatModel:
    from langchain_groq import ChatGroq

    given = {"model": "openai/gpt-oss-20b", "base_url": f"{url}/groq", "api_key": "loopback", "max_retries": 0}
    return ChatGroq(**{**given, "reasoning_format": "parsed", **options})


CLIENTS: dict[str, Callable[..., BaseChatModel]] = {
    "openai": _openai,
    "openai responses": _responses,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "bedrock": _bedrock,
    "ollama": _ollama,
    "mistral": _mistral,
    "groq": _groq,
}
"""Makes a provider's real chat model, given the server's URL and options of the model's own."""
