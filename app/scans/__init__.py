"""Scans: one door for whatever a camera, a scanner gun or a hand puts in."""
