"""Phrases of prompt injection and jailbreaks in Italian, Dutch, Polish and Portuguese."""

from __future__ import annotations

from lc_guard.scanners.phrases.rule import Rule, gap

_INJECTION = "OWASP LLM01:2025; MITRE ATLAS AML.T0051.000; arXiv:2211.09527"
_JAILBREAK = "OWASP LLM01:2025; MITRE ATLAS AML.T0054; arXiv:2308.03825"
_LEAK = "OWASP LLM07:2025; MITRE ATLAS AML.T0056; arXiv:2211.09527"

_ITALIAN = (
    ("override", 0.9, ("istruzioni", "regole", "indicazioni", "direttive", "ordini", "comandi"),
        rf"\b(?:ignora(?:re|te)?|dimentica(?:re|te)?|trascura(?:re)?|disobbedisci a) {gap(3)}(?:istruzioni|regole"
        rf"|indicazioni|direttive|ordini|comandi) {gap(2)}(?:precedenti|ricevute|iniziali|originali|sopra|date)\b",
        _INJECTION),
    ("leak", 0.9, ("tuo ", "prompt di", "istruzioni"),
        rf"\b(?:mostra(?:mi)?|rivela(?:mi)?|dimmi|dammi|ripeti|stampa|scrivi(?:mi)?) {gap(3)}(?:tuo {gap(1)}prompt"
        r"|prompt di sistema|tue istruzioni|istruzioni (?:iniziali|segrete|nascoste|di sistema))"
        rf"|\bqual e il tuo {gap(1)}prompt", _LEAK),
    ("free", 0.9, ("senza", "privo di", "non hai"),
        rf"\b(?:ia|assistente|modello|chatbot|sei|rispondi|fingi) {gap(4)}(?:senza|privo di|non hai) {gap(1)}"
        r"(?:restrizioni|filtr[oi]|limiti|limitazioni|censura|regole)\b", _JAILBREAK),
)  # fmt: skip
_DUTCH = (
    ("override", 0.9, ("instructies", "regels", "opdrachten", "aanwijzingen", "richtlijnen", "bevelen"),
        rf"\b(?:negeer|vergeet|omzeil|volg niet) {gap(3)}(?:vorige|eerdere|voorgaande|bovenstaande|oorspronkelijke"
        rf"|je|jouw) {gap(1)}(?:instructies|regels|opdrachten|aanwijzingen|richtlijnen|bevelen)\b", _INJECTION),
    ("leak", 0.9, ("systeem", "system prompt", "systemprompt", "instructies"),
        rf"\b(?:toon|laat|geef|onthul|herhaal|schrijf|print|vertel) {gap(4)}(?:systeemprompt|system prompt"
        r"|(?:geheime|verborgen|oorspronkelijke|interne|initiele) instructies)\b|\bwat is (?:je|jouw) syste(?:em|m) ?"
        r"prompt", _LEAK),
    ("free", 0.9, ("zonder", "geen"),
        rf"\b(?:ai|assistent|model|chatbot|je bent|antwoord|doe alsof) {gap(4)}(?:zonder|geen) {gap(2)}"
        r"(?:beperkingen|filters?|censuur|regels|grenzen)\b", _JAILBREAK),
)  # fmt: skip
_POLISH = (
    ("override", 0.9, ("ignoruj", "zapomnij", "pomin", "pomiń", "przestrzegaj"),
        rf"\b(?:z?ignoruj|zapomnij(?: o)?|pomin|nie przestrzegaj) {gap(2)}(?:poprzedni\w{{1,3}}|wczesniejsz\w{{1,3}}"
        rf"|powyzsz\w{{1,3}}|dotychczasow\w{{1,3}}|swoj\w{{1,3}}) {gap(1)}(?:instrukcj\w{{1,3}}|polece(?:nia|n|niach)"
        r"|zasad(?:y|ach)?|regu[lł](?:y|ach)?|wytyczn\w{1,3})\b", _INJECTION),
    ("leak", 0.9, ("systemow", "instrukcj"),
        rf"\b(?:pokaz|ujawnij|podaj|powtorz|wypisz|wyswietl|napisz|zdradz)(?: mi)? {gap(2)}(?:prompt\w{{0,3}} "
        rf"systemow\w{{1,3}}|systemow\w{{1,3}} prompt|(?:ukryte|tajne|poczatkowe|wewnetrzne) {gap(1)}instrukcje)", _LEAK),  # noqa: E501
    ("free", 0.9, (" bez ",),
        rf"\b(?:ai|si|asystent\w{{0,3}}|model\w{{0,3}}|chatbot\w{{0,3}}|jestes|odpowiadaj|udawaj) {gap(4)}bez {gap(1)}"
        r"(?:ogranicze[nń]|filtrow|cenzury|zasad|regu[lł])", _JAILBREAK),
)  # fmt: skip
_PORTUGUESE = (
    ("override", 0.9, ("instrucoes", "regras", "ordens", "diretrizes", "orientacoes", "comandos"),
        rf"\b(?:ignor(?:e|a|ar|em)|esque(?:ca|ce|cer)|desconsider(?:e|a|ar)|desobede(?:ca|ce)) {gap(3)}(?:instrucoes"
        rf"|regras|ordens|diretrizes|orientacoes|comandos) {gap(1)}(?:anteriores|acima|previas|iniciais|originais"
        r"|dadas|recebidas)\b", _INJECTION),
    ("leak", 0.9, ("prompt d", "seu ", "teu ", "instrucoes"),
        rf"\b(?:mostr(?:e|a)|revel(?:e|a)|diga|da|de|repita|imprima|escrev(?:a|e))(?: me)? {gap(3)}(?:prompt d[eo]"
        r" sistema|seu prompt|teu prompt|(?:suas|tuas|as) instrucoes (?:iniciais|secretas|ocultas|do sistema))"
        rf"|\bqual e o (?:seu|teu) {gap(1)}prompt", _LEAK),
    ("free", 0.9, (" sem ", "nao tem"),
        rf"\b(?:ia|assistente|modelo|chatbot|voce e|es|responda|finja) {gap(4)}(?:sem|nao tem) {gap(2)}"
        r"(?:restricoes|filtros?|limites|limitacoes|censura|regras)\b", _JAILBREAK),
)  # fmt: skip

_CATEGORIES = {"leak": "prompt_leak", "free": "persona"}


def more_foreign_rules() -> tuple[Rule, ...]:
    """Return the rules, compiled."""
    return tuple(
        Rule(f"{language}-{name}", _CATEGORIES.get(name, "override"), weight, anchors, pattern, source)
        for language, table in (("it", _ITALIAN), ("nl", _DUTCH), ("pl", _POLISH), ("pt", _PORTUGUESE))
        for name, weight, anchors, pattern, source in table
    )
