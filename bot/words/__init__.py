"""From keys to words, and from our marks to each platform's."""
