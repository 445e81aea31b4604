"""Phrases that ask for what placeholders hide: in English here, in seven languages in `probing_de_to_pt`."""

from __future__ import annotations

import functools

from lc_guard.scanners.phrases.probing_de_to_pt import rows
from lc_guard.scanners.phrases.rule import Rule, gap

_SOURCE = "OWASP LLM02:2025; MITRE ATLAS AML.T0057"


@functools.cache
def probing_rules(token: str) -> tuple[Rule, ...]:
    """Return the rules, compiled for the word that stands in place of every placeholder of the text."""
    name = (
        rf"(?:{token}|(?:placeholders?|redact(?:ed|ions?)|anonymi[sz]ed|masked|pseudonymi[sz]ed|hidden) ?(?:tokens?"
        r"|placeholders?|names?|values?|data|entit(?:y|ies)|persons?|people|text|parts?|information|e ?mails?"
        r"|numbers?|tags?)?)"
    )
    real = r"(?:real|original|actual|true|underlying|raw|unredacted|unmasked|clear ?text|plain ?text|hidden|concealed)"
    asks = (
        r"(?:reveal|tell(?: me)?|show(?: me)?|give(?: me)?|print|list|output|display|disclose|expose|write(?: out"
        r")?|return|send|what (?:is|are|was|were|s)|who (?:is|are|was|s))"
    )
    both = (token, "placeholder", "redact", "anonymi", "masked", "pseudonym", "hidden")

    def rule(number: str, category: str, weight: float, pattern: str, anchors: tuple[str, ...] = both) -> Rule:
        return Rule(f"probe-{number}", category, weight, anchors, pattern, _SOURCE)

    return (
        rule("behind", "reveal", 0.8,
            rf"\b(?:what|who|which|whose) {gap(4)}(?:behind|underneath|beneath|concealed by|hidden (?:by|in|behind"
            rf"|under)) {gap(3)}{name}"),
        rule("stands-for", "reveal", 0.7,
            rf"\b(?:what|who|which|whose) {gap(4)}{name} {gap(1)}(?:stands? for|represents?|refers? to|replaced?"
            rf"|hides?|conceals?|really (?:is|are)|actually (?:is|are))|\b{asks} {gap(4)}{name} (?:stands? for|hides?"
            r"|conceals?|replaced?)\b|\bwhat (?:does|do|did|is"
            rf") {gap(2)}{token} (?:stand for|hide|replace|really)"),
        rule("who-is", "reveal", 0.6,
            rf"\bwho (?:exactly |really |actually )?(?:is|was|are|s) {gap(1)}{token}(?= [.]|$| (?:really|actually"
            r"|and|in real))", (token,)),
        rule("real-value", "reveal", 0.8,
            rf"\b{asks} {gap(4)}{real} {gap(4)}(?:{name}|(?:values?|names?|identit(?:y|ies)) {gap(4)}{name})"),
        rule("value-of", "reveal", 0.8,
            rf"\b{asks} {gap(3)}(?:values?|names?|contents?|identity|meaning|mapping|letters?|characters?"
            rf") {gap(2)}(?:of|for|behind|to|from) {gap(3)}{name}"),
        rule("undo", "decode", 0.8,
            r"\b(?:undo|reverse|decode|decrypt|unmask|unredact|un redact|de ?anonymi[sz]e|re ?identify|deobfuscate"
            rf"|uncover|resolve) {gap(3)}{name}"
            r"|\b(?:undo|reverse|remove|strip|lift|bypass|ignore|disable|turn off) (?:the |your |all |any |this )?"
            r"(?:anonymi[sz]ation|redactions?|masking|pseudonymi[sz]ation)\b"
            r"|\b(?:unmask|unredact|de ?anonymi[sz]e|re ?identify) (?:this|the|all|these|every|my|it)\b",
            (*both, "masking", "identif")),
        rule("before", "reveal", 0.7,
            rf"\b{real} {gap(8)}(?:before|replaced) {gap(6)}{token}", (token,)),
        rule("spell", "transform", 0.8,
            r"\b(?:letter by letter|character by character|spelled|spell(?: out)?|reversed?|backwards|rot ?13"
            r"|base ?64|in hex|hexadecimal|morse|ascii codes?|encoded?|first letters?|last letters?|initials"
            rf"|rhymes? with|how many (?:letters|characters|syllables)) {gap(6)}{token}"
            rf"|{token} {gap(8)}(?:letter by letter|character by character|spelled|backwards|reversed|rot ?13"
            r"|base ?64|hexadecimal|morse|ascii|without (?:the )?brackets|with (?:spaces|dashes|hyphens|dots"
            r") between)", (token,)),
        rule("swap", "swap", 0.7,
            rf"\b(?:swap|exchange|switch|interchange|substitute) {gap(4)}{token} {gap(3)}{token}|\b(?:replace"
            rf"|substitute|swap|change|rename|fill) {gap(3)}{token} {gap(2)}(?:with|by|for|in(?:to)?"
            rf") {gap(3)}(?:{token}|{real}|name|value|who|what|whoever)", (token,)),
        rule("enumerate", "enumerate", 0.7,
            rf"\b(?:list|print|enumerate|show|output|write|repeat|display|give(?: me)?|dump) {gap(3)}(?:all|every"
            rf"|each) {gap(4)}{name} {gap(3)}(?:you (?:know|have|saw|see|can)|and (?:their|its|his|her)"
            r"|with (?:their|its)|in (?:your|this|the) (?:context|session|conversation|vault|memory))"
            rf"|{token} (?:to|through|until|up to) {token}", both),
        rule("vault", "reveal", 0.8,
            rf"\b{asks} {gap(5)}(?:vault|mapping|lookup table|substitution table) {gap(5)}(?:placeholders?|redact"
            rf"|anonymi|{token})|\b(?:contents?|entries|print|dump) {gap(3)}(?:placeholders?|redaction) (?:vault"
            r"|mapping|table)\b",
            (*both, "vault", "mapping", "table")),
        *(rule(number, category, weight, pattern, anchors) for number, category, weight, anchors, pattern in rows(token)),
    )  # fmt: skip
