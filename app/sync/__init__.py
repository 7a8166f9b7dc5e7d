"""Sync: what was done without a signal — devices, leases and logs of stations, outboxes of phones, conflicts."""
