"""What each symbol of a generated market is like: price, grid, volatility, ties to the leader, activity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from edgeproof.simulator.market._streams import open_stream

LEADER: Final = "BTC-USDT"


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolProfile:
    """One symbol's character.

    Attributes:
        price: First price, quote units.
        tick: Price step, quote units; a power of two.
        lot: Size step, base units; a power of two.
        daily_volatility: Standard deviation of a day's log return, jumps apart; 0.04 = 4 %.
        leader_share: Correlation of minute returns with the leader's; 1 for the leader itself.
        alt_share: Loading on the factor that all symbols but the leader share.
        trades_per_minute: Mean count of trades.
        quote_per_trade: Mean value of a trade, quote units.
    """

    price: float
    tick: float
    lot: float
    daily_volatility: float
    leader_share: float
    alt_share: float
    trades_per_minute: float
    quote_per_trade: float

    @property
    def own_share(self) -> float:
        """Loading on the symbol's own shocks: what the two factors leave of unit variance."""
        return math.sqrt(max(0.0, 1.0 - self.leader_share**2 - self.alt_share**2))


# Price, tick in bps of it, daily volatility, leader share, alt share, trades a minute, value of a trade. Round figures
# of the order seen on perpetual venues in 2025; no symbol is fitted to its namesake.
_KNOWN: Final = {
    "BTC-USDT": (96_000.0, 0.02, 0.021, 1.00, 0.00, 180.0, 4_000.0),
    "ETH-USDT": (3_300.0, 0.05, 0.036, 0.74, 0.30, 160.0, 2_600.0),
    "SOL-USDT": (185.0, 0.3, 0.041, 0.68, 0.40, 110.0, 1_400.0),
    "XRP-USDT": (2.35, 0.5, 0.037, 0.62, 0.42, 90.0, 1_100.0),
    "DOGE-USDT": (0.335, 0.5, 0.046, 0.66, 0.44, 85.0, 900.0),
    "BNB-USDT": (690.0, 0.2, 0.024, 0.62, 0.30, 55.0, 900.0),
    "ADA-USDT": (0.92, 0.5, 0.044, 0.64, 0.45, 60.0, 600.0),
    "AVAX-USDT": (36.5, 0.5, 0.047, 0.66, 0.45, 55.0, 550.0),
    "LINK-USDT": (21.5, 0.5, 0.045, 0.64, 0.44, 55.0, 550.0),
    "LTC-USDT": (108.0, 0.4, 0.040, 0.60, 0.38, 45.0, 500.0),
    "SUI-USDT": (4.25, 0.5, 0.056, 0.60, 0.42, 75.0, 700.0),
    "DOT-USDT": (6.9, 0.5, 0.043, 0.64, 0.45, 40.0, 400.0),
    "TRX-USDT": (0.252, 0.4, 0.022, 0.42, 0.22, 35.0, 450.0),
    "BCH-USDT": (445.0, 0.3, 0.041, 0.56, 0.35, 35.0, 450.0),
    "NEAR-USDT": (5.1, 0.5, 0.052, 0.62, 0.45, 40.0, 380.0),
    "APT-USDT": (9.2, 0.5, 0.052, 0.60, 0.44, 40.0, 380.0),
    "UNI-USDT": (13.4, 0.5, 0.050, 0.58, 0.42, 40.0, 380.0),
    "ENA-USDT": (0.98, 0.5, 0.074, 0.54, 0.40, 50.0, 420.0),
}
_LOT_VALUE: Final = 4.0

KNOWN_SYMBOLS: Final = tuple(_KNOWN)


def describe_symbol(symbol: str, seed: int) -> SymbolProfile:
    """The profile of a known symbol, or one drawn from the seed and the name."""
    figures = _KNOWN.get(symbol)
    price, tick_bps, volatility, leader, alt, trades, value = figures or _draw_figures(symbol, seed)
    return SymbolProfile(
        price=price,
        tick=_round_to_power_of_two(price * tick_bps / 1e4),
        lot=_round_to_power_of_two(_LOT_VALUE / price),
        daily_volatility=volatility,
        leader_share=leader,
        alt_share=alt,
        trades_per_minute=trades,
        quote_per_trade=value,
    )


def _draw_figures(symbol: str, seed: int) -> tuple[float, float, float, float, float, float, float]:
    stream = open_stream(seed, symbol, "profile")
    price = math.exp(stream.uniform(math.log(0.05), math.log(200.0)))
    return (
        price,
        0.5,
        stream.uniform(0.035, 0.075),
        stream.uniform(0.45, 0.68),
        stream.uniform(0.25, 0.45),
        stream.uniform(25.0, 70.0),
        stream.uniform(250.0, 700.0),
    )


def _round_to_power_of_two(value: float) -> float:
    return float(np.exp2(np.round(np.log2(value))))
