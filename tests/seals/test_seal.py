"""What a seal looks at, and what it leaves alone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from lc_guard import GuardError, SeamBroken
from lc_guard._vendors.seals import Seal

SEAL = Seal("protect(model)", "langchain-core")


class Base:
    """Stands for a library's class: the module of this file is its package."""

    shown = property(lambda self: "shown")

    @staticmethod
    def helper(text: str) -> str:
        return text

    @classmethod
    def made(cls, text: str) -> Base:
        return cls()

    def reviewed(self, text: str) -> str:
        return text

    def overridden(self, text: str) -> str:
        return text

    def new(self, text: str) -> str:
        return text

    async def anew(self, *texts: str) -> tuple[str, ...]:
        return texts

    def __call__(self, text: str) -> str:
        return text

    def without_arguments(self) -> str:
        return "fine"


@pytest.fixture
def ours() -> Any:
    class Middle(Base):
        def overridden(self, text: str) -> str:
            return text.upper()

    class Ours(Middle):
        pass

    SEAL.close(Ours, Base, {"reviewed"})
    return Ours()


def test_what_was_reviewed_or_overridden_or_takes_no_text_stays(ours: Any) -> None:
    assert ours.reviewed("a") == "a"
    assert ours.overridden("a") == "A"
    assert ours.without_arguments() == "fine"
    assert ours.shown == "shown"
    assert ours.helper("a") == "a"
    assert type(ours.made("a")) is type(ours)


@pytest.mark.parametrize("name", ["new", "__call__"])
def test_what_is_new_raises_and_does_not_tell_the_text(ours: Any, name: str) -> None:
    with pytest.raises(SeamBroken, match=rf"Base\.{name} is new") as caught:
        getattr(ours, name)("Ada Lovelace")
    assert "Ada" not in str(caught.value)
    assert isinstance(caught.value, GuardError)


def test_what_is_new_and_async_raises_when_it_is_called(ours: Any) -> None:
    with pytest.raises(SeamBroken):
        ours.anew("a", "b")
    with pytest.raises(SeamBroken):
        asyncio.run(ours.anew("a"))


def test_the_librarys_own_class_is_left_alone(ours: Any) -> None:
    assert Base().new("a") == "a"


def test_private_names() -> None:
    assert SEAL.private(SimpleNamespace(_name=1), "_name") == 1
    with pytest.raises(SeamBroken, match="Base has no _gone any more"):
        SEAL.private(Base, "_gone")
    with pytest.raises(SeamBroken, match="SimpleNamespace has no _gone any more"):
        SEAL.private(SimpleNamespace(), "_gone")


def test_requirements() -> None:
    SEAL.require(1, "never seen")
    SEAL.require_methods(Base, ["new", "anew"])
    SEAL.require_no_others(Base, ["new"], ("ne",))
    with pytest.raises(SeamBroken, match="it is gone"):
        SEAL.require(None, "it is gone")
    with pytest.raises(SeamBroken, match="Base has no gone, older any more"):
        SEAL.require_methods(Base, ["older", "new", "gone"])
    with pytest.raises(SeamBroken, match="Base has anew, where lc-guard does not stand"):
        SEAL.require_no_others(Base, ["new"], ("new", "an"))


def test_the_error_names_seam_library_version_and_what_to_do() -> None:
    error = SEAL.broken("a hook is gone")
    assert (error.seam, error.library) == ("protect(model)", "langchain-core")
    assert error.version in str(error)
    assert error.version[0].isdigit()
    assert "docs/compatibility.md" in str(error)
    assert str(SEAL.broken("a hook is gone", "Put it last")).endswith("Put it last")
