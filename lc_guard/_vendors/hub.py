"""Models by name: from this machine, else from the hub, and within seconds a clear answer when there is neither."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from pathlib import Path

from lc_guard.errors import ModelUnavailable

_REACH_SECONDS = 4.0


def local_only(model: str) -> bool:
    """Return whether a model (a folder, or a name on the hub) must come from this machine, or raise ModelUnavailable.

    It must where it is a folder, or in the hub's cache while the hub is out of reach: the hub's client would ask for
    each file, several times, before it looks into its cache.
    """
    if Path(model).is_dir():
        return True
    if hub_in_reach():
        return False
    if cached(model):
        return True
    # A path may hold a user's name: its last part is enough to know it by.
    told = Path(model).name if model.startswith((".", "/", "~", "\\")) else model
    raise ModelUnavailable(
        f"the model {told!r} is no folder on this machine, not in the hub's cache, and the hub does not answer. Do one "
        "of: connect and try again; give the path of a folder that holds it; or take "
        "lc_guard.detectors.default_detector(), whose models are packages"
    )


def cached(repository: str) -> bool:
    """Whether a repository, such as ``"dslim/bert-base-NER"``, is in the hub's cache on this machine."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        return any(repo.repo_id == repository for repo in scan_cache_dir().repos)
    except CacheNotFound:
        return False


def hub_in_reach(seconds: float = _REACH_SECONDS) -> bool:
    """Return whether the model hub answers by HTTP, with an error or not: its client would retry for most of a minute.

    The endpoint is huggingface_hub's (``HF_ENDPOINT``), proxies are those of the environment.
    """
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    answered = threading.Event()

    def ask() -> None:
        request = urllib.request.Request(constants.ENDPOINT, method="HEAD")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=seconds):  # noqa: S310
                answered.set()
        except urllib.error.HTTPError:
            answered.set()
        except (OSError, ValueError):
            return

    # In a thread: the resolver's own timeout can't be set and is longer.
    asking = threading.Thread(target=ask, name="lc-guard-hub", daemon=True)
    asking.start()
    asking.join(seconds)
    return answered.is_set()
