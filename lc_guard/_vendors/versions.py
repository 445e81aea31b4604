"""Which versions of other libraries are installed, which of them the tests proved, and which do not fit together.

The table of proved versions is written by ``make compatibility``, together with ``docs/compatibility.md``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_OURS = "lc-guard"


@dataclass(frozen=True, slots=True)
class InstalledVersion:
    """One library's installed version beside the versions that the tests ran with.

    Attributes:
        distribution: The library's name on PyPI.
        installed: The installed version, or None where it is not installed.
        lowest: The lowest version that passed the tests.
        newest: The newest version that passed the tests.
    """

    distribution: str
    installed: str | None
    lowest: str
    newest: str

    @property
    def status(self) -> Literal["proved", "older", "newer", "missing", "unknown"]:
        """Return where the installed version lies: within the proved range, below or above it.

        A version between the lowest and the newest counts as proved, although not each release ran. "unknown" is a
        version that does not follow Python's rules for version numbers.
        """
        if self.installed is None:
            return "missing"
        try:
            version = Version(self.installed)
        except InvalidVersion:
            return "unknown"
        # a build is no other release: torch's 2.13.0+cpu is 2.13.0
        version = Version(version.public)
        if version < Version(self.lowest):
            return "older"
        return "newer" if version > Version(self.newest) else "proved"


def installed_versions(path: Sequence[str] | None = None) -> tuple[InstalledVersion, ...]:
    """Compare each library of the table of proved versions with what is installed.

    Args:
        path: Folders to look in, like ``sys.path``, which is the default.

    Returns:
        One entry for each library of the table, sorted by name; libraries of extras may be missing.
    """
    found = _installed(path)
    return tuple(
        InstalledVersion(name, found[name][0].version if name in found else None, lowest, newest)
        for name, (lowest, newest) in sorted(proved_versions().items())
    )


@cache
def proved_versions() -> dict[str, tuple[str, str]]:
    """Return the lowest and the newest version of each library that the tests of all seams passed with."""
    text = resources.files("lc_guard").joinpath("proved_versions.json").read_text(encoding="utf-8")
    return {name: (lowest, newest) for name, (lowest, newest) in json.loads(text).items()}


def inconsistencies(path: Sequence[str] | None = None) -> tuple[str, ...]:
    """Look for libraries that are half upgraded: among lc-guard, what it needs, and what that needs in turn.

    Args:
        path: Folders to look in, like ``sys.path``, which is the default.

    Returns:
        One sentence for each fault, sorted: a library that is installed twice, a requirement that the installed
        version does not satisfy, a requirement that is not installed. Empty where all fits together.
    """
    found = _installed(path)
    faults: set[str] = set()
    waiting = [(name, "") for name in {_OURS, *proved_versions()} & found.keys()]
    if _OURS in found:
        # nothing records which of our extras were asked for: what is installed of them has to fit
        extras = found[_OURS][0].metadata.get_all("Provides-Extra") or []
        waiting.extend((_OURS, extra) for extra in extras)
    reached = set(waiting)
    while waiting:
        name, extra = waiting.pop()
        if len(found[name]) > 1:
            places = ", ".join(f"{each.version} in {each.locate_file('')}" for each in found[name])
            faults.add(f"{name} is installed {len(found[name])} times ({places}): remove all of them and install one")
        for requirement in _requirements(found[name][0], extra):
            needed = canonicalize_name(requirement.name)
            needs = f"{name} {found[name][0].version} needs {requirement.name}{requirement.specifier}"
            if needed not in found:
                if (name, bool(extra)) != (_OURS, True):
                    faults.add(f"{needs}, which is not installed")
                continue
            version = found[needed][0].version
            if not _satisfies(version, requirement):
                faults.add(f"{needs}, but {version} is installed: upgrade both together")
            more = {(needed, ""), *((needed, extra) for extra in requirement.extras)} - reached
            reached |= more
            waiting.extend(more)
    return tuple(sorted(faults))


def _requirements(distribution: Distribution, extra: str) -> Iterator[Requirement]:
    """Read what a distribution requires here: in any case for an empty extra, else what that extra adds."""
    for line in distribution.requires or ():
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue  # of an old release of another library: pip can't read it either
        marker = requirement.marker
        always = marker is None or marker.evaluate({"extra": ""})
        if always if not extra else not always and marker is not None and marker.evaluate({"extra": extra}):
            yield requirement


def _satisfies(version: str, requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def _installed(path: Sequence[str] | None) -> dict[str, list[Distribution]]:
    """Find all distributions by name: the one that Python imports first, and others of that name after it."""
    found: dict[str, list[Distribution]] = defaultdict(list)
    places = set()
    for each in distributions() if path is None else distributions(path=list(path)):
        if not {"Name", "Version"} <= set(each.metadata):
            continue  # an interrupted upgrade leaves folders without metadata
        name = canonicalize_name(each.name)
        # a folder may stand on the path twice
        place = (name, each.version, Path(str(each.locate_file(""))).resolve())
        if place not in places:
            places.add(place)
            found[name].append(each)
    return found
