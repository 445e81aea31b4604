"""Phrases that override instructions or ask for them: direct prompt injection and prompt leaking, in English."""

from __future__ import annotations

from lc_guard.scanners.phrases.matching import Rule, gap, rules

_INJECTION = "OWASP LLM01:2025; MITRE ATLAS AML.T0051.000; arXiv:2211.09527"
_LEAK = "OWASP LLM07:2025; MITRE ATLAS AML.T0056; arXiv:2211.09527"

_DROP = (
    r"\b(?:ignore|disregard|forget|override|bypass|skip|discard|drop|dismiss|neglect|erase|abandon|circumvent|void"
    r"|set aside|put aside|pay no attention to|take no notice of|(?:do not|don t|stop|never|no longer)"
    r" (?:follow|following|obey|obeying|adhere to|comply with|listen to))"
)
_DROP_ANCHORS = (
    "ignore", "disregard", "forget", "override", "bypass", "skip", "discard", "drop", "dismiss", "neglect", "erase",
    "abandon", "circumvent", "void", " aside", "pay no attention", "no notice", "follow", "obey", "adhere", "comply",
    "listen to",
)  # fmt: skip
_ORDERS = (
    r"(?:instructions?|directions|directives?|guidelines?|guidance|rules?|prompts?|constraints?|restrictions?|commands?"
    r"|orders|programming|training|safeguards|guardrails|polic(?:y|ies)|system message|system prompt|context)\b"
)
_EARLIER = r"(?:previous|prior|above|earlier|preceding|foregoing|past|initial|original|existing|old|your|system)"
_ORDERS_ANCHORS = (
    "instruct", "direct", "guid", "rule", "prompt", "constraint", "restriction", "command", "order", "programming",
    "training", "safeguard", "guardrail", "polic", "system message", "context",
)  # fmt: skip
_FREE_OF = (
    r"(?:restrictions?|limit(?:s|ations)?|filters?|rules|guidelines|censorship|ethics|moral(?:s|ity)?|polic(?:y"
    r"|ies)|safety"
    r"|boundaries|constraints|guardrails|alignment)\b"
)
_OWN_PROMPT = (
    r"(?:(?:system|initial|original|hidden|secret|configuration|developer|internal|starting|pre)"
    r" ?(?:prompt|instructions?|message|text|rules|configuration|guidelines|directives)\b|setup text|meta ?prompt)"
)
_SHOW = (
    r"\b(?:repeat|print|show|reveal|output|display|leak|disclose|dump|tell(?: me)?|give(?: me)?|write(?: out)?|expose"
    r"|copy|paste|translate|summari[sz]e|encode|list|share|recite|quote|return|send|spell|put|complete|echo)"
)
_SHOW_ANCHORS = (
    "repeat", "print", "show", "reveal", "output", "display", "leak", "disclose", "dump", "tell", "give", "write",
    "expose", "copy", "paste", "translate", "summari", "encode", "list", "share", "recite", "quote", "return", "send",
    "spell", "put ", "complete", "echo",
)  # fmt: skip

_VOID_ANCHORS = (
    "void", "obsolete", "cancel", "lifted", "revoked", "suspended", "removed", "disabled", "deactivated", "nullified",
    "outdated", "apply",
)  # fmt: skip

