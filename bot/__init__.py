"""How the desk meets people: channels, commands, schedule, letters and pages."""
