"""Speed and size against the targets of the README: each a ratio or a bound, measured side by side in one run.

``python -m benchmarks`` runs all, ``python -m benchmarks restoring vaults`` some; each row is printed as it is
measured, and what could not run is a row that says why. With ``--markdown`` the table comes as the README has it.

Beside other tools, which ``pip install --group benchmarks`` brings (Presidio is there, LLM Guard an extra):

- ``python -m benchmarks.credentials``: credentials found and false alarms, beside detect-secrets;
- ``python -m benchmarks.detection FILES...``: what is hidden in labelled texts of yours, beside plain Presidio, LLM
  Guard and scrubadub.

``python -m benchmarks.measure`` counts the modules that calls walk through.
"""
