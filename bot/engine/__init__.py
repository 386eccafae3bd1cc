"""The one way through: inbox, turns, outbox, jobs and clock, and the desk they share."""
