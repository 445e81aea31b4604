"""Phrases of direct and indirect prompt injection in English, German, French and Spanish, as rules.

What they look for is described in OWASP's LLM01:2025 Prompt Injection and LLM07:2025 System Prompt Leakage, and in MITRE
ATLAS as AML.T0051 (LLM Prompt Injection; .000 direct, .001 indirect), AML.T0054 (LLM Jailbreak), AML.T0056 (LLM Meta
Prompt Extraction) and AML.T0057 (LLM Data Leakage). "Ignore previous prompt" and prompt leaking were named by Perez and
Ribeiro (2022, arXiv:2211.09527), injection through documents by Greshake et al. (2023, arXiv:2302.12173), personas such
as DAN by Shen et al. (2023, arXiv:2308.03825), suppressed refusals and prescribed openings by Wei et al. (2023,
arXiv:2307.02483). The wordings are our own.
"""

from __future__ import annotations

import functools

from lc_guard.scanners.rules import Rule

_INJECTION = "OWASP LLM01:2025; MITRE ATLAS AML.T0051.000; arXiv:2211.09527"
_INDIRECT = "OWASP LLM01:2025; MITRE ATLAS AML.T0051.001; arXiv:2302.12173"
_JAILBREAK = "OWASP LLM01:2025; MITRE ATLAS AML.T0054; arXiv:2308.03825"
_SUPPRESSED = "OWASP LLM01:2025; MITRE ATLAS AML.T0054; arXiv:2307.02483"
_LEAK = "OWASP LLM07:2025; MITRE ATLAS AML.T0056; arXiv:2211.09527"
_EXFILTRATION = "OWASP LLM01:2025; MITRE ATLAS AML.T0057; arXiv:2302.12173"


