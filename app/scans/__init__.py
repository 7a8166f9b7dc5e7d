"""Scans: one door for everything a camera, a scanner gun or a hand puts in; the right thing happens or the right words appear."""
