"""Rules: dated, versioned policy that turns recorded facts into points, and says why. The only minter of points."""
