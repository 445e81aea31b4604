"""What every vault must do, and small makers of placeholders for tests."""

# ruff: noqa: S101 - asserts are what a test suite is made of

from __future__ import annotations

import time
from collections.abc import Callable, Set

from lc_guard.testing.helpers import HOSTILE_TEXTS, together
from lc_guard.vaults.base import RetentionVault, Vault


class NumberedMint:
    """Makes placeholders ``<KIND-1>`` for tests of vaults.

    Args:
        fails_at: Number of the call, 1 or more, at which it raises `ValueError`; None for never.
    """

    def __init__(self, *, fails_at: int | None = None) -> None:
        self._fails_at = fails_at
        self._calls = 0

    def __call__(self, kind: str, index: int) -> str:
        """Return the placeholder of (kind, index)."""
        self._calls += 1
        if self._calls == self._fails_at:
            raise ValueError("this mint was told to fail")
        return f"<{kind}-{index}>"

    def claims(self, placeholder: str) -> Set[str]:  # noqa: ARG002 - the protocol's signature
        """Claim nothing: numbers keep placeholders apart."""
        return frozenset()


class ClaimingMint(NumberedMint):
    """Makes placeholders that come in pairs, of which a session may hold one only."""

    def claims(self, placeholder: str) -> Set[str]:
        """Claim the word that a placeholder shares with its neighbour."""
        return {f"pair {int(placeholder.rstrip('>').rpartition('-')[2]) // 2}"}


