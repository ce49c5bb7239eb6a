"""One random stream per seed, owner and purpose, so that nothing drawn for one symbol moves another."""

from __future__ import annotations

import hashlib

import numpy as np


def open_stream(seed: int, owner: str, purpose: str) -> np.random.Generator:
    """The stream named by these three; equal names give equal draws in any order of opening."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _name_number(f"{owner}/{purpose}")])))


def draw_key(seed: int, owner: str, purpose: str) -> np.uint64:
    """A 64-bit key for the kernel that walks trades."""
    return np.uint64(np.random.SeedSequence([seed, _name_number(f"{owner}/{purpose}")]).generate_state(1, np.uint64)[0])


def _name_number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
