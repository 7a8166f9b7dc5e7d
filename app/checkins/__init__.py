"""Check-ins: a rider's proven presence at a station, and the attempts that were refused."""
