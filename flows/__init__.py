"""What the desk does: pure state machines, without I/O, clock, database or channel."""
