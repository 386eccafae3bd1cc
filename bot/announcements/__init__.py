"""To many at once: drafted, agreed to, sent beside the persons' own lines."""
