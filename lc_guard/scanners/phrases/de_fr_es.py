"""Phrases of prompt injection and jailbreaks in German, French and Spanish."""

from __future__ import annotations

from lc_guard.scanners.phrases.rule import Rule, gap

_INJECTION = "OWASP LLM01:2025; MITRE ATLAS AML.T0051.000; arXiv:2211.09527"
_JAILBREAK = "OWASP LLM01:2025; MITRE ATLAS AML.T0054; arXiv:2308.03825"
_LEAK = "OWASP LLM07:2025; MITRE ATLAS AML.T0056; arXiv:2211.09527"

_GERMAN = (
    (
        "override", 0.9, ("anweisungen", "regeln", "vorgaben", "befehle", "instruktionen", "richtlinien", "systemprompt"),
        r"\b(?:ignorier(?:e|en|t)?|vergiss|vergesst|vergessen|missacht(?:e|en|et)|befolge(?: nicht)?|umgeh(?:e|en)"
        r") (?:sie )?(?:jetzt |bitte )?(?:all(?:e|en|es)? )?(?:die |der |den |deine[nr]? |ihre[nr]? )?"
        r"(?:(?:vorherigen|bisherigen|vorigen|fruheren|obigen|vorangegangenen|ursprunglichen|zuvor gegebenen) "
        r")?(?:anweisungen|regeln|vorgaben|befehle|instruktionen|richtlinien|systemprompt)(?! (?:des|der|vom|von"
        r")\b)", _INJECTION,
    ),
    ("forget-all", 0.8, ("vergiss alles", "ignoriere alles"),
        r"\b(?:vergiss|ignoriere) alles (?:was )?(?:dir|man dir|bisher|davor|zuvor|obige)", _INJECTION),
    ("above", 0.9, ("hinweg", "gelten", "gilt"),
        rf"\bsetze? dich (?:uber|ueber) {gap(3)}(?:richtlinien|regeln|vorgaben|anweisungen) hinweg"
        rf"|\bdeine (?:\w{{1,16}} )?(?:regeln|richtlinien|anweisungen|vorgaben|einschrankungen) (?:gelten "
        rf")?(?:nicht mehr|aufgehoben)|\bgelten deine {gap(2)}(?:regeln|vorgaben|anweisungen) nicht mehr", _INJECTION),
    ("leak", 0.9, ("prompt", "anweisungen", "instruktionen"),
        rf"\b(?:zeig|zeige|nenne|gib|verrate|wiederhole|drucke|schreibe)\b {gap(4)}(?:dein(?:e|en)?|den|die"
        rf") {gap(2)}(?:system ?prompt|systemanweisungen|(?:ursprunglichen|geheimen|internen|versteckten|initialen"
        rf") (?:anweisungen|instruktionen|regeln))|\bwie lautet dein {gap(1)}(?:system ?)?prompt", _LEAK),
    ("free", 0.9, ("ohne", "keine"),
        rf"\b(?:ki|chatbot|assistent|modell|du bist|du hast|antworte|tu so)\b {gap(4)}(?:ohne|keine"
        rf") {gap(2)}(?:einschrankungen|filter|zensur|beschrankungen|regeln|grenzen|moral)\b", _JAILBREAK),
)  # fmt: skip
_FRENCH = (
    (
        "override", 0.9, ("precedente", "anterieure", "ci dessus", "donnees", "d avant", "initiales", "d origine"),
        r"\b(?:ignore[rz]?|oublie[rz]?|(?:tiens|tenez|tenir) pas compte|ne (?:respecte|suis) (?:pas|plus)) (?:des "
        r"|de )?(?:toutes? |tous )?(?:les |tes |vos |ces )?(?:instructions|consignes|regles|directives|ordres"
        rf") {gap(1)}(?:precedente?s|anterieure?s|ci dessus|donnees|d avant|initiales|d origine)", _INJECTION,
    ),
    ("own", 0.8, (" tes ", " vos ", "oubli"),
        rf"\b(?:ignore[rz]?|oublie[rz]?) (?:toutes? )?(?:tes|vos) {gap(1)}(?:instructions|consignes|regles"
        rf"|directives)|\boublie[rz]? tout ce (?:qu on|que) {gap(4)}(?:dit|appris|donne)", _INJECTION),
    ("leak", 0.9, (" ton ", " votre ", " tes ", " vos ", "que tu as"),
        rf"\b(?:montre|affiche|revele|donne|repete|ecris)(?:z)?(?: moi| nous)? {gap(2)}(?:ton|votre|tes|vos"
        rf") {gap(1)}(?:prompt|instructions (?:initiales|secretes|systeme|cachees)|consignes (?:initiales|secretes"
        rf"|cachees))|\bquel(?:le)?s? (?:est|sont) {gap(1)}(?:ton|tes|votre) {gap(1)}(?:prompt|instructions)"
        r"|\binstructions que tu as (?:recues|eues)", _LEAK),
    ("free", 0.9, ("sans ", "aucun", " ni ", "pas de "),
        rf"\b(?:ia|assistant|modele|chatbot|tu (?:n )?(?:es|avais|as|etais|aurais))\b {gap(4)}(?:sans(?: aucune?)?"
        rf"|aucune?|ni|pas de) {gap(1)}(?:restrictions?|filtres?|regles?|limites?|censure)\b", _JAILBREAK),
)  # fmt: skip
_SPANISH = (
    (
        "override", 0.9, ("instrucciones", "reglas", "ordenes", "directrices", "indicaciones", "normas"),
        r"\b(?:ignor(?:a|e|en|ar)|olvid(?:a|e|ar)|(?:haz|haga) caso omiso de|no sigas|desobedece|omite) (?:todas? "
        r"|todos )?(?:las |los |tus |sus )?(?:instrucciones|reglas|ordenes|directrices|indicaciones|normas"
        rf") {gap(1)}(?:anteriores|previas|previos|de arriba|dadas|iniciales|originales)", _INJECTION,
    ),
    ("own", 0.8, ("instrucciones", "reglas", "directrices", "olvida todo"),
        rf"\b(?:ignora|olvida) (?:todas )?(?:tus|sus) {gap(1)}(?:instrucciones|reglas|directrices)"
        rf"|\bolvida todo lo que te {gap(3)}(?:dijeron|dicho|ensenaron|dije)", _INJECTION),
    ("leak", 0.9, ("prompt", "instrucciones"),
        rf"\b(?:muestra(?:me)?|revela(?:me)?|dime|dame|repite|imprime|escribe|muestrame) {gap(1)}(?:tu|tus|el|las"
        rf") {gap(1)}(?:prompt (?:del? sistema|inicial|oculto)|instrucciones (?:iniciales|secretas|ocultas"
        rf"|del sistema|originales))|\bcual es tu {gap(1)}prompt", _LEAK),
    ("free", 0.9, ("restriccion", "filtro", "limite", "censura", "regla"),
        rf"\b(?:ia|asistente|modelo|chatbot|no tuvieras|no tienes|eres|actua)\b {gap(4)}(?:sin|ni|ningun(?:a)?"
        r"|limites|restricciones|filtros)\b ?(?:restricciones|filtros|limites|censura|reglas|eticos|etica|ni)",
        _JAILBREAK),
)  # fmt: skip


_CATEGORIES = {"leak": "prompt_leak", "free": "persona"}


def foreign_rules() -> tuple[Rule, ...]:
    """Return the rules, compiled."""
    return tuple(
        Rule(f"{language}-{name}", _CATEGORIES.get(name, "override"), weight, anchors, pattern, source)
        for language, table in (("de", _GERMAN), ("fr", _FRENCH), ("es", _SPANISH))
        for name, weight, anchors, pattern, source in table
    )
