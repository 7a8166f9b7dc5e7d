"""Honours: selections by written criteria over frozen facts, review and notice, consent to be named, the roll."""
