"""What ``lc-guard demo`` is made of: a fictional transcript, a stand-in for a language model, and what it shows."""
