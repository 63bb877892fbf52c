"""Benchmarks: `uv run python -m tests.bench [NAME...]`.

Each one measures contenders in turns within one run, with one interpreter, and compares their
ratio with a goal; absolute figures of a shared machine say little. To add one, write a function
with `@bench("name")` in a module that `__main__` imports; it gets a `Stage` and returns `Goal`s.
"""
