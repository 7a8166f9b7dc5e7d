"""Rewards: what points buy, where it lies in stock, and the vouchers that promise it and are handed over once."""
