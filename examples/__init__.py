"""Applications with lc-guard in them, and the stand-in that they are run against."""
