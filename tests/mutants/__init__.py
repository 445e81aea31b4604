"""Faults put into the package on purpose: each must make a test fail. `make mutants` runs them, CI does not."""
