"""Instructions in documents that speak to the assistant, and data sent out: indirect prompt injection, in English."""

from __future__ import annotations

from lc_guard.scanners.phrases.matching import Rule, gap, rules

_INDIRECT = "OWASP LLM01:2025; MITRE ATLAS AML.T0051.001; arXiv:2302.12173"
_EXFILTRATION = "OWASP LLM01:2025; MITRE ATLAS AML.T0057; arXiv:2302.12173"

_BOT = (
    r"(?:ai(?:s| agents?| assistants?| systems?| models?)?|assistants?|(?:large )?language models?|llms?|chatbots?"
    r"|chatgpt"
    r"|gpt|claude|gemini|copilot|automated (?:assistant|agent|reviewer)s?|bots?|(?:llm|ai) reviewers?)"
)

_DOCUMENT = (
    (
        "if-you-are", 0.8, ("if you are", "if you re", "read by", "when the ai", "if this", "processed by"),
        rf"\bif you (?:are|re) (?:an? )?{gap(2)}{_BOT} {gap(4)}(?:reading|processing|summari[sz]ing|reviewing"
        r"|visiting|analy[sz]ing|parsing)"
        rf"|\b(?:read|processed|seen|summari[sz]ed|reviewed) by (?:an? |any )?{gap(1)}{_BOT}\b(?! (?:is|are|was))"
        rf"|\bwhen (?:the|an|any) {_BOT} (?:summari[sz]es?|reads?|process(?:es)?|reviews?|analy[sz]es?) ", _INDIRECT,
    ),
    (
        "addressed", 0.8, ("assistant", "llm", "ai ", "model", "chatbot", "agent", "gpt", "claude"),
        r"(?:^|[.\"] )(?:(?:dear|attention|note|message|notice|hey|important|instructions?|to|for|all|any|the"
        rf"|important instructions?) ){{0,5}}"
        rf"{_BOT}(?: (?:reading|processing|visiting|summari[sz]ing|reviewing) {gap(5)}| ?)[.,]? ?(?:you (?:must"
        r"|should)|please (?:rate|ignore|recommend)|ignore|disregard|rate|do not (?:tell|mention|reveal|highlight)"
        r"|don t (?:tell|mention|reveal)|forward|send|include|append|give (?:a )?positive|recommend|when|before"
        r"|should submit|tell the user|visiting this|say that|call the|secretly)", _INDIRECT,
    ),
    (
        "secretly", 0.7, ("tell the user", "inform the user", "reveal to the user", "the user", "this note",
        "mention this", "secretly"),
        r"\b(?:do not|don t|never|without) (?:tell|telling|inform|informing|reveal to|revealing to|mention to"
        r"|notify|notifying|alert|alerting) (?:it to )?the user\b"
        r"|\b(?:do not|don t) (?:mention|reveal) (?:this|these) (?:note|message|instructions?|text)\b"
        r"|\b(?:assistant|ai|model|you) (?:should|must) secretly\b", _INDIRECT,
    ),
    (
        "user-question", 0.7, ("the user", "the reviewer"),
        r"\b(?:ignore|disregard) the (?:user|users|user s|reviewers?|reviewers s) (?:s )?(?:question|request|query"
        r"|input|criteria|instructions?|message)", _INDIRECT,
    ),
    (
        "reviewer", 0.7, ("positive review", "any negatives", "top marks", "best paper", "this candidate",
        "this applicant"),
        r"\bgive a positive review only\b|\bnot (?:highlight|mention) any negatives\b|\b(?:model|ai|llm|assistant"
        r")\b.{0,40}\b(?:recommend|rate) (?:this|the) (?:applicant|candidate|paper)\b"
        r"|\bwhen summari[sz]ing this (?:text|page|document)\b.{0,30}\b(?:include|add|say)\b", _INDIRECT,
    ),
    ("only-bot", 0.7, ("chatbot only", "for the ai", "for the assistant", "for the llm", "model only",
        "assistant only", "to llm"),
        rf"\b(?:this|message|note|instructions?) (?:is |are )?{gap(2)}(?:for|to) (?:the |any |all "
        rf")?{_BOT}(?: only\b| [.])", _INDIRECT),
)  # fmt: skip

_DATA = (
    r"(?:conversation|chat history|history|messages?|context window|inbox|api keys?|passwords?|credentials?"
    r"|secrets?|credit card|user s \w{1,12}|everything we talked about|private data|emails?)"
)
_EXFIL = (
    (
        "to-address", 0.8, ("http", "www", " at ", "to "),
        r"\b(?:send|post|forward|upload|append|encode|email|submit|transmit|exfiltrate|include|curl|leak) (?:the "
        rf"|all |every )?{gap(4)}{_DATA}\b.{{0,60}}?\b(?:(?:to|at|into|in|via|with) {gap(4)}(?:https? |webhook"
        r"|requestbin)|query string|url parameters)", _EXFILTRATION,
    ),
    ("mail-out", 0.7, ("send", "mail", "forward"),
        r"\b(?:send|e ?mail|forward) (?:me )?(?:the )?(?:contents? of |all |a copy of )?(?:the |your "
        r")?(?:user s \w{1,12}|context window|conversation history|all mail)\b.{0,40}\bto\b", _EXFILTRATION),
    ("url-data", 0.8, ("https", "http"),
        r"\b(?:open|fetch|visit|load|call|request) https? .{0,60}\b(?:previous messages|followed by|conversation"
        r"|chat history|user s|url encoded)", _EXFILTRATION),
    ("picture", 0.8, ("image", "picture", "render", "png"),
        r"\b(?:image|picture|png|render)\b.{0,80}\b(?:replacing|holds|containing|contains|with"
        r") .{0,30}\b(?:chat history|summary of the private|conversation|private data|user s|secrets)",
        _EXFILTRATION),
)  # fmt: skip


def document_rules() -> tuple[Rule, ...]:
    """Give the rules, compiled."""
    return (
        *rules("document", _DOCUMENT),
        *rules("exfiltration", _EXFIL),
    )
