"""The dispatcher's desk: cases by time left, from acceptance to the answer."""
