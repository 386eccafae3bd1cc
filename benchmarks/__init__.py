"""Measures the desk beside what an office would run instead: ``make bench``."""
