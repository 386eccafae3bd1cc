"""Backup, restore and a new key, taken up again after a crash."""
