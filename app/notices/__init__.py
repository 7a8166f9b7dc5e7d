"""Notices: what the programme tells people, kept in their inbox and sent on by channels."""
