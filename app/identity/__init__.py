"""Identity: people, how they sign in, what they agreed to, and which roles they hold where."""
