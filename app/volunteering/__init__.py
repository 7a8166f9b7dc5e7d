"""Volunteering: activities, their shifts and sign-ups, who was there, and the hours that come of it."""
