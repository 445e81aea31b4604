"""Simulated releases of the libraries below: each makes the product raise instead of leak."""
