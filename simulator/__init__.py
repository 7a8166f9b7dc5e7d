"""The city in a box: seeded people live on the shipped use cases, faults strike on purpose, and the books are checked."""
