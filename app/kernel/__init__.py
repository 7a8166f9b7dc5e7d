"""Ground floor: what every other package stands on — database, clock, ids, errors, events, words and the HTTP edge."""
