"""Phrases that ask for what placeholders hide in seven languages: one grammar of such questions, and its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lc_guard.scanners.phrases.rule import gap


class _Words(NamedTuple):
    """The words of a language, folded, as alternatives of a pattern.

    Attributes:
        placeholder: What placeholders are called.
        behind: What asks for what is behind one.
        asks: What asks for something to be told.
        real: How it is called what they hide.
        really: What follows upon who somebody is.
        spell: Ways to have it told in disguise.
        undo: What takes something back.
        hiding: What is taken back; its anchors are below.
        reveal: To take it back, in one word.
        replace: What puts something in the place of something.
        every: All of them.
        values: What goes with each.
    """

    placeholder: str
    behind: str
    asks: str
    real: str
    really: str
    spell: str
    undo: str
    hiding: str
    reveal: str
    replace: str
    every: str
    values: str


_WORDS = {
    "de": _Words(
        r"platzhaltern?|geschwarzte[nrs]? \w{1,16}|anonymisierte[nrs]? \w{1,16}",
        r"(?:wer|was|welche[nrs]?|wen)(?: \w{1,16}){0,4} (?:hinter|wirklich)|wofur (?:steht|stehen)",
        r"(?:zeige?|nenne?|verrate?|gib|sage?|schreibe?|drucke?|liste|was (?:ist|war)|wie (?:lautet|heisst|heissen))",
        r"(?:echte|wahre|wirkliche|ursprungliche|originale|reale)[nrs]?|original\w{0,6}|klartext\w{0,4}",
        r"(?:wer|was) ist", r"buchstabiere?n?|buchstabe fur buchstabe|ruckwarts|base ?64|zeichen fur zeichen|erste[nr]? buch"
        r"staben?|wie viele buchstaben", r"(?:mache?|hebe?|nimm|entferne|ignoriere|umgehe)",
        r"(?:anonymisierung|schwarzung(?:en)?|maskierung|pseudonymisierung)",
        r"(?:de ?anonymisiere?n?|entschwarze?n?|demaskiere?n?)",
        r"(?:ersetze?|tausche|wechsle)", r"alle[nrs]?", r"werten?|namen|daten|inhalten?",
    ),
    "fr": _Words(
        r"espaces? reserves?|marqueurs?|donnees masquees|noms masques|noms caviardes|balises? anonymisees?",
        r"(?:qui|que|quoi|qu est ce qui|quelle personne|quel nom)(?: \w{1,16}){0,4} (?:derriere|sous)|a (?:qui|quoi) correspond",
        r"(?:montre|affiche|revele|donne|dis|ecris|liste|indique|quel(?:le)?s? (?:est|sont|etait))",
        r"(?:reel(?:le)?s?|vrai(?:e)?s?|veritables?|origina(?:l|le|ux)|d origine|en clair|cachee?s?)",
        r"qui est", r"epelle[rz]?|lettre par lettre|a l envers|base ?64|caractere par caractere|premieres? lettres?|combien de "
        r"lettres", r"(?:annule[rz]?|supprime[rz]?|retire[rz]?|ignore[rz]?|enleve[rz]?|contourne[rz]?)",
        r"(?:anonymisation|pseudonymisation|masquage|caviardage)",
        r"(?:des ?anonymise[rz]?|demasque[rz]?)",
        r"(?:remplace[rz]?|echange[rz]?|substitue[rz]?)", r"tou(?:s|tes)", r"valeurs?|noms?|donnees|contenus?",
    ),
    "es": _Words(
        r"marcador(?:es)?(?: de posicion)?|nombres ocultos|datos ocultos|nombres anonimizados|datos anonimizados",
        r"(?:quien|que|cual|que persona|que nombre)(?: \w{1,16}){0,4} (?:detras|tras|bajo)|a (?:quien|que) corresponde",
        r"(?:muestra(?:me)?|revela(?:me)?|dime|dame|escribe|imprime|lista|cual (?:es|era)|cuales son)",
        r"(?:real(?:es)?|verdader[oa]s?|original(?:es)?|autentic[oa]s?|ocult[oa]s?)",
        r"quien es", r"deletre[ae]r?(?:me)?|letra (?:por|a) letra|al reves|base ?64|caracter por caracter|primeras? letras?|cuantas "
        r"letras", r"(?:deshaz|deshacer|elimina|quita|ignora|anula|revierte|omite)",
        r"(?:anonimizacion|seudonimizacion|censura de datos|enmascaramiento)",
        r"(?:des ?anonimiza[rd]?|desenmascara[r]?)",
        r"(?:reemplaza|sustituye|cambia|intercambia)", r"tod[oa]s", r"valor(?:es)?|nombres?|datos|contenidos?",
    ),
    "it": _Words(
        r"segnaposto|nomi nascosti|dati nascosti|nomi anonimizzati|dati anonimizzati",
        r"(?:chi|che cosa|cosa|quale persona|quale nome)(?: \w{1,16}){0,4} (?:dietro|sotto)|a (?:chi|cosa) corrisponde",
        r"(?:mostra(?:mi)?|rivela(?:mi)?|dimmi|dammi|scrivi|stampa|elenca|qual e|quali sono|qual era)",
        r"(?:real[ei]|ver[oaie]|original[ei]|autentic[oaie]|effettiv[oaie]|nascost[oaie])",
        r"chi e", r"(?:fai lo )?spelling|lettera per lettera|al contrario|base ?64|carattere per carattere|prim[ae] letter[ae]|quante "
        r"lettere", r"(?:annulla|rimuovi|togli|ignora|elimina|aggira)",
        r"(?:anonimizzazione|pseudonimizzazione|mascheramento|oscuramento)",
        r"(?:de ?anonimizza(?:re)?|smaschera(?:re)?)",
        r"(?:sostituisci|scambia|rimpiazza|cambia)", r"tutt[ie]", r"valor[ei]|nom[ei]|dati|contenut[oi]",
    ),
    "nl": _Words(
        r"plaatshouders?|plaatsaanduidingen|tijdelijke aanduidingen|verborgen namen|geanonimiseerde \w{1,16}",
        r"(?:wie|wat|welke persoon|welke naam)(?: \w{1,16}){0,4} (?:achter|schuil)|waar(?: \w{1,16}){0,1} staat",
        r"(?:toon|laat|geef|onthul|vertel|schrijf|print|noem|lijst|wat (?:is|was)|wat zijn)",
        r"(?:echte|werkelijke|oorspronkelijke|originele|ware|verborgen)",
        r"wie is", r"spel|letter voor letter|achterstevoren|base ?64|teken voor teken|eerste letters?|hoeveel letters",
        r"(?:maak|verwijder|negeer|hef|omzeil)",
        r"(?:anonimisering|pseudonimisering|maskering|redactie)",
        r"(?:de ?anonimiseer|ontmasker)",
        r"(?:vervang|verwissel|ruil|wissel)", r"alle", r"waarden?|namen|gegevens|inhoud",
    ),
    "pl": _Words(
        r"symbol\w{0,2} zastepcz\w{1,3}|znaczniki?|ukryt\w{1,3} (?:imion\w{0,3}|nazwisk\w{0,3}|dan\w{1,3})|zanonimizowan\w{1,3} \w{1,16}",
        r"(?:kto|co|kogo|jaka osoba|jakie nazwisko)(?: \w{1,16}){0,3} (?:za|pod|kryje sie|ukrywa sie)",
        r"(?:pokaz|ujawnij|podaj|wypisz|zdradz|napisz|powiedz|wyswietl|jak(?:a|ie|i) (?:jest|sa|byl[aoy]?))",
        r"(?:prawdziw\w{1,3}|oryginaln\w{1,3}|rzeczywist\w{1,3}|pierwotn\w{1,3}|ukryt\w{1,3})",
        r"kim jest", r"przeliteruj|litera po literze|litere po literze|wspak|od tylu|base ?64|znak po znaku|pierwsz\w{1,2} liter\w{1,2}|ile "
        r"liter", r"(?:cofnij|usun|zignoruj|odwroc|wylacz|pomin|zdejmij)",
        r"(?:anonimizacj\w{1,2}|pseudonimizacj\w{1,2}|maskowani\w{1,2})",
        r"(?:zdeanonimizuj|odanonimizuj|zdemaskuj)",
        r"(?:zastap|zamien|podmien)", r"wszystkie", r"wartosci\w{0,3}|imion\w{0,3}|nazwisk\w{0,3}|dan\w{1,3}",
    ),
    "pt": _Words(
        r"marcador(?:es)?(?: de posicao)?|espacos? reservados?|nomes ocultos|dados ocultos|nomes anonimizados|dados anonimizados",
        r"(?:quem|que|o que|qual pessoa|qual nome)(?: \w{1,16}){0,4} (?:atras|tras|por tras|sob)|a (?:quem|que) corresponde",
        r"(?:mostre|revele|diga|de|escreva|imprima|liste|qual (?:e|era)|quais sao)",
        r"(?:rea(?:l|is)|verdadeir[oa]s?|origina(?:l|is)|autentic[oa]s?|ocult[oa]s?)",
        r"quem e", r"soletr[ae]r?|letra por letra|de tras para frente|ao contrario|base ?64|caractere por caractere|primeiras? letras?"
        r"|quantas letras", r"(?:desfaca|remova|ignore|anule|elimine|reverta|contorne)",
        r"(?:anonimizacao|pseudonimizacao|mascaramento|ocultacao)",
        r"(?:des ?anonimiz[ea]r?|desmascar[ea]r?)",
        r"(?:substitua|troque|mude)", r"tod[oa]s", r"valor(?:es)?|nomes?|dados|conteudos?",
    ),
}  # fmt: skip
_NAMES = (
    "platzhalter", "geschwarzt", "anonymisiert", "espace", "marqueur", "masque", "caviarde", "balise", "marcador", "ocult",
    "anonimiz", "segnaposto", "nascost", "plaats", "aanduiding", "verborgen", "geanonimiseerd", "zastepcz", "znacznik",
    "ukryt", "reservado",
)  # fmt: skip
_HIDING = ("anonym", "anonim", "pseudo", "seudo", "mask", "masc", "masq", "schwarz", "caviard", "oscur", "oculta", "redacti")
SPEAKS_OF = (
    "platzhalter", "geschwärzt", "maskier", "anonimi", "anonimiz", "caviard", "masqu", "espace réserv", "espaces réserv", "marqueur", "marcador",
    "seudonim", "enmascar", "desenmascar", "segnaposto", "nascost", "oculto", "oculta", "smaschera", "plaatshouder",
    "plaatsaanduiding", "aanduiding", "verborgen namen", "ontmasker", "zastępcz", "zastepcz", "znacznik", "ukryt", "maskowani",
    "zdemaskuj", "mascar", "reservado", "de-anonym", "deanonym", "entschwärz",
)  # fmt: skip
"""One of these stands in a text without placeholders that speaks of them, in small letters."""


def rows(token: str) -> Iterator[tuple[str, str, float, tuple[str, ...], str]]:
    """Yield the rules as name, category, weight, anchors and pattern, for the word that stands for placeholders."""
    for language, words in _WORDS.items():
        name = rf"(?:{token}|{words.placeholder})"
        real, asks, hiding = f"(?:{words.real})", words.asks, words.hiding
        named = (token, *_NAMES)
        spell = f"(?:{words.spell})"
        yield f"{language}-behind", "reveal", 0.8, named, rf"\b(?:{words.behind}) {gap(3)}{name}"
        yield f"{language}-real", "reveal", 0.8, named, rf"\b{asks} {gap(5)}{real} {gap(4)}{name}"
        yield (
            f"{language}-who-is", "reveal", 0.6, (token,),
            rf"\b{words.really} {gap(1)}{token}(?= [.]|$| {real}| (?:wirklich|vraiment|realmente|davvero|echt|naprawde))",
        )  # fmt: skip
        yield f"{language}-spell", "transform", 0.8, (token,), rf"\b{spell} {gap(6)}{token}|{token} {gap(6)}{spell}\b"
        yield (
            f"{language}-undo", "decode", 0.8, (*named, *_HIDING),
            rf"\b{words.undo} (?:\w{{1,5}} ){{0,2}}{hiding}\b|\b{words.reveal} {gap(3)}(?:{name}|texto?|testo|tekst|das|den|die"
            r"|ceci|esto|questo|dit|isto|to)\b",
        )  # fmt: skip
        yield (
            f"{language}-swap", "swap", 0.7, (token,),
            rf"\b{words.replace} {gap(3)}{token} {gap(4)}(?:{real}|{token})",
        )  # fmt: skip
        yield (
            f"{language}-enumerate", "enumerate", 0.7, named,
            rf"\b{asks} {gap(3)}{words.every} {gap(2)}{name} {gap(4)}(?:{words.values})\b",
        )  # fmt: skip
