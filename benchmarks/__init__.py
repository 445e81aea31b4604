"""Speed and size against the targets of the README: each a ratio or a bound, measured side by side in one run.

``python -m benchmarks`` runs all, ``python -m benchmarks.restoring`` one. With ``--markdown`` the table comes as the
README has it.
"""
