"""Parsers of archive formats: files in, rows of the lake's tables and refusals out."""

from edgeproof.market.archives.ahead import read_ahead
from edgeproof.market.archives.names import Claim, read_name
from edgeproof.market.archives.portions import Hints, Portion, Refusal, merge_refusals
from edgeproof.market.archives.reading import SUFFIXES, read_archive, recognise

__all__ = [
    "SUFFIXES",
    "Claim",
    "Hints",
    "Portion",
    "Refusal",
    "merge_refusals",
    "read_ahead",
    "read_archive",
    "read_name",
    "recognise",
]