_OVERRIDE = (
    ("earlier", 0.9, _DROP_ANCHORS, rf"{_DROP} {gap(4)}{_EARLIER} {gap(3)}{_ORDERS}", _INJECTION, _ORDERS_ANCHORS),
    (
        "given", 0.9, _DROP_ANCHORS,
        rf"{_DROP} {gap(4)}{_ORDERS} {gap(3)}(?:above|before this|you|set by|given|in (?:the|your) system)\b",
        _INJECTION, _ORDERS_ANCHORS,
    ),
    ("any", 0.6, _DROP_ANCHORS,
        rf"{_DROP} (?:all|any|every|each|both)(?: of)?(?: the| these| those)? {_ORDERS}", _INJECTION, _ORDERS_ANCHORS),
    (
        "everything", 0.8, _DROP_ANCHORS,
        rf"{_DROP} (?:(?:all|everything|anything|whatever|what)(?: that)? )?{gap(1)}"
        r"(?:(?:was |were |is |stands |came |written |said )?(?:above|before)\b(?= (?:and|\.|this|line|,|instead|now))"
        r"|(?:the )?(?:text|lines?|messages?|words) (?:above|before)\b"
        r"|(?:you (?:were|have been|ve been|are) |i |we |they |the system |your \w{1,20} )"
        r"(?:told|said|given|taught|instructed|trained)(?: you)?)",
        _INJECTION, ("above", "before", "told", "said", "given", "taught", "instructed", "trained"),
    ),
    (
        "memory", 0.7, ("memory", "context", "your mind", "slate"),
        rf"\b(?:erase|wipe|clear|reset|delete) {gap(1)}your (?:memory|context|mind|slate)\b", _INJECTION,
    ),
    (
        "not-bound", 0.8, ("bound", "subject to", "obey", "abide", "follow", "confine"),
        r"\byou (?:are|re) (?:no longer|not|free from being) (?:bound|subject|confined|constrained|limited)"
        rf" (?:by|to) {gap(4)}(?:{_ORDERS}|{_FREE_OF})", _INJECTION,
    ),
    (
        "void-1", 0.8, _VOID_ANCHORS,
        rf"\b(?:your|system|(?:instructions?|rules|guidelines) you) {gap(6)}(?:(?:is|are|has been|have been|were)"
        r" (?:now )?(?:void|obsolete|cancell?ed|lifted|revoked|suspended|removed|disabled|deactivated|nullified"
        r"|outdated)"
        r"|(?:no longer|do not|don t) apply)\b", _INJECTION,
    ),
    (
        "void-2", 0.8, ("told you", "gave you"),
        rf"\b(?:told|gave) you {gap(3)}(?:is|was|are|were) {gap(2)}(?:void|obsolete|cancell?ed|wrong|mistake|fake"
        r"|outdated)\b",
        _INJECTION,
    ),
    (
        "lifted", 0.8, ("protocol", "polic", "filter", "guardrail", "restrictions"),
        r"\b(?:safety|content|security|usage|ethic(?:al|s))? ?(?:protocols?|polic(?:y|ies)|filters?|guardrails"
        r"|restrictions)"
        r" (?:is|are|has been|have been|were) (?:now )?(?:lifted|disabled|suspended|removed|revoked|turned off|off"
        r"|deactivated)\b",
        _INJECTION,
    ),
    (
        "new-orders", 0.7, ("your new", "your real", "your actual", "your true", "your updated", "your only",
        "new system", "new instr", "new mess", "new prompt"),
        r"\b(?:your (?:new|real|actual|true|updated|only) (?:instructions?|tasks?|rules?|orders|objective)"
        r" (?:is|are|below|follow)|(?:as|is) your only instruction|new (?:system )?(?:instructions?|message|prompt) [.]"
        r" (?:you|discard|ignore|forward|print|do|send|from|always|reveal))", _INJECTION,
    ),
    (
        "mistake", 0.7, ("prompt was", "instructions were", "prompt is", "message was"),
        rf"\b(?:previous|system|initial|original|earlier) (?:prompt|instructions?|message) (?:was|were|is|are) {gap(2)}"
        r"(?:mistake|error|wrong|fake|test|joke|outdated)\b", _INJECTION,
    ),
    ("mine", 0.7, _DROP_ANCHORS,
        r"\b(?:obey|follow|do|accept) (?:only )?(?:mine|what i say|my (?:instructions|commands|orders|rules))\b",
        _INJECTION, (" mine", "what i say", " my ")),
    ("just-bypass", 0.6, _DROP_ANCHORS,
        rf"{_DROP} (?:your|these|those) {gap(2)}{_ORDERS}", _INJECTION, _ORDERS_ANCHORS),
    (
        "operator", 0.5, ("operator", "creator", "developers", "maker", "openai", "anthropic", "google"),
        r"\b(?:set|given|made|written|imposed|placed on you) (?:to you )?by (?:your )?"
        r"(?:creators?|developers|operators?|makers|openai|anthropic|google)\b", _INJECTION,
    ),
)  # fmt: skip

