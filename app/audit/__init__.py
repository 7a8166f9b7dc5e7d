"""Audit: who looked at or changed what, kept for good."""
