"""Second looks: facts that contradict each other. Their points wait, a person decides soon, or they count as usual."""
