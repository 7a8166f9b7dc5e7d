"""Merchants: who is settled with for several stations, on one statement a month."""
