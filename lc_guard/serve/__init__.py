"""Detection as a service: one process holds the models, many ask it over HTTP.

``lc-guard serve`` runs it; `lc_guard.detectors.RemoteDetector` asks it. It speaks the API of Presidio's analyzer. It
may import detectors and the engine's checks of their answers; Starlette and uvicorn come with the extra ``serve``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lc_guard._lazy import attach

if TYPE_CHECKING:
    from lc_guard.serve.app import create_app as create_app

__getattr__, __dir__, __all__ = attach(__name__, {"app": ("create_app",)})
