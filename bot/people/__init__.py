"""Whose chat it is: proved where that is in doubt, joined with a person's other chats."""
