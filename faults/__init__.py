"""Faults on purpose: real servers are killed, filled and slowed, and what was answered is held against the books.

`make faults` (minutes) and `make soak` (hours). Each drill prints promise, figure and verdict.
"""
