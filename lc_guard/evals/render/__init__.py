"""How reports of detectors and of checks look: tables, pages, charts, CSV.

Not public: reports call it. It takes the reports' data types for typing only.
"""