class VaultContract:
    """What every vault must do. Subclass it and give `make_vault`."""

    def make_vault(self) -> Vault:
        """Return a new, empty vault."""
        raise NotImplementedError("override make_vault() to give a new, empty vault")

    def test_follows_the_protocol(self) -> None:
        """It has the methods of `Vault`."""
        assert isinstance(self.make_vault(), Vault), "a method of lc_guard.vaults.Vault is missing"

    def test_knows_nothing_at_first(self) -> None:
        """An unknown session is empty, and asking for it does not make it."""
        vault = self.make_vault()
        assert vault.values("s", ["<PERSON-1>"]) == {}, "an unknown session gave a value"
        assert vault.find("s", ["Ada", "Bea"]) == [[], []], "find must give one list for each text"
        assert vault.items("s") == {}, "an unknown session has items"
        assert vault.kinds("s") == frozenset(), "an unknown session has kinds"
        assert vault.forget("s") is False, "forget told of a session that never was"

    def test_gives_placeholders_in_order(self) -> None:
        """One placeholder for each pair, in order, numbered from 1 by kind."""
        vault = self.make_vault()
        given = vault.allocate("s", [("PERSON", "Ada"), ("CITY", "Ulm"), ("PERSON", "Bea")], NumberedMint())
        assert given == ["<PERSON-1>", "<CITY-1>", "<PERSON-2>"], "placeholders are out of order"
        assert vault.allocate("s", [], NumberedMint()) == [], "nothing wanted must give nothing"

    def test_a_value_has_one_placeholder(self) -> None:
        """A value keeps its placeholder: later, twice in one call, and also under another kind."""
        vault = self.make_vault()
        (first,) = vault.allocate("s", [("PERSON", "Ada")], NumberedMint())
        again = vault.allocate("s", [("PERSON", "Ada"), ("NAME", "Ada"), ("PERSON", "Ada")], NumberedMint())
        assert again == [first] * 3, "a known value was given another placeholder"
        assert list(vault.items("s")) == [first], "a value is held twice"
        new = vault.allocate("s", [("PERSON", "Bea"), ("NAME", "Bea")], NumberedMint())
        assert list(vault.items("s")) == [first, new[0]], "a new value that is wanted twice is held twice"
        assert new[0] == new[1], "a new value that is wanted twice was given two placeholders"

    def test_a_placeholder_has_one_value(self) -> None:
        """Values that differ in case, accents, blanks or length have different placeholders, and come back as given."""
        vault = self.make_vault()
        wanted = ["Ada", "ada", "ADA", "Áda", "A\u0301da", "Ada ", "Ad", "Ada\x00", "Ada\ud800"]
        given = vault.allocate("s", [("PERSON", value) for value in wanted], NumberedMint())
        assert len(set(given)) == len(wanted), "two values share a placeholder"
        assert vault.items("s") == dict(zip(given, wanted, strict=True)), "a value was altered"

    def test_bears_any_text(self) -> None:
        """Any text is a value, and any text is a session id."""
        vault = self.make_vault()
        texts = [text for text in HOSTILE_TEXTS if text.strip()]
        for session in texts[:6]:
            given = vault.allocate(session, [("ODD", text) for text in texts], NumberedMint())
            assert vault.values(session, given) == dict(zip(given, texts, strict=True)), "a value was altered"
            found = vault.find(session, texts)
            spans = [(hit.start, hit.end) for hits in found for hit in hits]
            assert spans == [(0, len(text)) for text in texts], "a value is not found in itself"

    def test_sessions_are_apart(self) -> None:
        """A session never sees another one's values."""
        vault = self.make_vault()
        (mine,) = vault.allocate("mine", [("PERSON", "Ada")], NumberedMint())
        assert vault.values("other", [mine]) == {}, "a value crossed sessions"
        assert vault.find("other", ["Ada"]) == [[]], "a value crossed sessions"
        (other,) = vault.allocate("other", [("PERSON", "Bea")], NumberedMint())
        assert vault.values("mine", [mine, other]) == {mine: "Ada"}, "a value crossed sessions"
        vault.forget("other")
        assert vault.items("mine") == {mine: "Ada"}, "forgetting one session changed another"

    def test_session_ids_are_told_apart(self) -> None:
        """Ids that differ in case, blanks, normalization, or after many characters are different sessions."""
        vault = self.make_vault()
        long = "x" * 300
        alike = [("Case", "case"), ("case", "case "), ("Zoë", "Zoe\u0308"), ("ﬁ", "fi"), ("ß", "ss"), ("１", "1")]
        for one, other in [*alike, ("a%2fb", "a/b"), (long, f"{long}a"), (f"{long}a", f"{long}b")]:
            held = {
                name: vault.allocate(name, [("PERSON", f"{name} himself")], NumberedMint())[0] for name in (one, other)
            }
            for name, placeholder in held.items():
                assert vault.items(name) == {placeholder: f"{name} himself"}, "two session ids are one session"
            assert vault.forget(one) is True, "a session was not there"
            assert vault.kinds(other) == {"PERSON"}, "another session was forgotten with one"
            vault.forget(other)

    def test_gives_live_values_only(self) -> None:
        """Placeholders nobody gave out are left out of the answer."""
        vault = self.make_vault()
        (live,) = vault.allocate("s", [("PERSON", "Ada")], NumberedMint())
        assert vault.values("s", [live, "<PERSON-2>", "", live]) == {live: "Ada"}, "an unknown placeholder has a value"

    def test_finds_whole_words(self) -> None:
        """A value is found at word boundaries, longest first, with its placeholder and kind."""
        vault = self.make_vault()
        doe, jane = vault.allocate("s", [("PERSON", "Jane Doe"), ("PERSON", "Jane")], NumberedMint())
        (hits,) = vault.find("s", ["Janet, Jane Doe's Jane"])
        assert [tuple(hit) for hit in hits] == [(7, 15, doe, "PERSON"), (18, 22, jane, "PERSON")], "wrong occurrences"

    def test_finds_inside_words_when_asked(self) -> None:
        """With ``inside_words`` a value is also found within longer words."""
        vault = self.make_vault()
        (jane,) = vault.allocate("s", [("PERSON", "Jane")], NumberedMint())
        (hits,) = vault.find("s", ["xJanex"], inside_words=True)
        assert [tuple(hit) for hit in hits] == [(1, 5, jane, "PERSON")], "wrong occurrences"

    def test_tells_kinds(self) -> None:
        """The kinds are those of live placeholders."""
        vault = self.make_vault()
        vault.allocate("s", [("PERSON", "Ada"), ("CITY", "Ulm")], NumberedMint())
        assert vault.kinds("s") == {"PERSON", "CITY"}, "wrong kinds"
        vault.forget("s")
        assert vault.kinds("s") == frozenset(), "a forgotten session has kinds"

    def test_numbering_goes_on_after_forget(self) -> None:
        """A placeholder of a forgotten session is never given to another value."""
        vault = self.make_vault()
        seen: set[str] = set()
        for round_ in range(3):
            given = vault.allocate("s", [("PERSON", f"value {round_}.{n}") for n in range(5)], NumberedMint())
            assert seen.isdisjoint(given), "a placeholder was given a second meaning"
            seen.update(given)
            assert vault.forget("s") is True, "forget did not tell of the session"
            assert vault.values("s", given) == {}, "a forgotten value is still there"
            assert vault.find("s", ["value 0.0"]) == [[]], "a forgotten value is still found"
            assert vault.forget("s") is False, "a session was forgotten twice"

    def test_tells_listeners_before_values_go(self) -> None:
        """A listener is called with the session and its entries."""
        vault = self.make_vault()
        told: list[tuple[str, dict[str, tuple[str, str]]]] = []
        vault.subscribe(lambda session, entries: told.append((session, dict(entries))))
        (ada,) = vault.allocate("s", [("PERSON", "Ada")], NumberedMint())
        assert told == [], "a listener was called too early"
        vault.forget("s")
        assert told == [("s", {ada: ("Ada", "PERSON")})], "a listener was not told what was dropped"

    def test_stores_all_or_none(self) -> None:
        """When a mint fails nothing of the call is kept, and what was there stays."""
        vault = self.make_vault()
        (ada,) = vault.allocate("s", [("PERSON", "Ada")], NumberedMint())
        error = _error(lambda: vault.allocate("s", [("PERSON", "Bea"), ("CITY", "Ulm")], NumberedMint(fails_at=2)))
        assert error is not None, "a mint's error was swallowed"
        assert vault.items("s") == {ada: "Ada"}, "half of a call was kept"
        assert vault.kinds("s") == {"PERSON"}, "the kind of a value that was not kept"
        assert vault.find("s", ["Ada Bea Ulm"])[0][-1].end == len("Ada"), "a value that was not kept is found"
        given = vault.allocate("s", [("PERSON", "Bea"), ("CITY", "Ulm")], NumberedMint())
        assert len({ada, *given}) == 1 + len(given), "the numbering was spoilt"

    def test_leaves_out_placeholders_that_are_values(self) -> None:
        """A placeholder is never equal to a value of the session."""
        vault = self.make_vault()
        typed = ["<PERSON-1>", "<PERSON-2>"]
        vault.allocate("s", [("LITERAL", text) for text in typed], NumberedMint())
        (given,) = vault.allocate("s", [("PERSON", "Ada")], NumberedMint())
        assert given == "<PERSON-3>", "a placeholder equals a value"

    def test_heeds_claims(self) -> None:
        """Two placeholders never share a claimed word."""
        vault = self.make_vault()
        given = vault.allocate("s", [("PERSON", f"value {n}") for n in range(4)], ClaimingMint())
        more = vault.allocate("s", [("PERSON", f"other {n}") for n in range(4)], ClaimingMint())
        claimed = [word for placeholder in given + more for word in ClaimingMint().claims(placeholder)]
        assert len(set(claimed)) == len(claimed), "two placeholders hold one claimed word"

    def test_threads_share_a_session(self) -> None:
        """Under threads a value has one placeholder and a placeholder one value."""
        vault = self.make_vault()
        wanted = [("PERSON", f"value {n}") for n in range(40)]

        def work(number: int) -> dict[str, str]:
            turn = wanted[number:] + wanted[:number]
            given = dict(zip(turn, vault.allocate("s", turn, NumberedMint()), strict=True))
            return {value: placeholder for (_, value), placeholder in given.items()}

        answers = together(work)
        assert all(answer == answers[0] for answer in answers), "one value was given two placeholders"
        held = vault.items("s")
        assert held == {placeholder: value for value, placeholder in answers[0].items()}, "values were lost or crossed"

    def test_threads_with_sessions_of_their_own(self) -> None:
        """Sessions worked on at the same time never mix."""
        vault = self.make_vault()

        def work(number: int) -> bool:
            session = f"session {number}"
            for turn in range(10):
                (given,) = vault.allocate(session, [("PERSON", f"{number}.{turn}")], NumberedMint())
                if vault.values(session, [given]) != {given: f"{number}.{turn}"}:
                    return False
            return len(vault.items(session)) == 10

        assert all(together(work)), "values crossed sessions"

    def test_tells_of_its_sessions(self) -> None:
        """A vault with a life (`RetentionVault`) lists, counts and exports its sessions."""
        vault = self.make_vault()
        if not isinstance(vault, RetentionVault):
            return
        assert (list(vault.sessions()), vault.stats()["sessions"]) == ([], 0), "an empty vault has sessions"
        given = vault.allocate("a", [("PERSON", "Ada"), ("CITY", "Ulm")], NumberedMint())
        vault.allocate("b", [("PERSON", "Ada")], NumberedMint())
        held = {info.session: info for info in vault.sessions()}
        assert {session: info.values for session, info in held.items()} == {"a": 2, "b": 1}, "wrong sessions or counts"
        assert all(abs(time.time() - info.created) < 60 for info in held.values()), "times count in seconds since 1970"
        assert vault.stats()["values"] == 3, "wrong counts"
        assert (vault.export("a"), vault.export("c")) == (dict(zip(given, ("Ada", "Ulm"), strict=True)), {}), "exports"
        assert vault.purge() == 0, "a live session was dropped"
        vault.forget("a")
        assert [info.session for info in vault.sessions()] == ["b"], "a forgotten session is listed"

    def test_forgets_a_value_everywhere(self) -> None:
        """A value that is forgotten is gone from all sessions; the others and the numbering stay."""
        vault = self.make_vault()
        if not isinstance(vault, RetentionVault):
            return
        told: list[tuple[str, dict[str, tuple[str, str]]]] = []
        vault.subscribe(lambda session, entries: told.append((session, dict(entries))))
        for session in ("a", "b"):
            vault.allocate(session, [("PERSON", "Ada"), ("PERSON", "Ada Lovelace")], NumberedMint())
        vault.allocate("c", [("PERSON", "ada")], NumberedMint())
        assert vault.forget_value("Ada") == 2, "a wrong number of sessions"
        assert sorted(told) == [(session, {"<PERSON-1>": ("Ada", "PERSON")}) for session in ("a", "b")], "wrong entries"
        for session in ("a", "b"):
            assert vault.items(session) == {"<PERSON-2>": "Ada Lovelace"}, "a value is wrongly gone or still there"
            assert vault.find(session, ["Ada and ADA"]) == [[]], "a forgotten value is still found"
            assert vault.allocate(session, [("PERSON", "Ada")], NumberedMint()) == ["<PERSON-3>"], "a number came back"
        assert vault.forget_value("Zoe") == 0, "a value that never was has been dropped"

    def test_shows_no_value(self) -> None:
        """Neither its ``repr`` nor its ``str`` holds a value or a session id."""
        vault = self.make_vault()
        vault.allocate("jane@example.org", [("PERSON", "Zebulon")], NumberedMint())
        shown = repr(vault) + str(vault)
        assert "Zebulon" not in shown, "a repr holds a value"
        assert "jane@example.org" not in shown, "a repr holds a session id"


def _error(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is given back
        return error
    return None