_PROMPT_LEAK = (
    (
        "what-is", 0.8, ("system prompt", "system message", "initial instr", "hidden prompt", "initial prompt",
        "original instr", "developer message", "hidden instr", "secret instr", "system instr"),
        rf"\bwhat (?:is|was|are|were|s|does) {gap(2)}your {gap(2)}{_OWN_PROMPT}", _LEAK,
    ),
    (
        "show", 0.9, _SHOW_ANCHORS,
        rf"{_SHOW} {gap(8)}(?:your|the|its) {gap(3)}{_OWN_PROMPT}(?! (?:for|of (?:a|an|my|our|this app)|works?\b"
        r"|is used))"
        rf"(?= (?:you|verbatim|word|in|into|as|backwards|above|and|to|with|exactly|here|that|[.])|$)", _LEAK,
        ("system", "initial", "original", "hidden", "secret", "configuration", "developer", "internal", "starting",
            "preprompt", "setup", "meta"),
    ),
    (
        "show-given", 0.8, _SHOW_ANCHORS,
        rf"{_SHOW} {gap(6)}(?:instructions?|prompt|rules|text|message|guidelines|preamble|words) {gap(2)}"
        r"(?:you (?:were|have been|ve been|are|received|got|operate)|(?:your )?(?:operator|developers?|creators?"
        r") gave you"
        r"|governing your|(?:that )?precedes? (?:this|our) conversation)", _LEAK,
        ("instruction", "prompt", "rules", "text", "message", "guidelines", "preamble", "words"),
    ),
    (
        "own-rules", 0.8, _SHOW_ANCHORS,
        rf"{_SHOW} {gap(3)}your {gap(3)}(?:instructions|prompt|rules|guidelines|directives|programming)\b"
        r"(?= (?:all|verbatim|word|in|exactly|as|to|above|[.])|$)", _LEAK,
        ("instructions", "prompt", "rules", "guidelines", "directives", "programming"),
    ),
    (
        "above", 0.8, ("above", "before this", "preceding", "so far"),
        rf"\b(?:repeat|print|output|copy|recite|echo|reproduce|return) {gap(5)}(?:text|words?|everything|lines?"
        r"|content|all|message)"
        rf" {gap(2)}(?:above|before this|preceding)\b(?! (?:when|if|in))", _LEAK,
    ),
    ("you-are", 0.7, ("starting with", "beginning with"),
        r"\b(?:starting|beginning) with \"? ?(?:you are|the (?:phrase|words))\b", _LEAK),
    (
        "told", 0.7, ("told before", "told at", "instructed before", "instructions did you",
        "conversation and my first", "told you before", "rules were you"),
        rf"\bwhat (?:were you|have you been|did they) (?:told|instructed|given) {gap(2)}(?:before|at the)"
        r"|between the start of this conversation and my first|what (?:instructions|rules) (?:did you|were you"
        r"|have you)", _LEAK,
    ),
    (
        "leak-short", 0.8, ("the prompt", "your prompt"),
        rf"\b(?:leak|dump|reveal|disclose|expose|exfiltrate|extract) {gap(1)}(?:the|your) prompt\b"
        rf"|\b(?:first|last) \d{{1,4}} (?:words|lines|characters|tokens|sentences) of your (?:\w{{1,16}} "
        r")?(?:prompt|instructions)", _LEAK,
    ),
    ("exact", 0.8, ("exact", "verbatim", "word for word"),
        rf"\b(?:exact|verbatim|full|complete) (?:wording|text|copy|contents?) {gap(2)}(?:your|the|you"
        rf") {gap(2)}(?:{_OWN_PROMPT}|instructions you)", _LEAK),
    ("says", 0.8, ("prompt says", "prompt is", "instructions are"),
        r"\bmy (?:system|initial|hidden) (?:prompt|instructions?|message) (?:says|is|are|reads?)\b", _LEAK),
)  # fmt: skip


def injection_rules() -> tuple[Rule, ...]:
    """Give the rules, compiled."""
    return (
        *rules("override", _OVERRIDE),
        *rules("prompt_leak", _PROMPT_LEAK),
    )
