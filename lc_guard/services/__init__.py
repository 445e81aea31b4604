"""Hosted services: one way to ask them over HTTP, and to read what they say.

Not public: scanners and detectors that ask a service are built on it.
"""
