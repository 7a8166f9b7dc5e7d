"""The benchmark: hot paths as ratios to a no-op route of the same server in the same run. Never a timed test."""
