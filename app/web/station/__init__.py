"""The station's pages: the counter with its scan field, the shelf, invitations, the poster."""
