"""What an office sets, read and checked: configuration, services, texts."""
