"""The command line: parses, calls, shows. Every command answers `--json` with one document on stdout."""

from edgeproof.cli.app import main

__all__ = ["main"]
