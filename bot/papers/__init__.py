"""Citizens' files: fetched, inspected, sealed, sent."""
