"""What a citizen may ask about their own data: a copy, an end."""
