"""``lc-guard doctor``: sends a canary through each seam with what is installed, and tells what may go wrong here."""

from __future__ import annotations

import argparse
import platform
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lc_guard.cli.arguments import add_command, print_json, print_out
from lc_guard.errors import GuardError

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text
_DESCRIPTION = """\
Send a canary through each seam of the package with the libraries that are installed here, against a model that only
notes what it is sent; compare their versions with those that the tests ran with; and name what in the environment
sends or logs raw text. In seconds, without a network or a key."""

_EPILOG = """\
Exit status: 0 every seam is whole; 1 one is broken, libraries do not fit together, no model finds names, or raw text
leaves as things are (LangSmith); 2 wrong usage. Versions that were not proved and warnings change nothing in it."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    about = "check this installation: versions, seams, models, traps"
    parser = add_command(commands, "doctor", run, about=about, description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    found = _examine()
    if args.json:
        print_json(found)
    else:
        print_out(_report(found))
    return 0 if found["healthy"] else 1


def _examine() -> dict[str, Any]:
    from lc_guard._vendors.environment import extras, traps  # noqa: PLC0415 - here and below: a light import of this module
    from lc_guard._vendors.versions import inconsistencies, installed_versions  # noqa: PLC0415
    from lc_guard.verify.tracers import check_tracers  # noqa: PLC0415

    told, models = _self_test()
    tracers = check_tracers()
    versions = [
        {"distribution": each.distribution, "installed": each.installed, "lowest": each.lowest}
        | {"newest": each.newest, "status": each.status}
        for each in installed_versions()
    ]
    faults, caught = list(inconsistencies()), traps()
    dangers = [trap for trap in caught if trap.level == "error"]
    return {
        "healthy": bool(
            told["passed"] and all(check.passed for check in tracers) and models is None and not faults and not dangers
        ),
        "python": platform.python_version(),
        "seams": [*told["checks"], *(asdict(check) for check in tracers)],
        "models": models or "loaded",
        "versions": versions,
        "inconsistencies": faults,
        "extras": extras(),
        "traps": [{"name": trap.name, "level": trap.level, "message": trap.message} for trap in caught],
        "warnings": told["warnings"],
    }


def _self_test() -> tuple[dict[str, Any], str | None]:
    """Return what the self-test found, and why there are no models, or None."""
    from lc_guard.guard import Guard  # noqa: PLC0415
    from lc_guard.langchain.self_test import selftest  # noqa: PLC0415

    try:
        guard = Guard()
        guard.warm_up()
    except GuardError as error:
        return selftest(on_failure="return").as_dict(), str(error)
    return selftest(guard, on_failure="return").as_dict(), None


def _report(found: dict[str, Any]) -> RenderableType:
    from rich import box  # noqa: PLC0415
    from rich.console import Group  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    seams = Table("", "seam", "library", "took", "what is amiss", title="Where a canary came out", box=box.SIMPLE_HEAD)
    for each in found["seams"]:
        took = f"{each['milliseconds']:.0f} ms"
        seams.add_row(_mark("ok" if each["passed"] else "error"), each["seam"], each["library"], took, each["error"])
    versions = Table("", "library", "installed", "proved", box=box.SIMPLE_HEAD)
    for each in found["versions"]:
        if each["installed"]:
            status = "ok" if each["status"] == "proved" else "warning"
            versions.add_row(
                _mark(status), each["distribution"], each["installed"], f"{each['lowest']} to {each['newest']}"
            )
    there = ", ".join(name for name, installed in found["extras"].items() if installed) or "none"
    told = [("error", fault) for fault in found["inconsistencies"]]
    told += [(trap["level"], f"{trap['name']}: {trap['message']}") for trap in found["traps"]]
    told += [("warning", warning) for warning in found["warnings"]]
    if found["models"] != "loaded":
        told.append(("error", found["models"]))
    verdict = ("every seam is whole", "bold green") if found["healthy"] else ("not safe as it is", "bold red")
    return Group(
        seams,
        versions,
        Text(f"Python {found['python']}; extras: {there}; models that find names: {found['models']}"),
        *(Text.assemble(_mark(level), " ", text) for level, text in told),
        Text(*verdict),
    )


def _mark(status: str) -> Text:
    from rich.text import Text  # noqa: PLC0415

    return Text(*{"ok": ("ok", "green"), "warning": ("?", "yellow"), "error": ("FAIL", "bold red")}[status])
