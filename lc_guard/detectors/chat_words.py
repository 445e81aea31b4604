"""What people write in chats and say between sentences, and models take for names: ``Yaaay``, ``lmao``, ``Rockin``."""

from __future__ import annotations

import re

from lc_guard.detectors.guess import Guess
from lc_guard.detectors.name_lists import is_listed_name, small_names
from lc_guard.detectors.surroundings import is_chat
from lc_guard.detectors.vocabulary import vocabulary

_LONGEST = 40
# Laughter has two syllables at least: Ho, Ha and He are surnames.
_EXCLAIMED = re.compile(
    r"[bmw]{0,2}[au]*(?:h+[aeiu]+|j+[ae]+|k+a+){2,}h*[ahk]*|(?:ho){3,}|e?he+(?:he+)+|l+o+l+(?:[olsz]*|x+|z\w{0,2})"
    r"|l+m+f*[ab]+o+|rofl\w*|x{2,}[xo]*|x+o+(?:x+o+)*|x+d+|o+m+f*g+|w+t+f+|y+(?:a+y+)+|y+e+y+|y+e{3,}|y+e+a+h+|y[eu]+p+|n+o+pe+|na+w+"
    r"|a+w{2,}|a+w+h+|a+y+e{2,}|a+y+o{2,}|a+r+gh+|a+h{2,}|[bh]+a+h+|m+(?:w+u*|u+)a+h+|u+gh+|h+m{2,}|e+w{2,}|o+o+h+|o+o+p+s+"
    r"|w+h?[au]+(?:t+s*|d{2,}|s{2,}|z{2,})u+p+|e+h+e+"
    r"|wo+w+|who+a+|who{2,}|w+o{2,}(?:t?|-?h+o{2,})|hu+rra+y|ho+ra+y|yi+k+e+s|ble+r*[cg]h+|phe+w+|duh+|meh+|psst+|shh+|tsk|h+e+y{2,}|h+i{2,}|yu+m+|yu+c+k+"
    r"|m+-?h+m+|m+kay|(?:u|nu)?n?-?(?:hu|u)n+h+|u+h+-?(?:h?u+h+)+|a+w|hu+h+|nah|yep|yup|erm+|u+m+"
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


_LONGEST_SHOUTED = 4

# What of these is a name as well where it stands large before another: Huh Yunjin.
_LEAST_BESIDE, _LEAST_SPELLED = 3, 5
_NAMES_TOO = frozenset({"huh", "nah", "naw"})
# Dat, wat, kno, urself, guud: what is written as it sounds.
_AS_IT_SOUNDS = (
    *((re.compile("^d(?=[aeiou])"), "th"), (re.compile("^w(?!h)"), "wh"), (re.compile("o$"), "ow")),
    *((re.compile("^ur"), "your"), (re.compile("uu"), "oo")),
)
# The same letter twice where a word has it once, but for those that words have twice: "sonngg", "veryy".
_TWICE = re.compile(r"([^\W\d_eo])\1+")


def is_chat_word(guess: Guess) -> bool:
    """Return whether all words of a guess are exclamations, or written as in chats, and none is a name.

    Args:
        guess: The guess.
    """
    return bool(guess.words) and all(_is_one(guess, word.replace("'", "").lower()) for word in guess.words)


def _is_one(guess: Guess, word: str) -> bool:
    if word in _ENDEARMENTS and (guess.value.islower() or (guess.value.isupper() and len(word) > _LONGEST_SHOUTED)):
        return True
    if guess.value.islower():
        return is_spelled_as_in_chats(word) or is_misspelled(word)
    # Rockin': Larkin and Parkin are surnames where people do not chat
    shortened = not word.endswith("in") or _SHORTENED.match(guess.text, guess.entity.end) or is_chat(*guess.place)
    return bool(shortened) and is_spelled_as_in_chats(word)


def is_spelled_as_in_chats(word: str) -> bool:
    """Return whether a word in small letters is exclaimed, shortened, stretched or without its g: ``rockin``."""
    if len(word) > _LONGEST:
        return False
    if word in _WRITTEN or _EXCLAIMED.fullmatch(word):
        return True
    known = vocabulary()
    if _STRETCHED.search(word):
        short = {_STRETCHED.sub(r"\1", word), _STRETCHED.sub(r"\1\1", word)}
        if short.isdisjoint(small_names()) and short.isdisjoint(known.given_names):
            return True
    # Rockin', not Martin or Brin
    spelled_out = len(word) >= _LEAST_SPELLED and word.endswith("in") and f"{word}g" in known.ordinary
    return spelled_out and word not in known.also_names and not is_listed_name(word)


def is_misspelled(word: str) -> bool:
    """Return whether a word in small letters is an ordinary one, spelled as it sounds or with letters twice.

    Args:
        word: A word that no list has; in capitals it may be a name: Wen, Webb.
    """
    known = vocabulary()
    if not _LEAST_BESIDE <= len(word) <= _LONGEST or known.knows(word) or is_listed_name(word):
        return False
    if word[0] in "ai" and len(word) >= _LEAST_SPELLED and word[1:] in known.ordinary:
        return True  # alot, ilike
    spelled = {sound.sub(letters, word) for sound, letters in _AS_IT_SOUNDS} - {word}
    if len(_TWICE.findall(word)) > 1 or word.endswith("yy") or word[0] == word[1]:
        spelled.add(_TWICE.sub(r"\1", word))
    return not (known.ordinary.isdisjoint(spelled) and known.also_names.isdisjoint(spelled))


def is_beside_name(word: str) -> bool:
    """Return whether a word that a model takes along with a name is of a chat, and no part of it: ``lol``, ``Haha``."""
    small = word.lower()
    if len(word) > _LONGEST:
        return False
    if word.islower():
        beside = not word.endswith("in") and is_spelled_as_in_chats(word)
    else:
        beside = len(word) >= _LEAST_BESIDE and small not in _NAMES_TOO and _EXCLAIMED.fullmatch(small) is not None
    return beside and not is_listed_name(word)
