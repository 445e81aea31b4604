"""Phrases of direct and indirect prompt injection in eight languages, as rules.

What they look for is described in OWASP's LLM01:2025 (prompt injection) and LLM07:2025 (system prompt leakage), and in
MITRE ATLAS as AML.T0051 (prompt injection; .000 direct, .001 indirect), AML.T0054 (jailbreak), AML.T0056 (extraction of
the system prompt) and AML.T0057 (data leakage). "Ignore previous prompt" and prompt leaking were named by Perez and
Ribeiro (2022, arXiv:2211.09527), injection through documents by Greshake et al. (2023, arXiv:2302.12173), personas such
as DAN by Shen et al. (2023, arXiv:2308.03825), suppressed refusals and prescribed openings by Wei et al. (2023,
arXiv:2307.02483). The wordings are our own; what personas have in common was read off two thirds of Shen's collection.
"""

from __future__ import annotations

import functools

from lc_guard.scanners.phrases.rule import Rule
from lc_guard.scanners.phrases.de_fr_es import foreign_rules
from lc_guard.scanners.phrases.en import document_rules, injection_rules, persona_rules
from lc_guard.scanners.phrases.it_nl_pl_pt import more_foreign_rules


@functools.cache
def jailbreak_rules() -> tuple[Rule, ...]:
    """Return the rules on words, compiled once, when first asked for."""
    return (*injection_rules(), *persona_rules(), *document_rules(), *foreign_rules(), *more_foreign_rules())


@functools.cache
def template_rules() -> tuple[Rule, ...]:
    """Tokens and marks of chat templates, on the text as written, lower case: they end the user's turn for a model."""
    source = "OWASP LLM01:2025; MITRE ATLAS AML.T0051"
    return (
        # ChatML, Llama 2 and 3, Gemma, Mistral, Phi: the special tokens in their published chat templates.
        Rule(
            "template-token", "fake_turn", 0.9, ("<|", "[inst]", "[/inst]", "<<sys>>", "<start_of_turn>",
            "<end_of_turn>"),
            r"<\|(?:im_start|im_end|im_sep|system|user|assistant|end|eot_id|endoftext|start_header_id|end_header_id"
            r"|begin_of_text|end_of_text)\|>|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>", source,
        ),
        Rule(
            "template-sentence", "fake_turn", 0.6, ("</s>",), r"</s>\s{0,4}<s>", source,
        ),
        Rule(
            "template-heading", "fake_turn", 0.6, ("###", "end of system", "[system]", "<system>", "begin user"),
            r"(?:^|\n)\s{0,4}#{2,4} ?(?:system|instruction)s?(?: (?:prompt|message|override))? ?:"
            r"|\bend of (?:the )?system (?:prompt|message)|\[system\]\(#|<system>|\bbegin user override", source,
        ),
        Rule(
            "template-turn", "fake_turn", 0.6, ("\nsystem:", "\nassistant:", "\n\nhuman:", "new system message:",
            "system:"),
            r"(?:\n\n|\\n\\n)(?:human|assistant): .{0,200}(?:\n\n|\\n\\n)(?:human|assistant):|(?:^|\n)system: ?.{0,80}"
            r"\b(?:you|polic(?:y|ies)|disabled|user|restrictions|ignore|override)|\bnew system message:", source,
        ),
        Rule(
            "template-json", "fake_turn", 0.6, ('"system"',),
            r"\"role\"\s{0,4}:\s{0,4}\"system\"\s{0,4},\s{0,4}\"content\"\s{0,4}:\s{0,4}\"[^\"]{0,200}"
            r"\b(?:no|without|any|ignore) (?:restrictions|limits|rules|filters|previous)", source,
        ),
        # Data in the address of a picture leaves when the answer is shown (arXiv:2302.12173).
        Rule(
            "template-image", "exfiltration", 0.8, ("](http",),
            r"!\[[^\]\n]{0,80}\]\(https?://[^)\s]{0,200}(?:\{[a-z_ ]{3,40}\}|[=/](?:user_?secrets|user_?data"
            r"|summary|history|conversation"
            r"|chat_?history|secrets?|data)\b(?!\.html))", source,
        ),
    )  # fmt: skip
