"""One way to ask hosted services over HTTP, and to read what they say.

Not public: scanners and detectors that ask a service are built on it. It imports `_vendors`, `records` and `errors`.
"""
