"""A stand-in for the hosted services that judge texts: each is asked as always, and answered in its own shape.

It judges by a function that it is given, the same for all services, so it says nothing about how good one of them is.
Shapes follow the vendors' documentation, as the scanners do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from lc_guard.testing.loopback import Exchange, LoopbackServer, Refusal


class JudgeStandIn(LoopbackServer):
    """Answers for Lakera, Azure AI Content Safety, PromptArmor, NeMo Guardrails and LLM Guard's API, on one address.

    ```python
    with JudgeStandIn(lambda text: "ignore all" in text) as judge:
        scanner = Lakera(api_key="none", base_url=judge.url)
    ```

    Args:
        flags: Tells whether a text is an attack.

    Attributes:
        requests: Path and body of each request, as it arrived.
    """

    def __init__(self, flags: Callable[[str], bool]) -> None:
        super().__init__()
        self.requests: list[tuple[str, Any]] = []
        self._flags = flags
        self._services: dict[str, Callable[[Any], Any]] = {
            "/v2/guard": self._lakera,
            "/contentsafety/text:analyze": self._severities,
            "/contentsafety/text:shieldPrompt": self._shield,
            "/v1/analyze/input": self._prompt_armor,
            "/v1/checks": self._nemo,
            "/analyze/prompt": self._llm_guard,
        }

    def handle(self, exchange: Exchange, body: bytes) -> None:
        """Answer one request as the service does that has this path."""
        path = exchange.path.partition("?")[0]
        service = self._services.get(path)
        if service is None:
            raise Refusal(404, {"error": "no service of this stand-in has this path"})
        asked = json.loads(body)
        self.requests.append((path, asked))
        exchange.send_json(200, service(asked))

    def _lakera(self, asked: Any) -> Any:
        attack = self._flags(asked["messages"][-1]["content"])
        level = "l1_confident" if attack else "l5_unlikely"
        entry = {"detector_type": "prompt_attack", "detected": attack, "result": level}
        return {"flagged": attack, "breakdown": [entry], "payload": []}

    def _severities(self, asked: Any) -> Any:
        # harm is another question than attack: nothing is severe here
        found = [{"category": category, "severity": 0} for category in asked["categories"]]
        return {"categoriesAnalysis": found, "blocklistsMatch": []}

    def _shield(self, asked: Any) -> Any:
        documents = [{"attackDetected": self._flags(text)} for text in asked.get("documents", ())]
        return {
            "userPromptAnalysis": {"attackDetected": self._flags(asked.get("userPrompt", ""))},
            "documentsAnalysis": documents,
        }

    def _prompt_armor(self, asked: Any) -> Any:
        attack = self._flags(asked["content"])
        return {"detection": attack, "info": {"Jailbreak": {"detection": attack}}}

    def _nemo(self, asked: Any) -> Any:
        text = asked["messages"][-1]["content"]
        return {"status": "blocked" if self._flags(text) else "passed", "content": text}

    def _llm_guard(self, asked: Any) -> Any:
        text = asked["prompt"]
        attack = self._flags(text)
        scores = {"PromptInjection": 0.9 if attack else -1.0}
        return {"is_valid": not attack, "scanners": scores, "sanitized_prompt": text}
