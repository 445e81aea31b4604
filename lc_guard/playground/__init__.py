"""What ``lc-guard playground`` is made of: a page on this machine on which a text can be tried, and what answers it.

Texts are looked at and forgotten: nothing is logged, stored or sent. It may import everything but `cli` and `verify`;
Starlette and uvicorn are the extra ``playground``.
"""
