"""What lc-guard puts into a Langfuse project, and finds in one: score configs, datasets, annotation queues, leaks.

Doing it again changes nothing. The commands ``lc-guard langfuse``, ``audit`` and ``report`` stand on it.
"""

from __future__ import annotations

from lc_guard.langfuse_project.annotation_queues import Filled, Picker, QueueFilling
from lc_guard.langfuse_project.audits import Audit, Leak, audit
from lc_guard.langfuse_project.datasets import Pushed, push_cases
from lc_guard.langfuse_project.score_configs import Config, Step, apply, plan, wanted_configs

__all__ = [
    "Audit",
    "Config",
    "Filled",
    "Leak",
    "Picker",
    "Pushed",
    "QueueFilling",
    "Step",
    "apply",
    "audit",
    "plan",
    "push_cases",
    "wanted_configs",
]
