"""The benchmark: hot paths as ratios to ceilings measured in the same run. Never a timed test."""
