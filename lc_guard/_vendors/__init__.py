"""What several families need of one library: its weights, its logs, its quirks.

Not public. It imports `_text`, `records` and `errors`; a library is imported inside the function that needs it.
"""
