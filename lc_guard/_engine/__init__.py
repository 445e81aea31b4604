"""The engine: one request through all checks.

No framework and no vendor is known here; it imports the families' protocols, the policy and what is below them.
"""
