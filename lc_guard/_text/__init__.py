"""Functions over plain text: words, escapes, values in texts, JSON inside strings.

Not public. It imports nothing of the package but other modules of this folder, `records` and `errors`.
"""
