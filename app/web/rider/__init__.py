"""The rider's pages: first steps, home with the own code, check-in, reports, activities, points, rewards, oneself."""
