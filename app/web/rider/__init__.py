"""The rider's pages: first steps, home with the personal code, check-in, reports, activities, points, rewards, oneself."""
