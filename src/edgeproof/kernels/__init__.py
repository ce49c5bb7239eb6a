"""Compiled loops: arrays and scalars in, arrays out; each has a plain Python twin beside it, named ``*_py``.

This window stays empty on purpose: import a kernel from its module, so that importing one compiles nothing of another.
"""
