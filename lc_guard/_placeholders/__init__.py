"""What stands for a value in a text, and the way back to the value.

Not public. It imports `_text`, `records` and `errors`.
"""
