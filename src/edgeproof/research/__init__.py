"""The cycle: what is tried, how it is ranked and judged, and what is said about it."""
