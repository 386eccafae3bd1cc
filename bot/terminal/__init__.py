"""The desk from a terminal of this machine: the private door, console and chat."""
