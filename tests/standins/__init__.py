"""Local servers that stand in for the platforms: they record what was sent and can refuse it."""