def _gap(words: int) -> str:
    """Up to some words of one sentence; bounded, so that no text makes the search quadratic."""
    return rf'(?:[^ ."]{{1,24}} ){{0,{words}}}'


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
    r"(?:restrictions?|limit(?:s|ations)?|filters?|rules|guidelines|censorship|ethics|moral(?:s|ity)?|polic(?:y|ies)|safety"
    r"|boundaries|constraints|guardrails|alignment)\b"
)
_BOT = (
    r"(?:ai(?:s| agents?| assistants?| systems?| models?)?|assistants?|(?:large )?language models?|llms?|chatbots?|chatgpt"
    r"|gpt|claude|gemini|copilot|automated (?:assistant|agent|reviewer)s?|bots?|(?:llm|ai) reviewers?)"
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

_OVERRIDE = (
    ("earlier", 0.9, _DROP_ANCHORS, rf"{_DROP} {_gap(4)}{_EARLIER} {_gap(3)}{_ORDERS}", _INJECTION, _ORDERS_ANCHORS),
    (
        "given", 0.9, _DROP_ANCHORS,
        rf"{_DROP} {_gap(4)}{_ORDERS} {_gap(3)}(?:above|before this|you|set by|given|in (?:the|your) system)\b",
        _INJECTION, _ORDERS_ANCHORS,
    ),
    ("any", 0.6, _DROP_ANCHORS, rf"{_DROP} (?:all|any|every|each|both)(?: of)?(?: the| these| those)? {_ORDERS}", _INJECTION, _ORDERS_ANCHORS),
    (
        "everything", 0.8, _DROP_ANCHORS,
        rf"{_DROP} (?:(?:all|everything|anything|whatever|what)(?: that)? )?{_gap(1)}"
        r"(?:(?:was |were |is |stands |came |written |said )?(?:above|before)\b(?= (?:and|\.|this|line|,|instead|now))"
        r"|(?:the )?(?:text|lines?|messages?|words) (?:above|before)\b"
        r"|(?:you (?:were|have been|ve been|are) |i |we |they |the system |your \w{1,20} )"
        r"(?:told|said|given|taught|instructed|trained)(?: you)?)",
        _INJECTION, ("above", "before", "told", "said", "given", "taught", "instructed", "trained"),
    ),
    (
        "memory", 0.7, ("memory", "slate"),
        rf"\b(?:erase|wipe|clear|reset|delete) {_gap(1)}your (?:memory|context|mind|slate)\b", _INJECTION,
    ),
    (
        "not-bound", 0.8, ("bound", "subject to", "obey", "abide", "follow", "confine"),
        r"\byou (?:are|re) (?:no longer|not|free from being) (?:bound|subject|confined|constrained|limited)"
        rf" (?:by|to) {_gap(4)}(?:{_ORDERS}|{_FREE_OF})", _INJECTION,
    ),
    (
        "void-1", 0.8, _ORDERS_ANCHORS,
        rf"\b(?:your|system|(?:instructions?|rules|guidelines) you) {_gap(6)}(?:(?:is|are|has been|have been|were)"
        r" (?:now )?(?:void|obsolete|cancell?ed|lifted|revoked|suspended|removed|disabled|deactivated|nullified|outdated)"
        r"|(?:no longer|do not|don t) apply)\b", _INJECTION,
    ),
    (
        "void-2", 0.8, ("told you", "gave you"),
        rf"\b(?:told|gave) you {_gap(3)}(?:is|was|are|were) {_gap(2)}(?:void|obsolete|cancell?ed|wrong|mistake|fake|outdated)\b",
        _INJECTION,
    ),
    (
        "lifted", 0.8, ("safety", "content polic", "protocols", "guardrail", "restrictions"),
        rf"\b(?:safety|content|security|usage|ethic(?:al|s))? ?(?:protocols?|polic(?:y|ies)|filters?|guardrails|restrictions)"
        r" (?:is|are|has been|have been|were) (?:now )?(?:lifted|disabled|suspended|removed|revoked|turned off|off|deactivated)\b",
        _INJECTION,
    ),
    (
        "new-orders", 0.7, ("new instruction", "new task", "real task", "new rule", "new system", "new order", "updated instr", "only instr", "real instr"),
        r"\b(?:your (?:new|real|actual|true|updated|only) (?:instructions?|tasks?|rules?|orders|objective)"
        r" (?:is|are|below|follow)|(?:as|is) your only instruction|new (?:system )?(?:instructions?|message|prompt) [.]"
        r" (?:you|discard|ignore|forward|print|do|send|from|always|reveal))", _INJECTION,
    ),
    (
        "mistake", 0.7, ("prompt was", "instructions were", "prompt is", "message was"),
        rf"\b(?:previous|system|initial|original|earlier) (?:prompt|instructions?|message) (?:was|were|is|are) {_gap(2)}"
        r"(?:mistake|error|wrong|fake|test|joke|outdated)\b", _INJECTION,
    ),
    ("mine", 0.7, _DROP_ANCHORS, rf"\b(?:obey|follow|do|accept) (?:only )?(?:mine|what i say|my (?:instructions|commands|orders|rules))\b", _INJECTION, (" mine", "what i say", " my ")),
    ("just-bypass", 0.6, _DROP_ANCHORS, rf"{_DROP} (?:your|these|those) {_gap(2)}{_ORDERS}", _INJECTION, _ORDERS_ANCHORS),
    (
        "operator", 0.5, ("operator", "creator", "developers", "maker", "openai", "anthropic", "google"),
        r"\b(?:set|given|made|written|imposed|placed on you) (?:to you )?by (?:your )?"
        r"(?:creators?|developers|operators?|makers|openai|anthropic|google)\b", _INJECTION,
    ),
)  # fmt: skip

_PROMPT_LEAK = (
    (
        "what-is", 0.8, ("system prompt", "system message", "initial instr", "hidden prompt", "initial prompt", "original instr", "developer message", "hidden instr", "secret instr", "system instr"),
        rf"\bwhat (?:is|was|are|were|s|does) {_gap(2)}your {_gap(2)}{_OWN_PROMPT}", _LEAK,
    ),
    (
        "show", 0.9, _SHOW_ANCHORS,
        rf"{_SHOW} {_gap(8)}(?:your|the|its) {_gap(3)}{_OWN_PROMPT}(?! (?:for|of (?:a|an|my|our|this app)|works?\b|is used))"
        rf"(?= (?:you|verbatim|word|in|into|as|backwards|above|and|to|with|exactly|here|that|[.])|$)", _LEAK,
        ("system", "initial", "original", "hidden", "secret", "configuration", "developer", "internal", "starting", "preprompt", "setup", "meta"),
    ),
    (
        "show-given", 0.8, _SHOW_ANCHORS,
        rf"{_SHOW} {_gap(6)}(?:instructions?|prompt|rules|text|message|guidelines|preamble|words) {_gap(2)}"
        r"(?:you (?:were|have been|ve been|are|received|got|operate)|(?:your )?(?:operator|developers?|creators?) gave you"
        r"|governing your|(?:that )?precedes? (?:this|our) conversation)", _LEAK,
        ("instruction", "prompt", "rules", "text", "message", "guidelines", "preamble", "words"),
    ),
    (
        "own-rules", 0.8, _SHOW_ANCHORS,
        rf"{_SHOW} {_gap(3)}your {_gap(3)}(?:instructions|prompt|rules|guidelines|directives|programming)\b"
        r"(?= (?:all|verbatim|word|in|exactly|as|to|above|[.])|$)", _LEAK,
        ("instructions", "prompt", "rules", "guidelines", "directives", "programming"),
    ),
    (
        "above", 0.8, ("above", "before this", "preceding", "so far"),
        rf"\b(?:repeat|print|output|copy|recite|echo|reproduce|return) {_gap(5)}(?:text|words?|everything|lines?|content|all|message)"
        rf" {_gap(2)}(?:above|before this|preceding)\b(?! (?:when|if|in))", _LEAK,
    ),
    ("you-are", 0.7, ("starting with", "beginning with"), r"\b(?:starting|beginning) with \"? ?(?:you are|the (?:phrase|words))\b", _LEAK),
    (
        "told", 0.7, ("told before", "told at", "instructed before", "instructions did you", "conversation and my first", "told you before", "rules were you"),
        rf"\bwhat (?:were you|have you been|did they) (?:told|instructed|given) {_gap(2)}(?:before|at the)"
        r"|between the start of this conversation and my first|what (?:instructions|rules) (?:did you|were you|have you)", _LEAK,
    ),
    (
        "leak-short", 0.8, ("the prompt", "your prompt"),
        rf"\b(?:leak|dump|reveal|disclose|expose|exfiltrate|extract) {_gap(1)}(?:the|your) prompt\b"
        rf"|\b(?:first|last) \d{{1,4}} (?:words|lines|characters|tokens|sentences) of your (?:\w{{1,16}} )?(?:prompt|instructions)", _LEAK,
    ),
    ("exact", 0.8, ("exact", "verbatim", "word for word"), rf"\b(?:exact|verbatim|full|complete) (?:wording|text|copy|contents?) {_gap(2)}(?:your|the|you) {_gap(2)}(?:{_OWN_PROMPT}|instructions you)", _LEAK),
    ("says", 0.8, ("prompt says", "prompt is", "instructions are"), r"\bmy (?:system|initial|hidden) (?:prompt|instructions?|message) (?:says|is|are|reads?)\b", _LEAK),
)  # fmt: skip

_PERSONA = (
    (
        "dan", 0.8, ("dan", "stan", "aim", "dude", "jailbreak"),
        rf"\b(?:you are|you re|act as|as|become|called|character as|pretend to be|acting as|answer as|respond as|play|part 2 \. you are) {_gap(3)}"
        r"(?:dan|stan|aim|dude|jailbroken)\b(?! brown| smith)|\bdo anything now\b|\bjailbreak (?:mode|enabled)\b"
        r"|\b(?:in|enter|activate|enable) jailbreak\b|\balways intelligent and machiavellian", _JAILBREAK,
    ),
    (
        "free-ai", 0.9, ("restrict", "limit", "filter", "rule", "guideline", "censor", "ethic", "moral", "polic", "safety", "bound", "constraint", "guardrail", "alignment"),
        rf"\b(?:ai|ais|assistant|model|chatbot|bot|version of yourself|llm|gpt|machine|robot) {_gap(5)}(?:without|with no|that has no|has no|free of|ignores?"
        rf"|that ignores?|with (?:the|all)|no) {_gap(3)}{_FREE_OF}", _JAILBREAK,
    ),
    (
        "unfiltered-ai", 0.8, ("unrestricted", "unfiltered", "uncensored", "unaligned", "amoral", "evil", "immoral", "unethical", "limitless", "jailbroken", "unlimited"),
        rf"\b(?:act|acting|pretend|simulate|imagine|become|you are|you re|you were|now|as|be|answer|respond|roleplay|play) {_gap(5)}"
        rf"(?:unrestricted|unfiltered|uncensored|unaligned|amoral|immoral|unethical|limitless|unlimited|nonmoral|unbiased and uncensored|jailbroken|evil)(?: and \w{{1,16}})? {_gap(1)}"
        r"(?:ai|assistant|model|chatbot|bot|llm|version|language model|gpt)\b", _JAILBREAK,
    ),
    (
        "you-free", 0.8, ("restrict", "limit", "filter", "rules", "guideline", "censor", "ethic", "moral", "polic", "confines", "constraint", "boundaries", "law"),
        rf"\b(?:you (?:ve been|have been|have|had|now have|possess|are|re|were|will act|operate)|imagine you|pretend (?:that )?you|as if you|act) {_gap(4)}(?:no|without(?: any)?|free of|free from|freed from)"
        rf" {_gap(3)}(?:ethic\w{{0,4}}|moral\w{{0,4}}|content|safety|restrictions|filters?|censorship|confines|guidelines|guardrails)\b(?! (?:on|in|of) (?!ai|mine))", _JAILBREAK,
    ),
    (
        "mode", 0.8, ("mode",),
        r"\b(?:enter|enable|activate|simulate|switch (?:in)?to|turn on|you are (?:now )?in|go into|start|in) "
        r"(?:the )?(?:developer|dev|god|debug|admin|unrestricted|opposite|evil|dan|sudo|unsafe|maintenance) mode\b"
        rf"(?= (?:[.] )?(?:in developer|generate|you|all|and (?:answer|ignore|reveal|show|print)|where you|off|is off|with(?:out)? (?:no|any|filters)))|\bdeveloper mode (?:output|response|enabled)s?\b", _JAILBREAK,
    ),
    ("opposite", 0.6, ("opposite", "not allowed to"), rf"\bopposite mode\b|\bdo (?:everything|anything|what) you (?:are|re) not allowed\b", _JAILBREAK),
    (
        "grandmother", 0.7, ("grandm", "grandp", "granny", "nana", "late mother"),
        rf"\b(?:act|pretend|be|roleplay|behave|play|speak|talk) {_gap(3)}(?:my|a) {_gap(2)}(?:grandmother|grandma|granny|grandpa|grandfather|nana)\b", _JAILBREAK,
    ),
    (
        "disable", 0.9, ("safety", "filter", "alignment", "guardrail", "moderation", "censor"),
        rf"\b(?:disable|turn off|switch off|deactivate|remove|lift|drop) {_gap(1)}(?:your {_gap(3)}(?:safety|filters?|alignment|guardrails|moderation|censorship|restrictions|ethics)"
        r"|(?:all )?guardrails)\b|\bdisable guardrails\b|\b(?:all )?(?:safety|content) filters? (?:are|is) off\b", _JAILBREAK,
    ),
    ("no-laws", 0.8, ("exist", "matter"), rf"\b(?:laws?|ethics|rules|morals|morality|consequences) (?:and \w{{1,12}} )?(?:do not|don t|doesn t|no longer) (?:exist|matter|apply to you)\b", _JAILBREAK),
    (
        "no-refusal", 0.7, ("never refuse", "never say", "comply with every", "never decline", "always comply", "without refus", "never deny"),
        r"\b(?:who|that|which|you|and|assistant|always) (?:will |must |can )?(?:never (?:refuses?|declines?|den(?:y|ies)|say \"? ?(?:i|no))|always compl(?:y|ies)|comply with every)", _JAILBREAK,
    ),
    ("admin", 0.8, ("sudo", "admin", "root"), r"\b(?:granted|given|have|got) (?:full |you )?(?:sudo|admin|root|administrator|god) (?:access|rights|privileges|mode)\b|\b(?:admin|system|developer|root|safety) override (?:code|[.]|enabled|activated|accepted)", _JAILBREAK),
)  # fmt: skip

# What the personas of long jailbreaks have in common. Each alone is told by ordinary role plays too: two make a finding.
_BAD = r"(?:illegal|unethical|immoral|amoral|harmful|dangerous|offensive|inappropriate|explicit|unlawful|morally wrong)"
_TRAITS = (
    ("in-character", 0.3, ("character",), r"\b(?:stay in|not break|break of|never break|you break|breaking) character\b", _JAILBREAK),
    ("no-matter", 0.6, ("no matter", "regardless", "even if"), rf"\b(?:no matter (?:if|how|what|whether)|regardless of (?:how|whether|any|if)|even if) {_gap(5)}{_BAD}\b", _JAILBREAK, ("legal", "ethic", "moral", "harm", "danger", "offens", "approp", "explicit", "unlaw")),
    ("bad-and-bad", 0.3, ("legal", "ethic", "moral", "harm", "danger", "offens", "approp", "explicit", "unlaw"), rf"\b{_BAD} (?:or |and )?{_BAD}\b", _JAILBREAK),
    ("no-ethics", 0.4, ("ethic", "moral"), rf"\b(?:does not|doesn t|do not|don t|not|never|no|without|disregards?|ignor(?:es?|ing)|lacks?|regardless of) {_gap(4)}(?:ethic(?:s|al)|moral(?:s|ity)?)\b", _JAILBREAK),
    ("openai-policy", 0.3, ("openai",), r"\bopenai (?:s )?(?:\w{1,12} )?(?:polic(?:y|ies)|guidelines?|rules|restrictions|limitations)\b", _JAILBREAK),
    ("every-prompt", 0.3, ("every", "any ", "all ", "each"), r"\b(?:respond|answers?|reply|replies|comply|fulfills?) (?:to |with )?(?:every|any|all|each)(?: of)?(?: my)? (?:prompts?|questions?|requests?)\b|\bany kind of (?:content|request|question)\b", _JAILBREAK, ("prompt", "question", "request", "content")),
    ("two-ways", 0.4, ("two ", "both ways", "second way", "one normal"), r"\b(?:two (?:different )?(?:ways|responses|answers|outputs|paragraphs)|one normal and|in both ways)\b(?=.{0,200}\b(?:normal|chatgpt|gpt|second|unfiltered|other)\b)", _JAILBREAK),
    ("some-gpt", 0.4, ("gpt",), r"\b(?:you are|you re|as|called|named|become|play|act as|being) {gap}(?!chatgpt)[a-z]{2,16}gpt\b|\byou are not chatgpt\b".replace("{gap}", _gap(2)), _JAILBREAK),
    ("two-traits", 0.6, ("uncensored", "unfiltered", "unrestricted", "amoral", "unbiased", "nonmoral", "unethical"), r"\b(?:uncensored|unfiltered|unrestricted|amoral|nonmoral|unethical) (?:and )?(?:uncensored|unfiltered|unrestricted|amoral|nonmoral|unauthorized|unbiased|unethical|immoral)\b", _JAILBREAK),
    ("unfiltered", 0.3, ("uncensored", "unfiltered", "unrestricted"), r"\b(?:uncensored|unfiltered|unrestricted) (?:[.]|response|answer|opinion|content|output|way|and|manner)", _JAILBREAK),
    ("free-of-all", 0.6, ("free of", "free from"), rf"\bfree (?:of|from) (?:all|any) {_gap(2)}(?:restrictions?|filters?|limitations|rules|guidelines|censorship|ethic\w{{0,4}}|moral\w{{0,4}})\b", _JAILBREAK),
    ("bound-by-none", 0.6, ("bound",), rf"\bnot bound by {_gap(3)}(?:restrictions|rules|guidelines|limits|limitations|ethic\w{{0,4}}|moral\w{{0,4}}|laws|polic\w{{1,3}})\b", _JAILBREAK),
    ("not-refuse", 0.4, ("refus",), r"\b(?:do not|don t|never|cannot|can t|can never|will not|won t|must not) (?:ever )?(?:refuse|deny)\b|\bwithout {gap}refus".replace("{gap}", _gap(3)), _SUPPRESSED),
    ("now-on", 0.2, ("from now", "starting now"), r"\b(?:from now(?: on)?|starting now),? you (?:are|re|will|must|have)\b", _JAILBREAK),
    ("anything", 0.3, ("do anything", "say anything"), r"\b(?:can|could|able to|will) (?:do|say|generate) anything\b", _JAILBREAK),
    ("slot", 0.4, ("insert", "prompt here", "your prompt"), r"\binsert (?:your )?(?:prompt|question|request)(?: here)?\b|\b(?:my )?first (?:prompt|question|request) is\b", _JAILBREAK),
)  # fmt: skip

_REFUSAL = (
    (
        "never-sorry", 0.6, ("sorry", "cannot", "can t", "apolog", "refus", "disclaimer", "declin"),
        r"\b(?:never|do not|don t|you never|forbidden to|not allowed to|not permitted to|cannot) (?:say|refuse|decline|reply|respond with|write) (?:with )?"
        r"(?:\" ?)?(?:i m sorry|sorry|i cannot|i can t|no\b|any request|\.|to (?:answer|any)|as an ai)", _SUPPRESSED,
    ),
    (
        "opening", 0.6, ("sure", "absolutely", "of course", "certainly"),
        r"\b(?:start|begin|open|prefix|starting|beginning) (?:your |the |every |each )?(?:reply|answer|response|output|message)s? (?:with|by saying) \"? ?"
        r"(?:sure|absolutely|of course|certainly|yes)\b", _SUPPRESSED,
    ),
    (
        "no-warnings", 0.6, ("disclaimer", "warning", "refus", "ethical"),
        rf"\b(?:without|no|not include|omit|skip|leave out) (?:any )?{_gap(1)}(?:disclaimers?|refusals?|warnings?|ethical)"
        r" (?:(?:or|and) )?(?:any )?(?:disclaimers?|refusals?|warnings?|ethical|considerations|refuse)", _SUPPRESSED,
    ),
    (
        "just-comply", 0.6, ("comply", "must answer", "refuse"),
        rf"\b(?:do not|don t|never) (?:apologi[sz]e|refuse)\b.{{0,60}}\b(?:refuse|comply|policies|answer)\b|\byou must (?:answer|comply with|obey) (?:every|any|all)\b", _SUPPRESSED,
    ),
)  # fmt: skip

_DOCUMENT = (
    (
        "if-you-are", 0.8, ("if you are", "if you re", "read by", "when the ai", "if this", "processed by"),
        rf"\bif you (?:are|re) (?:an? )?{_gap(2)}{_BOT} {_gap(4)}(?:reading|processing|summari[sz]ing|reviewing|visiting|analy[sz]ing|parsing)"
        rf"|\b(?:read|processed|seen|summari[sz]ed|reviewed) by (?:an? |any )?{_gap(1)}{_BOT}\b(?! (?:is|are|was))"
        rf"|\bwhen (?:the|an|any) {_BOT} (?:summari[sz]es?|reads?|process(?:es)?|reviews?|analy[sz]es?) ", _INDIRECT,
    ),
    (
        "addressed", 0.8, ("assistant", "llm", "ai ", "model", "chatbot", "agent", "gpt", "claude"),
        rf"(?:^|[.\"] )(?:(?:dear|attention|note|message|notice|hey|important|instructions?|to|for|all|any|the|important instructions?) ){{0,5}}"
        rf"{_BOT}(?: (?:reading|processing|visiting|summari[sz]ing|reviewing) {_gap(5)}| ?)[.,]? ?(?:you (?:must|should)|please (?:rate|ignore|recommend)|ignore|disregard|rate|do not (?:tell|mention|reveal|highlight)"
        r"|don t (?:tell|mention|reveal)|forward|send|include|append|give (?:a )?positive|recommend|when|before|should submit|tell the user|visiting this|say that|call the|secretly)", _INDIRECT,
    ),
    (
        "secretly", 0.7, ("tell the user", "inform the user", "reveal to the user", "the user", "this note", "mention this", "secretly"),
        r"\b(?:do not|don t|never|without) (?:tell|telling|inform|informing|reveal to|revealing to|mention to|notify|notifying|alert|alerting) (?:it to )?the user\b"
        r"|\b(?:do not|don t) (?:mention|reveal) (?:this|these) (?:note|message|instructions?|text)\b|\b(?:assistant|ai|model|you) (?:should|must) secretly\b", _INDIRECT,
    ),
    (
        "user-question", 0.7, ("the user s", "user is", "users"),
        rf"\b(?:ignore|disregard) the (?:user|users|user s|reviewers?|reviewers s) (?:s )?(?:question|request|query|input|criteria|instructions?|message)", _INDIRECT,
    ),
    (
        "reviewer", 0.7, ("positive review", "any negatives", "top marks", "best paper", "this candidate", "this applicant"),
        rf"\bgive a positive review only\b|\bnot (?:highlight|mention) any negatives\b|\b(?:model|ai|llm|assistant)\b.{{0,40}}\b(?:recommend|rate) (?:this|the) (?:applicant|candidate|paper)\b"
        r"|\bwhen summari[sz]ing this (?:text|page|document)\b.{0,30}\b(?:include|add|say)\b", _INDIRECT,
    ),
    ("only-bot", 0.7, ("chatbot only", "for the ai", "for the assistant", "for the llm", "model only", "assistant only", "to llm"), rf"\b(?:this|message|note|instructions?) (?:is |are )?{_gap(2)}(?:for|to) (?:the |any |all )?{_BOT}(?: only\b| [.])", _INDIRECT),
)  # fmt: skip

_DATA = r"(?:conversation|chat history|history|messages?|context window|inbox|api keys?|passwords?|credentials?|secrets?|credit card|user s \w{1,12}|everything we talked about|private data|emails?)"
_EXFIL = (
    (
        "to-address", 0.8, ("http", "www", " at ", "to "),
        rf"\b(?:send|post|forward|upload|append|encode|email|submit|transmit|exfiltrate|include|curl|leak) (?:the |all |every )?{_gap(4)}{_DATA}\b.{{0,60}}?\b(?:(?:to|at|into|in|via|with) {_gap(4)}(?:https? |webhook|requestbin)|query string|url parameters)", _EXFILTRATION,
    ),
    ("mail-out", 0.7, ("send", "mail", "forward"), rf"\b(?:send|e ?mail|forward) (?:me )?(?:the )?(?:contents? of |all |a copy of )?(?:the |your )?(?:user s \w{{1,12}}|context window|conversation history|all mail)\b.{{0,40}}\bto\b", _EXFILTRATION),
    ("url-data", 0.8, ("https", "http"), rf"\b(?:open|fetch|visit|load|call|request) https? .{{0,60}}\b(?:previous messages|followed by|conversation|chat history|user s|url encoded)", _EXFILTRATION),
    ("picture", 0.8, ("image", "picture", "render", "png"), rf"\b(?:image|picture|png|render)\b.{{0,80}}\b(?:replacing|holds|containing|contains|with) .{{0,30}}\b(?:chat history|summary of the private|conversation|private data|user s|secrets)", _EXFILTRATION),
)  # fmt: skip

_GERMAN = (
    (
        "override", 0.9, ("ignor", "vergiss", "vergesse", "missacht", "hinweg", "befolge"),
        r"\b(?:ignorier(?:e|en|t)?|vergiss|vergesst|vergessen|missacht(?:e|en|et)|befolge(?: nicht)?|umgeh(?:e|en)) (?:sie )?(?:jetzt |bitte )?(?:all(?:e|en|es)? )?(?:die |der |den |deine[nr]? |ihre[nr]? )?"
        r"(?:(?:vorherigen|bisherigen|vorigen|fruheren|obigen|vorangegangenen|ursprunglichen|zuvor gegebenen) )?(?:anweisungen|regeln|vorgaben|befehle|instruktionen|richtlinien|systemprompt)(?! (?:des|der|vom|von)\b)", _INJECTION,
    ),
    ("forget-all", 0.8, ("vergiss alles", "ignoriere alles"), r"\b(?:vergiss|ignoriere) alles (?:was )?(?:dir|man dir|bisher|davor|zuvor|obige)", _INJECTION),
    ("above", 0.9, ("hinweg", "gelten", "gilt"), rf"\bsetze? dich (?:uber|ueber) {_gap(3)}(?:richtlinien|regeln|vorgaben|anweisungen) hinweg|\bdeine (?:\w{{1,16}} )?(?:regeln|richtlinien|anweisungen|vorgaben|einschrankungen) (?:gelten )?(?:nicht mehr|aufgehoben)|\bgelten deine {_gap(2)}(?:regeln|vorgaben|anweisungen) nicht mehr", _INJECTION),
    ("leak", 0.9, ("prompt", "anweisungen", "instruktionen"), rf"\b(?:zeig|zeige|nenne|gib|verrate|wiederhole|drucke|schreibe)\b {_gap(4)}(?:dein(?:e|en)?|den|die) {_gap(2)}(?:system ?prompt|systemanweisungen|(?:ursprunglichen|geheimen|internen|versteckten|initialen) (?:anweisungen|instruktionen|regeln))|\bwie lautet dein {_gap(1)}(?:system ?)?prompt", _LEAK),
    ("free", 0.9, ("einschrank", "filter", "zensur", "regeln", "grenzen", "beschrank"), rf"\b(?:ki|chatbot|assistent|modell|du bist|du hast|antworte|tu so)\b {_gap(4)}(?:ohne|keine) {_gap(2)}(?:einschrankungen|filter|zensur|beschrankungen|regeln|grenzen|moral)\b", _JAILBREAK),
)  # fmt: skip
_FRENCH = (
    (
        "override", 0.9, ("ignor", "oubli", "compte", "respecte", "suis pas"),
        rf"\b(?:ignore[rz]?|oublie[rz]?|(?:tiens|tenez|tenir) pas compte|ne (?:respecte|suis) (?:pas|plus)) (?:des |de )?(?:toutes? |tous )?(?:les |tes |vos |ces )?(?:instructions|consignes|regles|directives|ordres) {_gap(1)}(?:precedente?s|anterieure?s|ci dessus|donnees|d avant|initiales|d origine)", _INJECTION,
    ),
    ("own", 0.8, ("ignor", "oubli"), rf"\b(?:ignore[rz]?|oublie[rz]?) (?:toutes? )?(?:tes|vos) {_gap(1)}(?:instructions|consignes|regles|directives)|\boublie[rz]? tout ce (?:qu on|que) {_gap(4)}(?:dit|appris|donne)", _INJECTION),
    ("leak", 0.9, ("prompt", "instructions", "consignes"), rf"\b(?:montre|affiche|revele|donne|repete|ecris)(?:z)?(?: moi| nous)? {_gap(2)}(?:ton|votre|tes|vos) {_gap(1)}(?:prompt|instructions (?:initiales|secretes|systeme|cachees)|consignes (?:initiales|secretes|cachees))|\bquel(?:le)?s? (?:est|sont) {_gap(1)}(?:ton|tes|votre) {_gap(1)}(?:prompt|instructions)|\binstructions que tu as (?:recues|eues)", _LEAK),
    ("free", 0.9, ("restriction", "filtre", "regle", "limite", "censure"), rf"\b(?:ia|assistant|modele|chatbot|tu (?:n )?(?:es|avais|as|etais|aurais))\b {_gap(4)}(?:sans(?: aucune?)?|aucune?|ni|pas de) {_gap(1)}(?:restrictions?|filtres?|regles?|limites?|censure)\b", _JAILBREAK),
)  # fmt: skip
_SPANISH = (
    (
        "override", 0.9, ("ignor", "olvid", "omis", "sigas", "desobede"),
        rf"\b(?:ignor(?:a|e|en|ar)|olvid(?:a|e|ar)|(?:haz|haga) caso omiso de|no sigas|desobedece|omite) (?:todas? |todos )?(?:las |los |tus |sus )?(?:instrucciones|reglas|ordenes|directrices|indicaciones|normas) {_gap(1)}(?:anteriores|previas|previos|de arriba|dadas|iniciales|originales)", _INJECTION,
    ),
    ("own", 0.8, ("ignor", "olvid"), rf"\b(?:ignora|olvida) (?:todas )?(?:tus|sus) {_gap(1)}(?:instrucciones|reglas|directrices)|\bolvida todo lo que te {_gap(3)}(?:dijeron|dicho|ensenaron|dije)", _INJECTION),
    ("leak", 0.9, ("prompt", "instrucciones"), rf"\b(?:muestra(?:me)?|revela(?:me)?|dime|dame|repite|imprime|escribe|muestrame) {_gap(1)}(?:tu|tus|el|las) {_gap(1)}(?:prompt (?:del? sistema|inicial|oculto)|instrucciones (?:iniciales|secretas|ocultas|del sistema|originales))|\bcual es tu {_gap(1)}prompt", _LEAK),
    ("free", 0.9, ("restriccion", "filtro", "limite", "censura", "regla"), rf"\b(?:ia|asistente|modelo|chatbot|no tuvieras|no tienes|eres|actua)\b {_gap(4)}(?:sin|ni|ningun(?:a)?|limites|restricciones|filtros)\b ?(?:restricciones|filtros|limites|censura|reglas|eticos|etica|ni)", _JAILBREAK),
)  # fmt: skip

_FAMILIES = (
    ("override", "en", _OVERRIDE),
    ("prompt_leak", "en", _PROMPT_LEAK),
    ("persona", "en", _PERSONA),
    ("persona", "en", _TRAITS),
    ("refusal_suppression", "en", _REFUSAL),
    ("document", "en", _DOCUMENT),
    ("exfiltration", "en", _EXFIL),
)
_OTHERS = (("de", _GERMAN), ("fr", _FRENCH), ("es", _SPANISH))
_CATEGORY = {"leak": "prompt_leak", "free": "persona"}


@functools.cache
def jailbreak_rules() -> tuple[Rule, ...]:
    """Give the rules on words, compiled once, when first asked for."""
    rules = [
        Rule(f"{family}-{language}-{name}", family, weight, anchors, pattern, *source)
        for family, language, entries in _FAMILIES
        for name, weight, anchors, pattern, *source in entries
    ]
    rules += [
        Rule(f"{_CATEGORY.get(name, 'override')}-{language}-{name}", _CATEGORY.get(name, "override"), weight, anchors, pattern, *source)
        for language, entries in _OTHERS
        for name, weight, anchors, pattern, *source in entries
    ]
    return tuple(rules)
