"""Doors to the world: lake, ledger, workspace lock, clock."""
