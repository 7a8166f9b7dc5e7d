"""The demo city: made by the project, marked as demo data, the same for the same seed."""
