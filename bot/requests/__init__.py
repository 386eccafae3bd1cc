"""The office's work on requests: filing, orders, cards and notices."""
