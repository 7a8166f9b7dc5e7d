"""Places: the city's official regions and the stations that serve riders."""
