"""Ledger: the double-entry, append-only book of points that an auditor can trust — accounts, postings, holds."""
