"""Where things stay: the database, the encrypted vault and the files."""
