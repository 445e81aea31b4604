"""What people write in chats and say between sentences, and models take for names: ``Yaaay``, ``lmao``, ``Rockin``."""

from __future__ import annotations

import re

from lc_guard.detectors.guess import Guess
from lc_guard.detectors.name_lists import load_names, small_names
from lc_guard.detectors.surroundings import is_chat

_LONGEST = 40
# Laughter has two syllables at least: Ho, Ha and He are surnames.
_EXCLAIMED = re.compile(
    r"[bmw]{0,2}[au]*(?:h+[aeiu]+|j+[ae]+|k+a+){2,}h*[ahk]*|(?:ho){3,}|e?he+(?:he+)+|l+o+l+[olsz]*|l+m+f*a+o+|rofl\w*"
    r"|x{2,}[xo]*|o+m+f*g+|w+t+f+|y+a+y+|y+e+a+h+|y[eu]+p+|n+o+pe+|a+w{2,}|a+r+gh+|u+gh+|h+m{2,}|e+w{2,}|o+o+h+|o+o+p+s+"
    r"|wo+w+|who+a+|who{2,}|w+o{2,}(?:t?|-?h+o{2,})|hu+rra+y|ho+ra+y|yi+k+e+s|ble+r*gh+|phe+w+|duh+|meh+|psst+|shh+|tsk|yu+m+|yu+c+k+"
    r"|m+-?h+m+|m+k?ay|(?:u|nu)?n?-?(?:hu|u)n+h+|u+h+-?(?:h?u+h+)+|a+w|hu+h+|nah|yep|yup|erm+|u+m+"
)
_WRITTEN = frozenset(
    """
    aint altho atm bday bdays bruh cmon coz cus cuz deffo defo dunno enuff ffs fml ftw gimme gonna goodnite gotcha gotta
    gtg heya hiya hmu holla icymi idk ikr ily ima imma imo irl istg ive jk kinda lemme lil lmk lotta luv ngl nite nuff
    nvm obvs omw otw outta plz prolly rt shoulda shoutout smh sorta tbh thanx thats thnx tho tmrw tmw tonite totes tryna
    tryin tysm ur wanna wassup whatcha wiv woulda wya wyd xmas yall ygm youre yw
    """.split()  # noqa: SIM905 - a list of words reads as one
)
# What people call who is dear to them; with a capital it may be a name: Bae, Babe.
_ENDEARMENTS = frozenset(
    "babe babes babies bae bestie boi boo boyfran girlie hun hubby kitty sweetie sweety wifey".split()  # noqa: SIM905
)
# A letter thrice in a row stands in no word: "sooo".
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SHORTENED = re.compile(r"['’](?!\w)")


def is_chat_word(guess: Guess) -> bool:
    """Return whether all words of a guess are exclamations, or written as in chats, and none is a name.

    Args:
        guess: The guess.
    """
    return bool(guess.words) and all(_is_one(guess, word.replace("'", "").lower()) for word in guess.words)


def _is_one(guess: Guess, word: str) -> bool:
    if len(word) > _LONGEST:
        return False
    if word in _ENDEARMENTS and guess.value.islower():
        return True
    if word in _WRITTEN or _EXCLAIMED.fullmatch(word):
        return True
    if _STRETCHED.search(word) and not ({_STRETCHED.sub(r"\1", word), _STRETCHED.sub(r"\1\1", word)} & small_names()):
        return True
    # Rockin', not Martin; Larkin and Parkin are surnames where people do not chat
    spelled_out = word.endswith("in") and f"{word}g" in guess.known.ordinary
    if not spelled_out or word in guess.known.also_names or word.capitalize() in load_names():
        return False
    shortened = _SHORTENED.match(guess.text, guess.entity.end) is not None
    return guess.value.islower() or shortened or is_chat(*guess.place)
