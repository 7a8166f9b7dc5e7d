"""Cases: every matter with a workflow, a responsible unit and deadlines — one engine for all kinds of them."""
