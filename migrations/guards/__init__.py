"""Triggers and dialect-only constraints, frozen as each migration put them up."""
