"""Codes: whatever a camera or a scanner gun reads — their kinds, keys, drawing and reading; riders' own work once."""
