"""A station's books: the day that is closed, refunds that a second person decides, months that are settled."""
