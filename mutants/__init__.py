"""Bugs planted on purpose, one per invariant and guard: a test that lets one live is not counted as a test.

`make mutants`. The bugs are data (`plan/`): which text of which file becomes which other, what that breaks, and the
test that must fail. They are planted in copies; the checkout itself is never touched.
"""
