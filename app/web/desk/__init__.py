"""The department's desks: overview, activities, rules, rewards, ledger, people, honours."""
