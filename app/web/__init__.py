"""Web: the pages riders and staff see. They call use cases and queries, never the database, and work without script."""
