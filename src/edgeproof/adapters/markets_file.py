"""What venues told of their markets, kept in one readable file of the workspace, so that backtests can go by it."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock

from edgeproof.domain.errors import EdgeproofError, Unreadable, WorkError
from edgeproof.domain.instruments import Instrument, InstrumentRules, MarginTier
from edgeproof.domain.time import format_ms, parse_instant
from edgeproof.domain.venues import MarketState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from edgeproof.domain.venues import Market

_VERSION: Final = 1
_RULES: Final = ("lot", "tick", "min_size", "max_leverage")
_LOCK_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMarket:
    """One market, as its venue last told.

    Attributes:
        instrument: Which.
        rules: Lot, tick, least size and greatest leverage; where the venue was asked for them, margin tiers and the
            first one's maintenance margin.
        contract_size: Base units in one contract.
        state: Whether it could be traded.
        seen_ms: When it was told.
    """

    instrument: Instrument
    rules: InstrumentRules
    contract_size: float
    state: MarketState
    seen_ms: int


class MarketsFile:
    """Markets by instrument. Processes may share a file: each writes it whole, under a lock beside it.

    Args:
        file: Made when something is first remembered.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> dict[Instrument, KnownMarket]:
        """Every market that is known, by instrument.

        Raises:
            Unreadable: The file is not what this class wrote.
        """
        try:
            found = json.loads(self._file.read_text("utf-8"))["markets"]
            known = [_read_market(name, told) for name, told in found.items()]
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError, EdgeproofError) as error:
            reason = f"{type(error).__name__}: {error}; remove it, and `edgeproof data markets` asks again"
            raise Unreadable(str(self._file), " ".join(reason.split())) from None
        return {market.instrument: market for market in known}

    def remember(
        self, markets: Iterable[Market], *, seen_ms: int, tiers: Mapping[Instrument, Sequence[MarginTier]] | None = None
    ) -> int:
        """Keep what was told now instead of what was told before; tiers that were not asked for stay. Returns how many.

        Raises:
            Unreadable: The file is not what this class wrote.
            WorkError: It cannot be written.
        """
        told = tiers or {}
        try:
            with FileLock(f"{self._file}.lock", timeout=_LOCK_TIMEOUT_S):
                known = self.read()
                fresh = [_renew(market, told.get(market.instrument), known, seen_ms) for market in markets]
                known |= {market.instrument: market for market in fresh}
                self._write(known)
        except OSError as error:
            raise WorkError(f"cannot keep markets in {self._file}: {error}; make its folder writable") from None
        return len(fresh)

    def _write(self, known: Mapping[Instrument, KnownMarket]) -> None:
        document = {"version": _VERSION, "markets": {str(one): _write_market(known[one]) for one in sorted(known)}}
        draft = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        draft.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", "utf-8")
        draft.replace(self._file)


def _renew(
    market: Market, tiers: Sequence[MarginTier] | None, known: Mapping[Instrument, KnownMarket], seen_ms: int
) -> KnownMarket:
    before = known.get(market.instrument)
    kept = tuple(tiers) if tiers is not None else before.rules.tiers if before else ()
    return KnownMarket(
        instrument=market.instrument,
        rules=_make_rules(_list_numbers(market.rules), kept),
        contract_size=market.contract_size,
        state=market.state,
        seen_ms=seen_ms,
    )


def _make_rules(numbers: Mapping[str, Any], tiers: tuple[MarginTier, ...]) -> InstrumentRules:
    lot, tick, min_size, max_leverage = (float(numbers[name]) for name in _RULES)
    rules = InstrumentRules(lot=lot, tick=tick, min_size=min_size, max_leverage=max_leverage)
    return replace(rules, maintenance_margin=tiers[0].maintenance, tiers=tiers) if tiers else rules


def _list_numbers(rules: InstrumentRules) -> dict[str, float]:
    return {name: getattr(rules, name) for name in _RULES}


def _write_market(market: KnownMarket) -> dict[str, Any]:
    return {
        "seen": format_ms(market.seen_ms),
        "state": str(market.state),
        "contract_size": market.contract_size,
        **_list_numbers(market.rules),
        # The last tier has no end, and JSON no infinity.
        "tiers": [
            {**asdict(tier), "max_notional": tier.max_notional if math.isfinite(tier.max_notional) else None}
            for tier in market.rules.tiers
        ],
    }


def _read_market(name: str, told: Mapping[str, Any]) -> KnownMarket:
    venue, _, symbol = name.partition(":")
    tiers = tuple(
        MarginTier(**{**tier, "max_notional": math.inf if tier["max_notional"] is None else tier["max_notional"]})
        for tier in told["tiers"]
    )
    return KnownMarket(
        instrument=Instrument(venue=venue, symbol=symbol),
        rules=_make_rules(told, tiers),
        contract_size=float(told["contract_size"]),
        state=MarketState(told["state"]),
        seen_ms=parse_instant(told["seen"]),
    )
