"""A market that can be generated."""
