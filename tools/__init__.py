"""What `make` calls: set-up, start, tests, locking. Only the standard library, except where it says so."""
