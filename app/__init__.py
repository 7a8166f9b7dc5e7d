"""Fengxing: the backend and mobile web of a city's rider-volunteer programme. Floors: see docs/architecture.md.

Nothing is imported here: a child process that opens a stranger's picture brings in only the modules it needs.
"""
