"""Media: photographs that riders and staff send — accepted, cleaned of every trace, stored once, shown to few."""
