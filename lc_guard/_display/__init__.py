"""How things look where people look: the colours of kinds, HTML for notebooks and pages.

Imports nothing of the package: what is shown is given as plain values, or read by its attributes.
"""
