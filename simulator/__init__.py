"""The city in a box: seeded people live on the shipped use cases, faults strike, and the books are checked."""
