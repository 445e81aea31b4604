"""The small HTTP server that the stand-ins of the tests are made of: the package's own."""

from lc_guard.testing.loopback import Exchange, LoopbackServer, Refusal

__all__ = ["Exchange", "LoopbackServer", "Refusal"]
